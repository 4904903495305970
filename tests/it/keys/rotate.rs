//! `POST /keys/{id}/rotate`: a new value for the same key.

use jiff::Timestamp;
use serde_json::{Value, json};
use tests::{Caller, Identity, TestServer};

async fn rotated(owner: &Caller, id: &str, body: &Value) -> Caller {
    let answer = owner.post(&format!("/keys/{id}/rotate"), body).send().await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let created = answer.json();
    assert_eq!(created["id"], id, "the id stays");
    owner.as_identity(Identity::Key(created["value"].as_str().unwrap().to_owned()))
}

#[tokio::test]
async fn rotating_ends_the_old_value_at_once_and_keeps_the_count() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (old, id) = ada.key_on("10RequestPerDay").await;
    old.chat("hello").send().await.expect(200);
    let new = rotated(&ada, &id, &json!({})).await;
    old.chat("hello").send().await.is_error(401, "invalid_api_key");
    new.chat("hello").send().await.expect(200);
    assert_eq!(new.used().await, 2);
    let entry = ada.get("/keys").send().await.expect(200).json()[0].clone();
    assert!(entry["rotated_at"].is_string() && entry["old_value_until"].is_null(), "{entry}");
}

#[tokio::test]
async fn within_the_grace_both_values_work_on_one_count() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (old, id) = ada.key_on("10RequestPerDay").await;
    let new = rotated(&ada, &id, &json!({"grace_seconds": 3600})).await;
    for key in [&old, &new] {
        key.chat("hello").send().await.expect(200);
    }
    assert_eq!((old.used().await, new.used().await), (2, 2));
    assert!(ada.get("/keys").send().await.expect(200).json()[0]["old_value_until"].is_string());
}

#[tokio::test]
async fn a_promised_grace_is_kept_by_the_rotations_after_it() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (first, id) = ada.key_on("20RequestPerDay").await;
    let mut keys = vec![first];
    for grace in [4 * 3600, 3 * 3600, 2 * 3600, 3600] {
        keys.push(rotated(&ada, &id, &json!({"grace_seconds": grace})).await);
    }
    for key in &keys {
        key.chat("hello").send().await.expect(200);
    }
    assert_eq!(keys[0].used().await, 5, "on one count");
    let entry = ada.get("/keys").send().await.expect(200).json()[0].clone();
    let ends: Vec<_> = entry["old_values_until"].as_array().unwrap().iter().map(|end| end.as_str().unwrap()).collect();
    assert!(ends.len() == 4 && ends.is_sorted(), "{entry}");
    assert_eq!(entry["old_value_until"], ends[3], "the last end");
}

#[tokio::test]
async fn a_rotation_that_would_break_a_promised_grace_is_refused_until_one_has_ended() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (first, id) = ada.key_on("20RequestPerDay").await;
    let mut keys = vec![first];
    for _ in 0..4 {
        keys.push(rotated(&ada, &id, &json!({"grace_seconds": 3600})).await);
    }
    let before = server.store().snapshot();
    let ends = ada.get("/keys").send().await.expect(200).json()[0]["old_values_until"].clone();
    let refused = ada.post(&format!("/keys/{id}/rotate"), &json!({"grace_seconds": 60})).send().await;
    let problem = refused.is_problem(409, "too_many_old_values");
    let (detail, until) = (problem["detail"].as_str().unwrap(), ends[0].as_str().unwrap());
    // To the second, and never too early.
    let until: Timestamp = until.parse().unwrap();
    let until = Timestamp::from_second((until.as_millisecond() + 999) / 1_000).unwrap();
    assert!(detail.contains(&until.to_string()), "{detail} doesn't say {until}");
    let wait: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=3600).contains(&wait), "{wait}");
    assert_eq!(server.store().snapshot(), before);
    // Without a grace nothing more is promised.
    let new = rotated(&ada, &id, &json!({})).await;
    keys.pop().unwrap().chat("hello").send().await.is_error(401, "invalid_api_key");
    for key in keys.iter().chain([&new]) {
        key.chat("hello").send().await.expect(200);
    }
    server.store().end_an_earlier_value();
    rotated(&ada, &id, &json!({"grace_seconds": 60})).await;
    assert_eq!(server.store().earlier_values(), 4, "the one that has ended is gone");
}

#[tokio::test]
async fn disabling_and_revoking_end_every_value() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    for plan in ["10RequestPerDay", "20RequestPerDay"] {
        let (oldest, id) = ada.key_on(plan).await;
        let old = rotated(&ada, &id, &json!({"grace_seconds": 3600})).await;
        let new = rotated(&ada, &id, &json!({"grace_seconds": 3600})).await;
        let path = format!("/keys/{id}");
        if plan == "10RequestPerDay" {
            ada.patch(&path, &json!({"enabled": false})).send().await.expect(200);
            for key in [&oldest, &old, &new] {
                key.chat("hello").send().await.is_error(401, "invalid_api_key");
            }
            ada.patch(&path, &json!({"enabled": true})).send().await.expect(200);
            new.chat("hello").send().await.expect(200);
            for key in [&oldest, &old] {
                key.chat("hello").send().await.is_error(401, "invalid_api_key");
            }
        } else {
            ada.delete(&path).send().await.expect(204);
            for key in [&oldest, &old, &new] {
                key.chat("hello").send().await.is_error(401, "invalid_api_key");
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_grace_leaves_the_value_alone() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    let before = server.store().snapshot();
    for grace in [json!(-1), json!(86_401), json!(1.5), json!("60"), json!(true), json!([])] {
        let body = json!({"grace_seconds": grace});
        ada.post(&format!("/keys/{id}/rotate"), &body).send().await.names_fields(&["grace_seconds"]);
    }
    assert_eq!(server.store().snapshot(), before);
    key.chat("hello").send().await.expect(200);
}

#[tokio::test]
async fn rotating_twice_at_once_leaves_one_value_that_works() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (_, id) = ada.key_on("10RequestPerDay").await;
    let body = json!({});
    let (one, two) = tokio::join!(rotated(&ada, &id, &body), rotated(&ada, &id, &body));
    let (one, two) = (one.chat("hello").send().await.status, two.chat("hello").send().await.status);
    assert_eq!(one.min(two), 200);
    assert_eq!(one.max(two), 401);
}

#[tokio::test]
async fn a_whole_number_may_be_written_with_a_point() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (old, id) = ada.key_on("10RequestPerDay").await;
    // As JSON Schema and generated clients see it, 3600.0 is an integer.
    let body = br#"{"grace_seconds": 3.6e3}"#;
    let rotate = |body: &'static [u8]| {
        ada.call(reqwest::Method::POST, &format!("/keys/{id}/rotate")).body("application/json", body).send()
    };
    rotate(body).await.expect(200);
    old.chat("hello").send().await.expect(200);
    rotate(b"{\"grace_seconds\": 0.0}").await.expect(200);
    rotate(b"{\"grace_seconds\": 86400.5}").await.names_fields(&["grace_seconds"]);
    rotate(b"{\"grace_seconds\": 86401.0}").await.names_fields(&["grace_seconds"]);
    rotate(b"{\"grace_seconds\": 1e300}").await.names_fields(&["grace_seconds"]);
}
