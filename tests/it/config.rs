//! Configuration and command line: file, environment, flags, and errors that name the place and the fix.

use tests::{FakeUpstream, PlanSpec, ServerSetup, TestServer};

async fn refused(setup: ServerSetup, arguments: &[&str], words: &[&str]) -> String {
    let (status, said) = TestServer::run(&setup, arguments).await;
    assert!(!status.success(), "{said}");
    for word in words {
        assert!(said.contains(word), "{word:?} isn't in: {said}");
    }
    assert!(!said.contains("panicked") && said.lines().count() <= 8, "{said}");
    said
}

#[tokio::test]
async fn an_unknown_name_is_refused_with_the_likely_one() {
    let file = |text: &str| ServerSetup::bare().file("tollgate.toml", text);
    refused(file("[server]\nlissen = \"127.0.0.1:0\""), &["serve"], &["tollgate.toml", "lissen", "listen"]).await;
    refused(file("[sever]"), &["serve"], &["sever", "server"]).await;
    refused(file("[[plans]]\nname = \"a\"\nqouta = \"unlimited\""), &["serve"], &["qouta", "quota"]).await;
    let variable = |name: &str| ServerSetup::bare().variable(name, "1");
    refused(variable("TOLLGATE_SERVER__LISSEN"), &["serve"], &["TOLLGATE_SERVER__LISSEN", "listen"]).await;
    refused(variable("TOLLGATE_NONSENSE"), &["serve"], &["TOLLGATE_NONSENSE"]).await;
    refused(ServerSetup::bare(), &["serve", "--lissen", "127.0.0.1:0"], &["--lissen", "--listen"]).await;
    refused(ServerSetup::bare(), &["serv"], &["serv"]).await;
}

#[tokio::test]
async fn a_wrong_value_is_refused_with_its_place() {
    for (name, value, words) in [
        ("server.listen", "nowhere", vec!["LISTEN"]),
        ("upstream.idle_timeout_seconds", "-1", vec!["IDLE_TIMEOUT_SECONDS", "86400"]),
        ("upstream.idle_timeout_seconds", "soon", vec!["IDLE_TIMEOUT_SECONDS"]),
        ("upstream.base_url", "ftp://example.com", vec!["BASE_URL", "https://"]),
        ("server.trusted_proxies", "[\"nobody\"]", vec!["TRUSTED_PROXIES"]),
        ("server.public_url", "llm.example.com", vec!["PUBLIC_URL"]),
        ("cors.allowed_origins", "[\"https://app.example.com/\"]", vec!["ORIGINS", "\"https://app.example.com\""]),
        ("cors.allowed_origins", "app.example.com", vec!["ORIGINS", "https://app.example.com"]),
        ("cors.allowed_origins", "[\"*\", \"https://app.example.com\"]", vec!["ORIGINS", "alone"]),
        ("server.session_key", "sekret", vec!["SESSION_KEY", "at least 32"]),
        ("limits.chat_body_max_bytes", "0", vec!["CHAT_BODY_MAX_BYTES", "from 1"]),
        ("accounts.max_subscriptions", "0", vec!["MAX_SUBSCRIPTIONS", "at least 1"]),
        ("plans", "[]", vec!["PLANS"]),
        ("plans", "[{name = \"a\", quota = {limit = 0, period = \"DAY\"}}]", vec!["PLANS", "limit"]),
        ("plans", "[{name = \"a\", quota = {limit = 5, period = \"YEAR\"}}]", vec!["PLANS", "YEAR"]),
        ("plans", "[{name = \"a\", quota = {limit = 5, period = \"DAY\", offset = 1}}]", vec!["PLANS", "offset"]),
        ("plans", "[{name = \"a\", quota = \"unlimited\", time_zone = \"Mars/Phobos\"}]", vec!["PLANS", "time zone"]),
        ("plans", "[{name = \"a\", quota = \"unlimited\", throttle = {rate = 0.0, burst = 1}}]", vec!["PLANS", "rate"]),
        ("plans", "[{name = \"a\", quota = \"unlimited\"}, {name = \"a\", quota = \"unlimited\"}]", vec!["PLANS", "a"]),
    ] {
        refused(ServerSetup::bare().set(name, value), &["check"], &words).await;
    }
}

#[tokio::test]
async fn every_bound_that_a_file_breaks_is_told_at_once() {
    let text =
        "[server]\nsession_key = \"sekret\"\n[limits]\nchat_body_max_bytes = 0\n[accounts]\nmax_subscriptions = 0\n";
    let keys = ["server.session_key", "limits.chat_body_max_bytes", "accounts.max_subscriptions"];
    let said = refused(ServerSetup::bare().file("tollgate.toml", text), &["check"], &keys).await;
    assert!(!said.contains("sekret"), "{said}");
}

#[tokio::test]
async fn a_broken_file_is_told_by_line_and_without_its_content() {
    let text = "[upstream]\nbase_url = \"http://127.0.0.1:1/v1\"\napi_key = \"sk-very-secret\nmodels = []\n";
    let said = refused(ServerSetup::bare().file("tollgate.toml", text), &["serve"], &["tollgate.toml", "line 3"]).await;
    assert!(!said.contains("sk-very-secret"), "{said}");
    refused(ServerSetup::bare(), &["serve", "--config", "missing.toml"], &["missing.toml"]).await;
    let wrong_type = "[upstream]\napi_key = [\"sk-very-secret\"]\n";
    let said = refused(ServerSetup::bare().file("tollgate.toml", wrong_type), &["serve"], &["api_key"]).await;
    assert!(!said.contains("sk-very-secret"), "{said}");
}

