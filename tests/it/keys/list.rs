//! `GET /keys`: one's own keys and nobody else's.

use serde_json::json;
use tests::TestServer;

#[tokio::test]
async fn everyone_sees_their_own_keys_with_what_is_used() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.signed_in("ada").await, server.with_cookie("bob").await);
    assert_eq!(ada.get("/keys").send().await.expect(200).json(), json!([]));
    let (key, id) = ada.key_on("20RequestPerDay").await;
    let _ = ada.key_on("10RequestPerDay").await;
    let _ = bob.key_on("30RequestPerDay").await;
    key.chat("hello").send().await.expect(200);

    let keys = ada.get("/keys").send().await.expect(200).json();
    let plans: Vec<_> = keys.as_array().unwrap().iter().map(|key| key["plan_name"].as_str().unwrap()).collect();
    assert_eq!(plans, ["20RequestPerDay", "10RequestPerDay"], "oldest first");
    let first = &keys[0];
    assert_eq!(first["id"], id);
    assert_eq!(first["state"], "active");
    assert_eq!(first["label"], "");
    assert_eq!(first["rotated_at"], json!(null));
    assert_eq!((&first["quota"]["used"], &first["quota"]["remaining"]), (&json!(1), &json!(19)));
    assert!(first["quota"]["reset_at"].as_str().unwrap() > first["created_at"].as_str().unwrap());

    let of_bob = bob.get("/keys").send().await.expect(200).json();
    assert_eq!(of_bob.as_array().unwrap().len(), 1);
    assert_eq!(of_bob[0]["plan_name"], "30RequestPerDay");
}

#[tokio::test]
async fn without_a_session_there_is_no_list() {
    let server = TestServer::start().await;
    let key = server.with_key("10RequestPerDay").await;
    for caller in [server.anonymous(), key] {
        caller.get("/keys").send().await.is_problem(401, "unauthenticated");
    }
}
