//! `POST /create_key`: one key per account and plan, all or nothing, shown once.

use serde_json::json;
use tests::{PlanSpec, TestServer};

#[tokio::test]
async fn a_new_key_works_at_once_and_is_shown_once() {
    let server = TestServer::start().await;
    for ada in [server.signed_in("ada").await, server.with_cookie("bob").await] {
        let answer = ada.create_key("10RequestPerDay").send().await.expect(200);
        assert_eq!(answer.header("cache-control"), "no-store");
        let created = answer.json();
        let value = created["value"].as_str().unwrap();
        assert!(value.starts_with("tg_") && value.len() == 89, "{}", value.len());
        assert_eq!(created["plan_name"], "10RequestPerDay");
        assert!(created["id"].as_str().unwrap().starts_with("key_"));
        assert_eq!(created.as_object().unwrap().len(), 3);

        let key = ada.as_identity(tests::Identity::Key(value.to_owned()));
        key.chat("hello").send().await.expect(200);
        let listed = ada.get("/keys").send().await.expect(200).text();
        assert!(!listed.contains(&value[30..]) && listed.contains(created["id"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn creating_while_the_account_is_deleted_is_no_fault_of_ours() {
    let server = TestServer::start().await;
    for round in 0..8 {
        let ada = server.signed_in(&format!("ada{round}")).await;
        let plans = ["10RequestPerDay", "20RequestPerDay", "30RequestPerDay", "unlimited"];
        let creating = futures_util::future::join_all(plans.map(|plan| ada.create_key(plan).send()));
        let (created, deleted) = tokio::join!(creating, ada.delete_account().send());
        assert_eq!(deleted.status, 204);
        for answer in created {
            assert!([200, 401].contains(&answer.status), "{}", answer.text());
        }
    }
    assert_eq!(server.store().number("SELECT count(*) FROM keys"), 0);
}

#[tokio::test]
async fn a_second_key_on_the_plan_is_refused_and_changes_nothing() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (key, _) = ada.key_on("10RequestPerDay").await;
    let before = server.store().snapshot();
    let problem = ada.create_key("10RequestPerDay").send().await.is_problem(409, "key_already_exists");
    assert_eq!(problem["detail"], "Key already exists");
    assert_eq!(server.store().snapshot(), before);
    key.chat("hello").send().await.expect(200);
    ada.create_key("20RequestPerDay").send().await.expect(200);
    server.signed_in("bob").await.create_key("10RequestPerDay").send().await.expect(200);
}

#[tokio::test]
async fn creating_twice_at_once_gives_one_key_and_one_409() {
    let server = TestServer::start().await;
    for plan in ["10RequestPerDay", "20RequestPerDay", "30RequestPerDay", "unlimited"] {
        let ada = server.signed_in("ada").await;
        let (one, two) = tokio::join!(ada.create_key(plan).send(), ada.create_key(plan).send());
        let (created, refused) = if one.status == 200 { (one, two) } else { (two, one) };
        let value = created.expect(200).json()["value"].as_str().unwrap().to_owned();
        assert_eq!(refused.is_problem(409, "key_already_exists")["detail"], "Key already exists");
        ada.as_identity(tests::Identity::Key(value)).chat("hello").send().await.expect(200);
    }
    let keys = server.signed_in("ada").await.get("/keys").send().await.expect(200).json();
    assert_eq!(keys.as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_key_is_made_only_for_oneself_on_a_plan_that_exists() {
    let server = TestServer::start().await;
    let (ada, _) = (server.signed_in("ada").await, server.signed_in("bob").await);
    let before = server.store().snapshot();
    let body = |user: &str| json!({"plan_name": "10RequestPerDay", "user": user});
    ada.post("/create_key", &body("bob@example.com")).send().await.is_problem(403, "not_yourself");
    ada.post("/create_key", &body("nobody@example.com")).send().await.is_problem(403, "not_yourself");
    ada.post("/create_key", &body("no address")).send().await.names_fields(&["user"]);
    ada.create_key("no such plan").send().await.is_problem(404, "unknown_plan");
    ada.create_key("a\u{0}b").send().await.names_fields(&["plan_name"]);
    let wrong = json!({"plan_name": 10, "user": false, "quota": 1000});
    ada.post("/create_key", &wrong).send().await.names_fields(&["plan_name", "user", "quota"]);
    assert_eq!(server.store().snapshot(), before);
    ada.post("/create_key", &body("Ada@example.com")).send().await.expect(200);
}

#[tokio::test]
async fn without_a_session_nothing_is_made() {
    let server = TestServer::start().await;
    let key = server.with_key("10RequestPerDay").await;
    let before = server.store().snapshot();
    for caller in [server.anonymous(), key.clone()] {
        let answer = caller.create_key("20RequestPerDay").send().await;
        answer.is_problem(401, "unauthenticated");
        // Who may not ask learns nothing about the plans.
        caller.create_key("no such plan").send().await.is_problem(401, "unauthenticated");
    }
    let by_header = server.anonymous().create_key("20RequestPerDay").header("x-api-key", key.secret()).send().await;
    by_header.is_problem(401, "unauthenticated");
    assert_eq!(server.store().snapshot(), before);
}

#[tokio::test]
async fn an_account_holds_as_many_keys_as_the_configuration_says() {
    let server = TestServer::setup().set("accounts.max_subscriptions", "2").start().await;
    let ada = server.signed_in("ada").await;
    let (_, first) = ada.key_on("10RequestPerDay").await;
    let _ = ada.key_on("20RequestPerDay").await;
    let before = server.store().snapshot();
    ada.create_key("30RequestPerDay").send().await.is_problem(403, "too_many_keys");
    assert_eq!(server.store().snapshot(), before);
    ada.delete(&format!("/keys/{first}")).send().await.expect(204);
    ada.create_key("30RequestPerDay").send().await.expect(200);
}

/// Nothing has to be deleted, which could fail too: the key is written in one transaction, however that ends.
#[tokio::test]
async fn a_creation_that_fails_halfway_leaves_no_key() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let before = server.store().snapshot();
    for how in server.store().ways_to_break_creation() {
        server.store().break_creation(how);
        for _ in 0..2 {
            let problem = ada.create_key("10RequestPerDay").send().await.is_problem(500, "create_failed");
            assert_eq!(problem["detail"], "create failed");
        }
        server.store().mend_creation();
        assert_eq!(server.store().snapshot(), before, "{how} leaves something behind");
        assert_eq!(ada.get("/keys").send().await.expect(200).json(), json!([]), "{how}");
    }
    let (key, _) = ada.key_on("10RequestPerDay").await;
    key.chat("hello").send().await.expect(200);
}

#[tokio::test]
async fn a_plan_name_of_other_scripts_works() {
    let server = TestServer::setup().plans(&[PlanSpec::daily("Zehn täglich / 十", 10)]).start().await;
    let key = server.with_key("Zehn täglich / 十").await;
    key.chat("hello").send().await.expect(200);
    let status = key.get("/v1/key").send().await.expect(200).json();
    assert_eq!(status["plan_name"], "Zehn täglich / 十");
}
