//! `/me`: who am I, a new password, deleting the account.

use serde_json::json;
use tests::{PASSWORD, TestServer};

const NEW_PASSWORD: &str = "ten green hills";

#[tokio::test]
async fn everyone_sees_only_themselves() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.signed_in("ada").await, server.with_cookie("bob").await);
    let ada = ada.get("/me").send().await.expect(200).json();
    let bob = bob.get("/me").send().await.expect(200).json();
    assert_eq!((&ada["email"], &bob["email"]), (&json!("ada@example.com"), &json!("bob@example.com")));
    assert_ne!(ada["id"], bob["id"]);
    assert!(ada["id"].as_str().unwrap().starts_with("acc_"));
    assert!(ada["created_at"].as_str().unwrap().ends_with('Z'));
}

#[tokio::test]
async fn a_proxys_own_sign_in_beside_the_pages_cookie_is_passed_over() {
    let server = TestServer::start().await;
    let page = server.with_cookie("ada").await;
    for beside in ["Basic dXNlcjpwYXNz", "Negotiate YII=", "Bearer ", ""] {
        page.get("/me").header("authorization", beside).send().await.expect(200);
        let alone = server.anonymous().get("/me").header("authorization", beside);
        alone.send().await.is_problem(401, "unauthenticated");
    }
    // A token that is there decides.
    page.get("/me").header("authorization", "Bearer wrong").send().await.is_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_changed_password_ends_every_other_session() {
    let server = TestServer::start().await;
    let (here, elsewhere, page) =
        (server.signed_in("ada").await, server.signed_in("ada").await, server.with_cookie("ada").await);
    let change = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    let answer = here.patch("/me", &change).send().await.expect(200);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    for caller in [&here, &elsewhere, &page] {
        caller.get("/me").send().await.is_problem(401, "unauthenticated");
    }
    here.as_identity(tests::Identity::Bearer(token)).get("/me").send().await.expect(200);

    let sign_in = |password: &str| json!({"email": "ada@example.com", "password": password});
    server.anonymous().post("/sessions", &sign_in(PASSWORD)).send().await.is_problem(401, "wrong_credentials");
    server.anonymous().post("/sessions", &sign_in(NEW_PASSWORD)).send().await.expect(200);
}

/// What an account's list of sessions says.
async fn sessions(caller: &tests::Caller) -> Vec<serde_json::Value> {
    caller.get("/me/sessions").send().await.expect(200).json().as_array().unwrap().clone()
}

#[tokio::test]
async fn sessions_are_listed_with_what_began_them() {
    let server = TestServer::start().await;
    let here = server.signed_in("ada").await;
    server.signed_in("bob").await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0";
    server.anonymous().post("/sessions", &body).header("user-agent", firefox).send().await.expect(200);
    let listed = sessions(&here).await;
    assert_eq!(listed.len(), 2, "{listed:?}");
    let other = listed.iter().find(|entry| entry["current"] == false).unwrap();
    assert_eq!(other["client"], "Firefox on Linux");
    assert!(other["id"].as_str().unwrap().starts_with("ses_"), "{other}");
    assert!(other["created_at"] == other["last_used_at"] && other["created_at"].is_string(), "{other}");
    assert_eq!(listed.iter().filter(|entry| entry["current"] == true).count(), 1);
}

#[tokio::test]
async fn a_session_is_ended_from_another_by_its_account_alone() {
    let server = TestServer::start().await;
    let (here, page) = (server.signed_in("ada").await, server.with_cookie("ada").await);
    let bob = server.signed_in("bob").await;
    let listed = sessions(&here).await;
    let other = listed.iter().find(|entry| entry["current"] == false).unwrap();
    let path = format!("/me/sessions/{}", other["id"].as_str().unwrap());
    bob.delete(&path).send().await.is_problem(404, "not_found");
    page.get("/me").send().await.expect(200);
    here.delete(&path).send().await.expect(204);
    page.get("/me").send().await.is_problem(401, "unauthenticated");
    here.delete(&path).send().await.is_problem(404, "not_found");
    here.delete("/me/sessions/nothing").send().await.is_problem(404, "not_found");

    // One's own: as signing out does, with the cookies.
    let page = server.with_cookie("ada").await;
    let own = sessions(&page).await.into_iter().find(|entry| entry["current"] == true).unwrap();
    let answer = page.delete(&format!("/me/sessions/{}", own["id"].as_str().unwrap())).send().await.expect(204);
    assert!(answer.cookie("tollgate_session").unwrap().0.is_empty());
    page.get("/me").send().await.is_problem(401, "unauthenticated");
}

#[tokio::test]
async fn all_other_sessions_are_ended_at_once() {
    let server = TestServer::start().await;
    let (here, elsewhere, page) =
        (server.signed_in("ada").await, server.signed_in("ada").await, server.with_cookie("ada").await);
    let bob = server.signed_in("bob").await;
    here.delete("/me/sessions").send().await.expect(204);
    for ended in [&elsewhere, &page] {
        ended.get("/me").send().await.is_problem(401, "unauthenticated");
    }
    for stays in [&here, &bob] {
        stays.get("/me").send().await.expect(200);
    }
    assert_eq!(sessions(&here).await.len(), 1);
}

#[tokio::test]
async fn a_password_is_changed_only_by_who_knows_it() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let before = server.store().snapshot();
    let wrong = json!({"current_password": "a wrong password", "new_password": NEW_PASSWORD});
    ada.patch("/me", &wrong).send().await.names_fields(&["current_password"]);
    let weak = json!({"current_password": PASSWORD, "new_password": "short", "email": "x@example.com"});
    ada.patch("/me", &weak).send().await.names_fields(&["new_password", "email"]);
    let own_address = json!({"current_password": PASSWORD, "new_password": "ada@example.com"});
    ada.patch("/me", &own_address).send().await.names_fields(&["new_password"]);
    assert_eq!(server.store().snapshot(), before);
    ada.get("/me").send().await.expect(200);
}

