//! `[sign_up]`: who may make an account, and how far that gets them.

use serde_json::json;
use tests::{PASSWORD, ServerSetup, TestServer};

async fn signs_up(server: &TestServer, email: &str) -> tests::Answer {
    server.anonymous().post("/accounts", &json!({"email": email, "password": PASSWORD})).send().await
}

fn mode(mode: &str) -> ServerSetup {
    TestServer::setup().set("sign_up.mode", mode)
}

#[tokio::test]
async fn domains_are_taken_and_denied_before_anything_is_stored() {
    let setup = mode("domains").set("sign_up.allowed_domains", r#"["example.com", "b.example.org"]"#);
    let server = setup.set("sign_up.denied_domains", r#"["b.example.org"]"#).start().await;
    signs_up(&server, "ada@example.com").await.expect(201);
    let before = server.store().snapshot();
    for email in ["eve@example.net", "eve@sub.example.com", "eve@b.example.org", "eve@example.com.evil.org"] {
        let problem = signs_up(&server, email).await.is_problem(403, "sign_up_refused");
        assert!(!problem["detail"].as_str().unwrap().contains("eve"), "{problem}");
    }
    let told = signs_up(&server, "eve@example.net").await.is_problem(403, "sign_up_refused");
    assert!(told["detail"].as_str().unwrap().contains("example.com or b.example.org"), "{told}");
    assert_eq!(server.store().snapshot(), before);
}

#[tokio::test]
async fn a_closed_server_takes_nobody_and_keeps_who_is_there() {
    let mut server = TestServer::start().await;
    server.signed_in("ada").await;
    server.restart_with(|setup| setup.set("sign_up.mode", "closed")).await;
    let before = server.store().snapshot();
    // The same answer for an address that has an account: nothing is told about it.
    for email in ["ada@example.com", "eve@example.com"] {
        signs_up(&server, email).await.is_problem(403, "sign_up_refused");
    }
    assert_eq!(server.store().snapshot(), before);
    let credentials = json!({"email": "ada@example.com", "password": PASSWORD});
    server.anonymous().post("/sessions", &credentials).send().await.expect(200);
}

#[tokio::test]
async fn whoever_waits_signs_in_and_gets_a_key_once_approved() {
    let server = mode("approval").start().await;
    let ada = server.signed_in("ada").await;
    assert_eq!(ada.get("/me").send().await.expect(200).json()["standing"], "waiting");
    ada.create_key("10RequestPerDay").send().await.is_problem(403, "account_waiting");
    assert!(ada.get("/keys").send().await.expect(200).json().as_array().unwrap().is_empty());
    let (status, said) = server.command(&["accounts", "list", "--standing", "waiting"]).await;
    assert!(status.success() && said.contains("ada@example.com"), "{said}");
    let (status, said) = server.command(&["accounts", "approve", "ada@example.com"]).await;
    assert!(status.success() && said.contains("active"), "{said}");
    // The same session goes on.
    ada.key_on("10RequestPerDay").await.0.chat("hello").send().await.expect(200);
}

#[tokio::test]
async fn what_does_not_fit_together_is_refused_at_the_start() {
    for (setup, words) in [
        (mode("domains"), "sign_up.allowed_domains: must name at least one domain"),
        (mode("open").set("sign_up.allowed_domains", r#"["example.com"]"#), "sign_up.allowed_domains: is used with"),
        (mode("everybody"), "unknown variant"),
        (mode("open").set("sign_up.denied_domains", r#"["*.example.com"]"#), "must be a domain like example.com"),
    ] {
        let (status, said) = TestServer::run(&setup, &["check"]).await;
        assert!(!status.success() && said.contains(words), "{said}");
    }
}
