//! `POST /create_key` with an `Idempotency-Key`: whoever lost the answer asks again, and gets it.

use serde_json::json;
use tests::{Answer, Call, Caller, Identity, TestServer};

const NAME: &str = "8e03978e-40d5-43dd-bc93-6894a57f9324";
const PLAN: &str = "10RequestPerDay";

fn create(owner: &Caller, plan: &str, name: &str) -> Call {
    owner.create_key(plan).header("idempotency-key", name)
}

/// The answer to the repeated call, marked as such; the caller of the tests looks through every answer for secrets that were handed out before.
async fn replayed(owner: &Caller, plan: &str, name: &str) -> Answer {
    let answer = create(owner, plan, name).send().await.expect(200);
    assert_eq!(answer.header("idempotency-replayed"), "true");
    assert_eq!(answer.header("cache-control"), "no-store");
    answer
}

fn holder(owner: &Caller, answer: &Answer) -> Caller {
    owner.as_identity(Identity::Key(answer.json()["value"].as_str().unwrap().to_owned()))
}

#[tokio::test]
async fn a_repeated_call_gets_the_same_answer_and_makes_no_other_key() {
    let mut server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let first = create(&ada, PLAN, NAME).send().await.expect(200);
    assert_eq!(first.header("idempotency-replayed"), "");
    let after = server.store().snapshot();
    assert_eq!(replayed(&ada, PLAN, NAME).await.body, first.body);
    assert_eq!(server.store().snapshot(), after);
    server.restart().await;
    assert_eq!(replayed(&ada, PLAN, NAME).await.body, first.body);
    holder(&ada, &first).chat("hello").send().await.expect(200);
    // Without its name it is a call like any other.
    ada.create_key(PLAN).send().await.is_problem(409, "key_already_exists");
    create(&ada, PLAN, "another-name").send().await.is_problem(409, "key_already_exists");
    // Neither the value nor what it is made of is kept: what the test handed out is searched for at the server's end.
    server.secrets().note(tests::Kind::Password, NAME);
}

#[tokio::test]
async fn whoever_left_before_the_answer_gets_it_at_the_next_try() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let headers = format!("authorization: Bearer {}\r\nidempotency-key: {NAME}\r\n", ada.secret());
    let mut leaving = server.raw().await;
    leaving.post("/create_key", &headers, json!({"plan_name": PLAN}).to_string()).await;
    drop(leaving);
    let answer = create(&ada, PLAN, NAME).send().await.expect(200);
    holder(&ada, &answer).chat("hello").send().await.expect(200);
    assert_eq!(ada.get("/keys").send().await.expect(200).json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn calls_at_once_under_one_name_get_one_key() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let calls = (0..8).map(|_| async { create(&ada, PLAN, NAME).send().await.expect(200) });
    let answers = futures_util::future::join_all(calls).await;
    assert!(answers.iter().all(|answer| answer.body == answers[0].body));
    assert_eq!(answers.iter().filter(|answer| answer.header("idempotency-replayed").is_empty()).count(), 1);
    assert_eq!(server.store().number("SELECT count(*) FROM keys"), 1);
}

#[tokio::test]
async fn a_name_stands_for_one_request_of_one_account() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.signed_in("ada").await, server.signed_in("bob").await);
    let of_ada = create(&ada, PLAN, NAME).send().await.expect(200);
    let before = server.store().snapshot();
    create(&ada, "20RequestPerDay", NAME).send().await.is_problem(422, "idempotency_key_reused");
    let with_user = json!({"plan_name": PLAN, "user": "ada@example.com"});
    let other_body = ada.post("/create_key", &with_user).header("idempotency-key", NAME);
    other_body.send().await.is_problem(422, "idempotency_key_reused");
    assert_eq!(server.store().snapshot(), before);
    let of_bob = create(&bob, PLAN, NAME).send().await.expect(200);
    assert_ne!(of_ada.json()["value"], of_bob.json()["value"]);
}

#[tokio::test]
async fn a_revoked_key_is_not_revived() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let first = create(&ada, PLAN, NAME).send().await.expect(200);
    ada.delete(&format!("/keys/{}", first.json()["id"].as_str().unwrap())).send().await.expect(204);
    assert_eq!(replayed(&ada, PLAN, NAME).await.body, first.body);
    holder(&ada, &first).chat("hello").send().await.is_error(401, "invalid_api_key");
    assert_eq!(ada.get("/keys").send().await.expect(200).json(), json!([]));
    let next = create(&ada, PLAN, "another-name").send().await.expect(200);
    assert_ne!(next.json()["value"], first.json()["value"]);
}

#[tokio::test]
async fn a_name_is_good_again_after_a_day_and_after_a_refusal() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    create(&ada, "no such plan", NAME).send().await.is_problem(404, "unknown_plan");
    let first = create(&ada, PLAN, NAME).send().await.expect(200);
    server.store().age_calls();
    create(&ada, PLAN, NAME).send().await.is_problem(409, "key_already_exists");
    let next = create(&ada, "20RequestPerDay", NAME).send().await.expect(200);
    assert_ne!(next.json()["value"], first.json()["value"]);
    assert_eq!(server.store().number("SELECT count(*) FROM repeatable_calls"), 1, "the older one is gone");
    ada.delete_account().send().await.expect(204);
    assert_eq!(server.store().number("SELECT count(*) FROM repeatable_calls"), 0);
}

#[tokio::test]
async fn what_is_no_name_is_refused() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (long, longest) = ("x".repeat(256), "x".repeat(255));
    for name in ["", "two words", "é", long.as_str()] {
        create(&ada, PLAN, name).send().await.names_fields(&["idempotency-key"]);
    }
    create(&ada, PLAN, "one").header("idempotency-key", "two").send().await.names_fields(&["idempotency-key"]);
    assert_eq!(ada.get("/keys").send().await.expect(200).json(), json!([]));
    create(&ada, PLAN, &longest).send().await.expect(200);
    create(&ada, "20RequestPerDay", "\"quoted\"").send().await.expect(200);
}
