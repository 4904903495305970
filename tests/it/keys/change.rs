//! `PATCH /keys/{id}`: disabling, enabling, labelling.

use serde_json::json;
use tests::TestServer;

#[tokio::test]
async fn a_disabled_key_is_refused_at_once_and_an_enabled_one_works_again() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    key.chat("hello").send().await.expect(200);
    let path = format!("/keys/{id}");
    for _ in 0..2 {
        let entry = ada.patch(&path, &json!({"enabled": false})).send().await.expect(200).json();
        assert_eq!(entry["state"], "disabled");
        key.chat("hello").send().await.is_error(401, "invalid_api_key");
        key.get("/v1/key").send().await.is_error(401, "invalid_api_key");
        let entry = ada.patch(&path, &json!({"enabled": true})).send().await.expect(200).json();
        assert_eq!(entry["state"], "active");
        key.chat("hello").send().await.expect(200);
    }
    assert_eq!(key.used().await, 3, "refused requests cost nothing");
}

#[tokio::test]
async fn a_label_is_its_owners_words() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (_, id) = ada.key_on("10RequestPerDay").await;
    let path = format!("/keys/{id}");
    for (given, kept) in [("laptop", "laptop"), ("  Köln <b>&'\" ", "Köln <b>&'\""), ("", "")] {
        let entry = ada.patch(&path, &json!({"label": given})).send().await.expect(200).json();
        assert_eq!(entry["label"], kept);
    }
    let longest = "ä".repeat(64);
    let entry = ada.patch(&path, &json!({"label": longest})).send().await.expect(200).json();
    assert_eq!(entry["label"], longest);
    ada.patch(&path, &json!({"label": format!("{longest}ä")})).send().await.names_fields(&["label"]);
    ada.patch(&path, &json!({"label": "kept"})).send().await.expect(200);
    let entry = ada.patch(&path, &json!({})).send().await.expect(200).json();
    assert_eq!((&entry["label"], &entry["state"]), (&json!("kept"), &json!("active")), "what is left out stays");
}

#[tokio::test]
async fn a_wrong_change_changes_nothing() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    let before = server.store().snapshot();
    let path = format!("/keys/{id}");
    let wrong = json!({"enabled": "no", "label": "x".repeat(65), "plan_name": "unlimited"});
    ada.patch(&path, &wrong).send().await.names_fields(&["enabled", "label", "plan_name"]);
    ada.patch(&path, &json!({"enabled": false, "label": "two\nlines"})).send().await.names_fields(&["label"]);
    assert_eq!(server.store().snapshot(), before);
    key.chat("hello").send().await.expect(200);
}

#[tokio::test]
async fn only_its_owners_session_reaches_a_key() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.signed_in("ada").await, server.with_cookie("bob").await);
    let (key, id) = ada.key_on("10RequestPerDay").await;
    let _ = bob.key_on("10RequestPerDay").await;
    let before = server.store().snapshot();
    let missing = "key_aaaaaaaaaaaaaaaaaaaaaaaaaa";
    let mut answers = Vec::new();
    for id in [id.as_str(), missing, "nonsense", "key_A", "%00", "..%2fme"] {
        for call in [
            bob.patch(&format!("/keys/{id}"), &json!({"enabled": false})),
            bob.delete(&format!("/keys/{id}")),
            bob.post(&format!("/keys/{id}/rotate"), &json!({})),
            bob.get(&format!("/keys/{id}/usage?from=2026-01-01&to=2026-01-02")),
        ] {
            answers.push(call.send().await.is_problem(404, "not_found")["detail"].clone());
        }
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "another's key is not to be told from none: {answers:?}");
    for caller in [server.anonymous(), key.clone()] {
        let path = format!("/keys/{id}");
        caller.patch(&path, &json!({"enabled": false})).send().await.is_problem(401, "unauthenticated");
        caller.delete(&path).send().await.is_problem(401, "unauthenticated");
        caller.post(&format!("{path}/rotate"), &json!({})).send().await.is_problem(401, "unauthenticated");
        caller.get(&format!("{path}/usage")).send().await.is_problem(401, "unauthenticated");
    }
    assert_eq!(server.store().snapshot(), before);
    key.chat("hello").send().await.expect(200);
}