#[tokio::test]
async fn an_account_is_deleted_only_by_who_knows_its_password() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (key, _) = ada.key_on("10RequestPerDay").await;
    let before = server.store().snapshot();
    ada.delete("/me").send().await.is_problem(415, "unsupported_media_type");
    ada.delete("/me").json(&json!({})).send().await.names_fields(&["password"]);
    ada.delete("/me").json(&json!({"password": "a wrong password"})).send().await.names_fields(&["password"]);
    assert_eq!(server.store().snapshot(), before);
    key.chat("hello").send().await.expect(200);
    server
        .anonymous()
        .delete("/me")
        .json(&json!({"password": PASSWORD}))
        .send()
        .await
        .is_problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_deleted_account_is_gone_with_its_keys_and_sessions() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.signed_in("ada").await, server.signed_in("bob").await);
    let (key, _) = ada.key_on("10RequestPerDay").await;
    let (other_key, _) = bob.key_on("10RequestPerDay").await;
    ada.delete_account().send().await.expect(204);
    ada.get("/me").send().await.is_problem(401, "unauthenticated");
    key.chat("hello").send().await.is_error(401, "invalid_api_key");
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    server.anonymous().post("/sessions", &body).send().await.is_problem(401, "wrong_credentials");
    other_key.chat("hello").send().await.expect(200);
    bob.get("/me").send().await.expect(200);
}

#[tokio::test]
async fn signing_up_again_does_not_renew_a_used_quota() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (key, _) = ada.key_on("10RequestPerDay").await;
    for _ in 0..3 {
        key.chat("hello").send().await.expect(200);
    }
    ada.delete_account().send().await.expect(204);
    let (key, _) = server.signed_in("ada").await.key_on("10RequestPerDay").await;
    assert_eq!(key.used().await, 3);
    let (stranger, _) = server.signed_in("bob").await.key_on("10RequestPerDay").await;
    assert_eq!(stranger.used().await, 0);
}
