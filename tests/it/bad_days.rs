//! The store locked, full, read-only, damaged or taken: clear answers, nothing half-done, and recovery by itself.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::json;
use tempfile::TempDir;
use tests::{Caller, FakeUpstream, PASSWORD, TestServer, settled};

async fn readiness(server: &TestServer) -> u16 {
    server.anonymous().get("/readyz").send().await.status
}

/// What each plane says while nothing can be written.
async fn nothing_can_be_written(server: &TestServer, owner: &Caller, key: &Caller) {
    let chat = key.chat("hello").send().await;
    chat.is_error(503, "quota_store_unavailable");
    assert_eq!(chat.header("retry-after"), "5");
    let created = owner.create_key("20RequestPerDay").send().await;
    assert!([500, 503].contains(&created.status), "{}", created.text());
    let body = json!({"email": "new@example.com", "password": PASSWORD});
    let sign_up = server.anonymous().post("/accounts", &body).send().await;
    sign_up.is_problem(503, "store_unavailable");
    assert!(sign_up.number("retry-after") >= 1);
    server.anonymous().get("/readyz").send().await.is_problem(503, "store_unavailable");
    server.anonymous().get("/healthz").send().await.expect(200);
    server.anonymous().get("/plans").send().await.expect(200);
}

/// Everything works again, and what was refused has left nothing.
async fn all_is_well(server: &TestServer, owner: &Caller, key: &Caller) {
    settled(200, || readiness(server)).await;
    assert_eq!(owner.get("/keys").send().await.expect(200).json().as_array().unwrap().len(), 1);
    let used = key.used().await;
    key.chat("hello").send().await.expect(200);
    assert_eq!(key.used().await, used + 1);
    owner.create_key("20RequestPerDay").send().await.expect(200);
    server.signed_in("new").await.get("/me").send().await.expect(200);
}

#[tokio::test]
async fn a_locked_database_is_a_503_and_mends_itself() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let ada = server.signed_in("ada").await;
    let (key, _) = ada.key_on("10RequestPerDay").await;
    key.chat("hello").send().await.expect(200);
    let before = server.store().snapshot();
    let blocker = server.store();
    blocker.hold();
    nothing_can_be_written(&server, &ada, &key).await;
    blocker.let_go();
    assert_eq!(server.store().snapshot()["keys"], before["keys"]);
    assert_eq!(upstream.posts(), 1, "nothing was sent that wasn't counted");
    settled(1, || key.used()).await;
    all_is_well(&server, &ada, &key).await;
}

#[tokio::test]
async fn a_store_that_could_not_be_asked_costs_nobody_a_try() {
    let limits = ["failed_keys_per_source", "failed_sign_ins_per_source", "failed_sign_ins", "sign_ups_per_hour"];
    let setup = limits.iter().fold(TestServer::setup(), |setup, name| setup.set(&format!("accounts.{name}"), "3"));
    let mut server = setup.start().await;
    let key = server.with_key("10RequestPerDay").await;
    // The key is new to this process.
    server.restart().await;
    let blocker = server.store();
    blocker.hold();
    let body = json!({"email": "new@example.com", "password": PASSWORD});
    for _ in 0..8 {
        key.chat("hello").send().await.is_error(503, "quota_store_unavailable");
        server.anonymous().post("/accounts", &body).send().await.is_problem(503, "store_unavailable");
    }
    blocker.let_go();
    settled(200, || readiness(&server)).await;
    key.chat("hello").send().await.expect(200);
    server.anonymous().post("/accounts", &body).send().await.expect(201);
}

#[tokio::test]
async fn a_burst_of_a_key_that_is_new_to_the_process_is_admitted_whole() {
    let setup = TestServer::setup().set("accounts.failed_keys_per_source", "3");
    let mut server = setup.plans(&[tests::PlanSpec::unlimited("unlimited")]).start().await;
    let key = server.with_key("unlimited").await;
    server.restart().await;
    let statuses = futures_util::future::join_all((0..40).map(|_| async { key.chat("hello").send().await.status }));
    assert_eq!(statuses.await, vec![200; 40]);
}

#[tokio::test]
async fn a_full_disk_is_a_503_and_mends_itself() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::setup().upstream(&upstream).on_a_small_disk().start().await;
    let ada = server.signed_in("ada").await;
    let (key, _) = ada.key_on("10RequestPerDay").await;
    key.chat("hello").send().await.expect(200);
    server.fill_disk();
    nothing_can_be_written(&server, &ada, &key).await;
    server.empty_disk();
    assert_eq!(upstream.posts(), 1, "nothing was sent that wasn't counted");
    settled(1, || key.used()).await;
    all_is_well(&server, &ada, &key).await;
}