#[tokio::test]
async fn flag_beats_environment_beats_file_beats_default() {
    let file = "[[plans]]\nname = \"from the file\"\nquota = \"unlimited\"\n[accounts]\nsign_ups_per_hour = 9\n";
    let plans = |setup: ServerSetup| async move { TestServer::run(&setup, &["plans"]).await.1 };
    let default = plans(ServerSetup::bare()).await;
    assert!(default.contains("10RequestPerDay") && default.contains("30RequestPerDay"), "{default}");
    let by_file = ServerSetup::bare().file("tollgate.toml", file);
    let listed = plans(by_file.clone()).await;
    assert!(listed.contains("from the file") && !listed.contains("10RequestPerDay"), "{listed}");
    let by_environment = by_file.set("plans", "[{name = \"from the environment\", quota = \"unlimited\"}]");
    let listed = plans(by_environment).await;
    assert!(listed.contains("from the environment") && !listed.contains("from the file"), "{listed}");

    let taken = TestServer::start().await;
    let setup = ServerSetup::bare().set("server.listen", "127.0.0.1:0");
    refused(setup, &["--listen", &taken.address()], &["in use"]).await;
    let named = ServerSetup::bare().file("other.toml", file);
    let (_, listed) = TestServer::run(&named, &["plans", "--config", "other.toml"]).await;
    assert!(listed.contains("from the file"), "{listed}");
}

#[tokio::test]
async fn check_tries_the_upstream_and_says_what_is_wrong() {
    let upstream = FakeUpstream::start().await;
    let good = ServerSetup::default().upstream(&upstream);
    let (status, said) = TestServer::run(&good, &["check"]).await;
    assert!(status.success(), "{said}");
    assert!(!said.contains("sk-upstream-credential"), "{said}");

    upstream.lists(tests::Script::error(401, "bad key"));
    let (status, said) = TestServer::run(&good, &["check"]).await;
    assert!(!status.success() && said.contains("upstream"), "{said}");
    assert!(!said.contains("sk-upstream-credential"), "{said}");

    let base_url = upstream.base_url();
    drop(upstream);
    let gone = ServerSetup::default().set("upstream.base_url", base_url);
    let (status, said) = TestServer::run(&gone, &["check"]).await;
    assert!(!status.success() && said.contains("upstream"), "{said}");
}

#[tokio::test]
async fn check_changes_nothing() {
    let mut server = TestServer::start().await;
    server.with_key("10RequestPerDay").await.chat("hello").send().await.expect(200);
    server.sigterm();
    assert!(server.ended().await.success());
    let before = server.store().snapshot();
    let other = ServerSetup::default().plans(&[PlanSpec::daily("other", 1)]).data_dir(server.data_dir().to_owned());
    let (status, said) = TestServer::run(&other, &["check"]).await;
    assert!(status.success(), "{said}");
    assert_eq!(server.store().snapshot(), before);

    let dir = tempfile::TempDir::new().unwrap();
    let nowhere = ServerSetup::default().data_dir(dir.path().join("not-yet"));
    let (status, said) = TestServer::run(&nowhere, &["check"]).await;
    assert!(status.success() && said.contains("isn't there yet"), "{said}");
    assert!(!dir.path().join("not-yet").exists());

    std::fs::write(dir.path().join("file"), "").unwrap();
    let blocked = ServerSetup::default().data_dir(dir.path().join("file/data"));
    let (status, said) = TestServer::run(&blocked, &["check"]).await;
    assert!(!status.success() && said.contains("is a file, not a folder"), "{said}");
}

#[tokio::test]
async fn a_misspelt_log_level_is_refused_rather_than_taken_for_silence() {
    let (status, said) = TestServer::run(&ServerSetup::default().set("log.level", "inof"), &["plans"]).await;
    assert!(!status.success() && said.contains("log.level") && said.contains("debug"), "{said}");
}

#[tokio::test]
async fn every_command_helps_with_an_example() {
    for arguments in
        [&["--help"][..], &["serve", "--help"], &["check", "--help"], &["openapi", "--help"], &["plans", "--help"]]
    {
        let (status, said) = TestServer::run(&ServerSetup::bare(), arguments).await;
        assert!(status.success());
        assert!(said.contains("Example") && said.contains("tollgate"), "{said}");
    }
}

#[tokio::test]
async fn a_file_is_a_credential_too_and_openais_own_goes_to_nobody_else() {
    let upstream = FakeUpstream::start().await;
    let base = TestServer::setup().set("upstream.base_url", upstream.base_url());
    let base = base.variable("OPENAI_API_KEY", "sk-from-openai-variable");
    let server = base.clone().start().await;
    server.with_key("10RequestPerDay").await.chat("hello").send().await.expect(200);
    assert_eq!(upstream.last().header("authorization"), None);

    let server = base.file("credential", "sk-from-file\n").set("upstream.api_key_file", "credential").start().await;
    server.with_key("10RequestPerDay").await.chat("hello").send().await.expect(200);
    assert_eq!(upstream.last().header("authorization"), Some("Bearer sk-from-file"));
    let about = server.anonymous().get("/about").send().await.expect(200).json();
    assert_eq!(about["upstream"]["kind"], "configured");
}

#[tokio::test]
async fn without_any_configuration_it_runs() {
    let setup = ServerSetup::bare().set("server.listen", "127.0.0.1:0");
    let server = setup.start().await;
    let said = server.output().text();
    for word in ["Data", "Backend", "Upstream", "demo", "Plans", "10RequestPerDay", "curl"] {
        assert!(said.contains(word), "{word} isn't in: {said}");
    }
    let key = server.with_key("10RequestPerDay").await;
    key.chat("hello").send().await.expect(200);
}
