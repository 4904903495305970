//! Access tokens that are expired, forged or meant for something else.

use std::fs;

use serde_json::{Value, json};
use tests::{AccessToken, Caller, Identity, TestServer};

async fn refused(caller: &Caller, token: String) {
    let bearer = caller.as_identity(Identity::Bearer(token.clone()));
    let answer = bearer.get("/me").send().await;
    answer.is_problem(401, "unauthenticated");
    assert!(answer.header("www-authenticate").starts_with("Bearer"), "{:?}", answer.headers);
    let cookie = caller.as_identity(Identity::Cookies { session: token, refresh: "x".to_owned() });
    cookie.create_key("10RequestPerDay").send().await.is_problem(401, "unauthenticated");
}

fn altered(token: &AccessToken, change: impl FnOnce(&mut Value)) -> AccessToken {
    let mut token = token.clone();
    change(&mut token.claims);
    token
}

#[tokio::test]
async fn only_an_untouched_unexpired_token_for_us_is_a_session() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let bob = AccessToken::parse(server.signed_in("bob").await.secret());
    let token = AccessToken::parse(ada.secret());
    let key = AccessToken::signing_key(&fs::read(server.data_dir().join("session.key")).unwrap());
    let before = server.store().snapshot();

    // Without this, a forger's wrong key would make every case below pass.
    let again = ada.as_identity(Identity::Bearer(token.signed_by(&key)));
    again.get("/me").send().await.expect(200);

    let lifetime = token.claims["exp"].as_i64().unwrap() - token.claims["iat"].as_i64().unwrap();
    assert_eq!(lifetime, 900);
    let long_ago = altered(&token, |claims| {
        claims["exp"] = json!(claims["iat"].as_i64().unwrap() - 3600);
        claims["iat"] = json!(claims["iat"].as_i64().unwrap() - 4500);
    });
    let nowhere = altered(&token, |claims| claims["sid"] = json!("ses_aaaaaaaaaaaaaaaaaaaaaaaaaa"));
    let for_others = altered(&token, |claims| claims["aud"] = json!("somebody-else"));
    let for_nobody = altered(&token, |claims| _ = claims.as_object_mut().unwrap().remove("aud"));
    let for_ever = altered(&token, |claims| _ = claims.as_object_mut().unwrap().remove("exp"));
    for forged in [long_ago, nowhere, for_others, for_nobody, for_ever] {
        refused(&ada, forged.signed_by(&key)).await;
    }

    let someone_else = altered(&token, |claims| claims["sub"] = bob.claims["sub"].clone());
    refused(&ada, someone_else.to_text()).await;
    refused(&ada, token.signed_by(b"another key of thirty-two bytes!")).await;
    refused(&ada, token.signed_by(b"")).await;
    assert_eq!(server.store().snapshot(), before);
}

#[tokio::test]
async fn a_token_can_not_choose_its_algorithm() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let token = AccessToken::parse(ada.secret());
    let key = AccessToken::signing_key(&fs::read(server.data_dir().join("session.key")).unwrap());
    for algorithm in ["none", "None", "NONE", "", "HS384", "HS512", "RS256"] {
        let mut forged = token.clone();
        forged.header["alg"] = json!(algorithm);
        refused(&ada, forged.signed_by(&key)).await;
        forged.signature.clear();
        refused(&ada, forged.to_text()).await;
    }
}

#[tokio::test]
async fn what_is_no_token_is_no_session() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let token = ada.secret().to_owned();
    let parts: Vec<_> = token.split('.').collect();
    let cut = &token[..token.len() - 2];
    let swapped = format!("{}.{}.{}", parts[1], parts[0], parts[2]);
    let huge = "a".repeat(20_000);
    for text in ["x", "..", "a.b.c", cut, &swapped, &format!("{token}."), &format!("{token}.{}", parts[2]), &huge] {
        let answer = ada.as_identity(Identity::Bearer(text.to_owned())).get("/me").send().await;
        assert!([400, 401, 431].contains(&answer.status), "{}: {}", answer.status, answer.text());
    }
    for header in ["Bearer", "Bearer ", "Basic YWRhOnBhc3M=", "bearer", token.as_str()] {
        let answer = server.anonymous().get("/me").header("authorization", header).send().await;
        answer.is_problem(401, "unauthenticated");
    }
}

#[tokio::test]
async fn sessions_survive_a_restart_and_the_key_file_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let mut server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    server.restart().await;
    ada.get("/me").send().await.expect(200);
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&server.data_dir().join("session.key")), 0o600);
    assert_eq!(mode(&server.data_dir().join("owner.key")), 0o600);
    assert_eq!(mode(server.data_dir()), 0o700);
}

#[tokio::test]
async fn another_session_key_signs_everybody_out_and_renews_no_quota() {
    let mut server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    key.chat("hello").send().await.expect(200);
    server.sigterm();
    assert!(server.ended().await.success());
    fs::remove_file(server.data_dir().join("session.key")).unwrap();
    server.start_again().await;
    ada.get("/me").send().await.is_problem(401, "unauthenticated");
    let credentials = serde_json::json!({"email": "ada@example.com", "password": tests::PASSWORD});
    let again = server.anonymous().post("/sessions", &credentials).send().await.expect(200).json();
    let token = again["access_token"].as_str().unwrap().to_owned();
    let ada = server.anonymous().as_identity(tests::Identity::Bearer(token));
    ada.create_key("10RequestPerDay").send().await.is_problem(409, "key_already_exists");
    ada.delete(&format!("/keys/{id}")).send().await.expect(204);
    let (renewed, _) = ada.key_on("10RequestPerDay").await;
    assert_eq!(renewed.used().await, 1);
}