#[tokio::test]
async fn a_disk_that_fills_up_under_load_gives_nothing_away() {
    let upstream = FakeUpstream::start().await;
    let mut server = TestServer::setup().upstream(&upstream).on_a_small_disk().start().await;
    let key = server.with_key("30RequestPerDay").await;
    for round in 0..4 {
        let (one, two, three) = tokio::join!(key.chat("a").send(), key.chat("b").send(), async {
            server.fill_disk();
            key.chat("c").send().await
        });
        for answer in [one, two, three] {
            assert!([200, 503].contains(&answer.status), "round {round}: {}", answer.text());
        }
        server.empty_disk();
        settled(200, || readiness(&server)).await;
    }
    let counted = key.used().await;
    assert!(counted >= upstream.posts() as u64, "{counted} counted, {} sent", upstream.posts());
    server.restart().await;
    assert_eq!(key.used().await, counted);
}

#[tokio::test]
async fn a_second_server_on_the_same_data_is_told_so() {
    let server = TestServer::start().await;
    let key = server.with_key("10RequestPerDay").await;
    let second = TestServer::setup().data_dir(server.data_dir().to_owned());
    let (status, said) = TestServer::run(&second, &["serve"]).await;
    assert!(!status.success());
    assert!(said.contains("another tollgate uses") && said.contains(server.data_dir().to_str().unwrap()), "{said}");
    assert!(said.lines().count() <= 3, "{said}");
    key.chat("hello").send().await.expect(200);
}

#[tokio::test]
async fn a_port_in_use_is_told_with_what_to_do_and_nothing_is_touched() {
    let server = TestServer::start().await;
    let dir = TempDir::new().unwrap();
    let data = dir.path().join("data");
    let second = TestServer::setup().set("server.listen", server.address()).data_dir(data.clone());
    let (status, said) = TestServer::run(&second, &["serve"]).await;
    assert!(!status.success());
    assert!(said.contains("in use") && said.contains("--listen"), "{said}");
    assert!(!data.exists());
}

#[tokio::test]
async fn a_damaged_database_is_refused_and_left_as_it_is() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("tollgate.db");
    fs::write(&file, "this is no database at all, but somebody may still want it").unwrap();
    let before = fs::read(&file).unwrap();
    let (status, said) = TestServer::run(&TestServer::setup().data_dir(dir.path().to_owned()), &["serve"]).await;
    assert!(!status.success());
    assert!(said.contains("tollgate.db") && said.contains("damaged or not a database"), "{said}");
    assert_eq!(fs::read(&file).unwrap(), before);
}

#[tokio::test]
async fn a_data_folder_that_can_not_be_written_is_told_at_start() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "").unwrap();
    for folder in [file.join("data"), "/proc/tollgate-data".into()] {
        let (status, said) = TestServer::run(&TestServer::setup().data_dir(folder.clone()), &["serve"]).await;
        assert!(!status.success());
        assert!(said.contains(folder.to_str().unwrap()), "{said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[tokio::test]
async fn a_read_only_database_is_told_at_start_with_what_to_do() {
    let mut server = TestServer::start().await;
    server.sigkill();
    let data = server.data_dir().to_owned();
    let mode = |path: &std::path::Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    for entry in fs::read_dir(&data).unwrap() {
        mode(&entry.unwrap().path(), 0o444);
    }
    mode(&data, 0o555);
    mode(data.parent().unwrap(), 0o755);
    let mut setup = TestServer::setup().data_dir(data.clone());
    if nix::unistd::Uid::effective().is_root() {
        setup = setup.user(65_534);
    }
    let (status, said) = TestServer::run(&setup, &["serve"]).await;
    mode(&data, 0o755);
    assert!(!status.success());
    assert!(said.contains(data.to_str().unwrap()) && said.contains("writ"), "{said}");
    assert!(!said.contains("panicked"), "{said}");
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let mut server = TestServer::start().await;
    server.sigterm();
    server.ended().await;
    server.store().run("PRAGMA user_version = 9999");
    let setup = TestServer::setup().data_dir(server.data_dir().to_owned());
    let (status, said) = TestServer::run(&setup, &["serve"]).await;
    assert!(!status.success());
    assert!(said.contains("newer"), "{said}");
}

#[tokio::test]
async fn a_killed_server_forgets_nothing_that_it_answered() {
    let mut server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    key.chat("hello").send().await.expect(200);
    ada.patch(&format!("/keys/{id}"), &json!({"label": "kept"})).send().await.expect(200);
    server.sigkill();
    server.start_again().await;
    assert_eq!(key.used().await, 1);
    assert_eq!(ada.get("/keys").send().await.expect(200).json()[0]["label"], "kept");
}
