//! `tollgate accounts`, `operators` and `audit`: beside a running server, and on the data of one that is stopped.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use tests::{PASSWORD, TestServer};

async fn done(server: &TestServer, arguments: &[&str]) -> String {
    let (status, said) = server.command(arguments).await;
    assert!(status.success(), "{arguments:?}: {said}");
    said
}

async fn refused(server: &TestServer, arguments: &[&str], words: &str) {
    let (status, said) = server.command(arguments).await;
    assert!(!status.success() && said.contains(words), "{arguments:?}: {said}");
}

async fn json_of(server: &TestServer, arguments: &[&str]) -> Value {
    let said = done(server, arguments).await;
    serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}"))
}

#[tokio::test]
async fn what_a_command_does_the_running_server_obeys_at_once() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (key, _) = ada.key_on("10RequestPerDay").await;
    key.chat("hello").send().await.expect(200);
    done(&server, &["accounts", "block", "ADA@example.com", "--note", "shares it"]).await;
    key.chat("hello").send().await.is_error(401, "invalid_api_key");
    let shown = json_of(&server, &["accounts", "show", "ada@example.com", "--json"]).await;
    assert_eq!((&shown["person"]["standing"], &shown["keys"][0]["quota"]["used"]), (&json!("blocked"), &json!(1)));
    done(&server, &["accounts", "unblock", "ada@example.com"]).await;
    key.chat("hello").send().await.expect(200);
    let shown = done(&server, &["accounts", "show", "ada@example.com"]).await;
    assert!(shown.contains("2 of 10 used") && shown.contains("active"), "{shown}");
    let audit = done(&server, &["audit", "list", "--of", "ada@example.com"]).await;
    assert!(audit.contains("blocked") && audit.contains("on the machine: shares it"), "{audit}");
    let exported = done(&server, &["audit", "export"]).await;
    let actions: Vec<Value> = exported.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(actions.len(), 2, "{exported}");
    assert!(actions.iter().all(|entry| entry["actor"].is_null()), "{exported}");
    // Nobody but the folder's owner reaches the socket.
    if let Ok(socket) = std::fs::metadata(server.data_dir().join("operators.sock")) {
        assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn a_link_from_the_machine_lets_somebody_back_in() {
    let server = TestServer::start().await;
    server.signed_in("ada").await;
    let said = done(&server, &["accounts", "reset-link", "ada@example.com"]).await;
    let url = said.lines().find(|line| line.contains("/reset#")).unwrap_or_else(|| panic!("{said}"));
    let token = url.split_once('#').unwrap().1.trim();
    let body = json!({"token": token, "new_password": "quiet river 17"});
    server.anonymous().post("/password_resets", &body).send().await.expect(204);
    let credentials = json!({"email": "ada@example.com", "password": "quiet river 17"});
    server.anonymous().post("/sessions", &credentials).send().await.expect(200);
}

#[tokio::test]
async fn commands_work_while_the_server_is_stopped_and_after_it_was_killed() {
    let mut server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (key, _) = ada.key_on("10RequestPerDay").await;
    // Its socket stays behind, and answers nobody.
    server.sigkill();
    done(&server, &["operators", "add", "ada@example.com"]).await;
    let operators = done(&server, &["operators", "list"]).await;
    assert!(operators.contains("ada@example.com") && operators.contains("operator"), "{operators}");
    done(&server, &["accounts", "block", "ada@example.com"]).await;
    server.start_again().await;
    key.chat("hello").send().await.is_error(401, "invalid_api_key");
    // Over the running server's socket again; on the machine the last operator may go.
    done(&server, &["accounts", "delete", "ada@example.com", "--yes"]).await;
    let people = json_of(&server, &["accounts", "list", "--json"]).await;
    assert_eq!(people, json!([]));
    let credentials = json!({"email": "ada@example.com", "password": PASSWORD});
    server.anonymous().post("/sessions", &credentials).send().await.is_problem(401, "wrong_credentials");
}

#[tokio::test]
async fn a_blocked_account_gets_no_link_that_would_be_void() {
    let server = TestServer::start().await;
    server.signed_in("ada").await;
    done(&server, &["accounts", "block", "ada@example.com"]).await;
    refused(&server, &["accounts", "reset-link", "ada@example.com"], "Unblock it first").await;
}

#[tokio::test]
async fn check_is_content_with_a_server_that_runs() {
    let server = TestServer::start().await;
    let checked = done(&server, &["check"]).await;
    assert!(!checked.contains("WRONG") && checked.contains("store          ok"), "{checked}");
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let server = TestServer::start().await;
    server.signed_in("ada").await;
    refused(&server, &["accounts", "block", "eve@example.com"], "nobody signed up as eve@example.com").await;
    refused(&server, &["accounts", "block", "no address"], "Enter an email address").await;
    refused(&server, &["accounts", "delete", "ada@example.com"], "say --yes").await;
    refused(&server, &["operators", "add", "ada@example.com", "--note", &"x".repeat(201)], "at most 200").await;
    let people = json_of(&server, &["accounts", "list", "--json"]).await;
    assert_eq!(people[0]["operator"], false, "{people}");
}

#[tokio::test]
async fn without_any_data_a_command_says_so_and_makes_none() {
    let folder = tempfile::TempDir::new().unwrap();
    let data = folder.path().join("data");
    let setup = TestServer::setup().set("backend", "embedded").data_dir(data.clone());
    let (status, said) = TestServer::run(&setup, &["accounts", "list"]).await;
    assert!(!status.success() && said.contains("start the server once"), "{said}");
    assert!(!data.exists());
}
