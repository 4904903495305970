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
    let about = server.anonymous().get("/about").send().await.expect(200).json();
    assert_eq!((&about["sign_up"], &about["sign_up_domains"]), (&json!("domains"), &json!(["example.com"])));
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

/// Signs up by the secret of an invitation's link.
async fn signs_up_by(server: &TestServer, email: &str, invite: &str) -> tests::Answer {
    let body = json!({"email": email, "password": PASSWORD, "invite": invite});
    server.anonymous().post("/accounts", &body).send().await
}

/// The secret in what `invites add` prints.
async fn invited(server: &TestServer, arguments: &[&str]) -> String {
    let (status, said) = server.command(&[&["invites", "add"], arguments].concat()).await;
    assert!(status.success(), "{said}");
    let (_, secret) = said.lines().next().unwrap().split_once("/sign-up#").unwrap_or_else(|| panic!("{said}"));
    secret.to_owned()
}

#[tokio::test]
async fn an_invitation_lets_one_person_in() {
    let server = mode("invite").start().await;
    signs_up(&server, "ada@example.com").await.is_problem(403, "sign_up_refused");
    let invite = invited(&server, &["--domain", "Example.com"]).await;
    let before = server.store().snapshot();
    for (email, invite) in [
        ("eve@example.org", invite.as_str()),
        ("ada@example.com", "x"),
        ("ada@example.com", &format!("tgi_{}", "a".repeat(52))),
    ] {
        signs_up_by(&server, email, invite).await.is_problem(403, "invite_over");
    }
    assert_eq!(server.store().snapshot(), before);
    let signed_up = signs_up_by(&server, "ada@example.com", &invite).await.expect(201);
    assert!(signed_up.json()["access_token"].is_string());
    signs_up_by(&server, "bob@example.com", &invite).await.is_problem(403, "invite_over");
    assert_eq!(server.signed_in("ada").await.get("/me").send().await.expect(200).json()["standing"], "active");
    // Neither log nor store has the secret.
    assert!(!format!("{:?}", server.store().snapshot()).contains(&invite));
    assert!(!server.output().text().contains(&invite));
}

#[tokio::test]
async fn of_many_who_use_an_invitation_at_once_one_gets_in() {
    let server = mode("closed").start().await;
    let invite = invited(&server, &["--days", "1"]).await;
    let emails: Vec<_> = (0..6).map(|n| format!("person{n}@example.com")).collect();
    let tries = emails.iter().map(|email| signs_up_by(&server, email, &invite));
    let mut statuses: Vec<_> = futures_util::future::join_all(tries).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 403, 403, 403, 403, 403]);
}

#[tokio::test]
async fn invitations_are_listed_bounded_and_withdrawn() {
    let server = mode("invite").start().await;
    let chief = {
        let invite = invited(&server, &["--for", "chief@example.com"]).await;
        signs_up_by(&server, "chief@example.com", &invite).await.expect(201);
        server.operator("chief").await
    };
    let new = |body| chief.post("/admin/invites", &body).send();
    let made = new(json!({"email": "ada@example.com", "note": "the new one"})).await.expect(201).json();
    let listed = chief.get("/admin/invites").send().await.expect(200).json();
    assert_eq!((&listed[0]["id"], &listed[0]["email"]), (&made["id"], &json!("ada@example.com")), "{listed}");
    for (body, field) in [
        (json!({"days": 0}), "days"),
        (json!({"days": 91}), "days"),
        (json!({"domain": "@example.com"}), "domain"),
        (json!({"email": "no address"}), "email"),
    ] {
        new(body).await.names_fields(&[field]);
    }
    let path = format!("/admin/invites/{}", made["id"].as_str().unwrap());
    chief.delete(&path).send().await.expect(204);
    chief.delete(&path).send().await.is_problem(404, "not_found");
    let (place, secret) = made["url"].as_str().unwrap().split_once("/sign-up#").unwrap();
    assert_eq!(place, server.origin());
    signs_up_by(&server, "ada@example.com", secret).await.is_problem(403, "invite_over");
    let (status, said) = server.command(&["invites", "list"]).await;
    assert!(status.success() && said.contains("No invitation is open"), "{said}");
    let audit = chief.get("/admin/audit?limit=2").send().await.expect(200).json();
    assert_eq!((&audit[0]["action"], &audit[1]["action"]), (&json!("invite_withdrawn"), &json!("invite_made")));
    assert_eq!((&audit[1]["note"], &audit[1]["after"]), (&json!("the new one"), &made["id"]), "{audit}");
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
