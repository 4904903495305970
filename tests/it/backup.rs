//! `tollgate backup`: a copy of the data folder while the server runs, from which another server goes on.

use std::{fs, os::unix::fs::PermissionsExt as _};

use tempfile::TempDir;
use tests::{Caller, Identity, TestServer};

fn at(server: &TestServer, caller: &Caller) -> Caller {
    server.anonymous().as_identity(caller.identity.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_on_the_copy_goes_on_where_it_was_taken() {
    let (server, folder) = (TestServer::start().await, TempDir::new().unwrap());
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    for _ in 0..4 {
        key.chat("hello").send().await.expect(200);
    }
    let copy = folder.path().join("copy");
    // While many requests are under way.
    let busy = server.with_key("unlimited").await;
    let asking = async {
        for _ in 0..40 {
            busy.chat("hello").send().await.expect(200);
        }
    };
    let arguments = ["backup", copy.to_str().unwrap()];
    let (_, (status, said)) = tokio::join!(asking, server.command(&arguments));
    assert!(status.success() && said.contains("Backed up to"), "{said}");
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o077, 0, "the copy is its owner's alone");
    let mut names: Vec<_> = fs::read_dir(&copy).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["owner.key", "session.key", "tollgate.db"]);
    // What comes after isn't in it.
    key.chat("hello").send().await.expect(200);
    ada.patch(&format!("/keys/{id}"), &serde_json::json!({"label": "later"})).send().await.expect(200);
    drop(server);

    let restored = TestServer::setup().set("backend", "embedded").data_dir(copy).start().await;
    let (ada, key) = (at(&restored, &ada), at(&restored, &key));
    let keys = ada.get("/keys").send().await.expect(200).json();
    assert_eq!((&keys[0]["label"], &keys[0]["quota"]["used"]), (&serde_json::json!(""), &serde_json::json!(4)));
    for _ in 0..6 {
        key.chat("hello").send().await.expect(200);
    }
    key.chat("hello").send().await.is_error(429, "rate_limit_exceeded");
    let busy = at(&restored, &busy);
    assert!(matches!(busy.identity, Identity::Key(_)));
    busy.chat("hello").send().await.expect(200);
}

#[tokio::test]
async fn what_cannot_be_backed_up_leaves_nothing_behind() {
    let (server, folder) = (TestServer::start().await, TempDir::new().unwrap());
    server.signed_in("ada").await;
    let there = folder.path().join("there");
    fs::create_dir(&there).unwrap();
    let target = folder.path().join("copy");
    let nowhere = folder.path().join("no/such/folder");
    for (to, words) in [(&there, "exists already"), (&nowhere, "can't write into")] {
        let (status, said) = server.command(&["backup", to.to_str().unwrap()]).await;
        assert!(!status.success() && said.contains(words), "{said}");
    }
    // A full disk: no file may grow beyond a page.
    let small = ["prlimit", "--fsize=4096", "sh", "-c", "trap '' XFSZ; exec \"$0\" \"$@\""].map(str::to_owned);
    let setup =
        TestServer::setup().set("backend", "embedded").data_dir(server.data_dir().to_owned()).launched_by(&small);
    let (status, said) = TestServer::run(&setup, &["backup", target.to_str().unwrap()]).await;
    assert!(!status.success() && said.contains("can't back up to"), "{said}");
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["there"], "{said}");
    let setup = TestServer::setup().set("backend", "embedded").data_dir(there);
    let (status, said) = TestServer::run(&setup, &["backup", target.to_str().unwrap()]).await;
    assert!(!status.success() && said.contains("no tollgate.db"), "{said}");
}
