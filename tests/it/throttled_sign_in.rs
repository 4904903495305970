//! Limits on tries: sign-ups per source, failed sign-ins per source and account, bad keys per source.

use serde_json::{Value, json};
use tests::{Answer, Identity, PASSWORD, TestServer, unknown_key};

fn credentials(name: &str, password: &str) -> Value {
    json!({"email": format!("{name}@example.com"), "password": password})
}

#[track_caller]
fn is_too_many(answer: &Answer, longest_wait: u64) {
    answer.is_problem(429, "too_many_attempts");
    assert!((1..=longest_wait).contains(&answer.number("retry-after")), "{:?}", answer.headers);
}

#[tokio::test]
async fn the_sixth_sign_up_of_an_hour_is_refused_and_stores_nothing() {
    let server = TestServer::setup().unset("accounts.sign_ups_per_hour").start().await;
    for number in 0..5 {
        let body = credentials(&format!("ada{number}"), PASSWORD);
        server.anonymous().post("/accounts", &body).send().await.expect(201);
    }
    let before = server.store().snapshot();
    let sixth = server.anonymous().post("/accounts", &credentials("ada6", PASSWORD)).send().await;
    is_too_many(&sixth, 3600);
    assert_eq!(server.store().snapshot(), before);
}

#[tokio::test]
async fn ten_wrong_passwords_close_the_account_to_that_source_only() {
    let server = TestServer::start().await;
    let (_, _) = (server.signed_in("ada").await, server.signed_in("bob").await);
    for _ in 0..10 {
        let body = credentials("ada", "a wrong password");
        server.anonymous().post("/sessions", &body).send().await.is_problem(401, "wrong_credentials");
    }
    let before = server.store().snapshot();
    // Even the right one now: a guesser must not learn that it was right.
    let right = server.anonymous().post("/sessions", &credentials("ada", PASSWORD)).send().await;
    is_too_many(&right, 300);
    assert_eq!(server.store().snapshot(), before);
    server.anonymous().post("/sessions", &credentials("bob", PASSWORD)).send().await.expect(200);
}

#[tokio::test]
async fn fifty_failed_sign_ins_on_any_accounts_close_the_source() {
    let server = TestServer::setup().set("accounts.failed_sign_ins_per_source", "6").start().await;
    server.signed_in("ada").await;
    for number in 0..6 {
        let body = credentials(&format!("nobody{number}"), "a wrong password");
        server.anonymous().post("/sessions", &body).send().await.is_problem(401, "wrong_credentials");
    }
    is_too_many(&server.anonymous().post("/sessions", &credentials("ada", PASSWORD)).send().await, 300);
}

#[tokio::test]
async fn a_source_that_guesses_keys_is_slowed_down_while_good_keys_go_on() {
    let server = TestServer::setup().set("accounts.failed_keys_per_source", "5").start().await;
    let holder = server.with_key("10RequestPerDay").await;
    holder.chat("hello").send().await.expect(200);
    for number in 0..5 {
        let guess = holder.as_identity(Identity::Key(unknown_key(number)));
        guess.chat("guess").send().await.is_error(401, "invalid_api_key");
    }
    let guess = holder.as_identity(Identity::Key(unknown_key(6)));
    let slowed = guess.chat("guess").send().await;
    slowed.is_error(429, "too_many_attempts");
    assert!(slowed.number("retry-after") >= 1);
    assert_eq!(slowed.header("x-should-retry"), "false");
    // Limits are per source, never per key: who shares an address with a guesser keeps a key that works.
    holder.chat("hello").send().await.expect(200);
}

#[tokio::test]
async fn a_forwarded_address_counts_only_from_a_trusted_proxy() {
    let sign_up = |server: &TestServer, number: usize, source: &str| {
        let body = credentials(&format!("ada{number}"), PASSWORD);
        server.anonymous().post("/accounts", &body).header("x-forwarded-for", source).send()
    };
    let one_each = || TestServer::setup().set("accounts.sign_ups_per_hour", "1");
    let untrusting = one_each().start().await;
    sign_up(&untrusting, 1, "192.0.2.1").await.expect(201);
    is_too_many(&sign_up(&untrusting, 2, "192.0.2.2").await, 3600);

    let trusting = one_each().set("server.trusted_proxies", "[\"127.0.0.1\"]").start().await;
    sign_up(&trusting, 1, "192.0.2.1").await.expect(201);
    sign_up(&trusting, 2, "192.0.2.2").await.expect(201);
    is_too_many(&sign_up(&trusting, 3, "192.0.2.1").await, 3600);
    // Who says it is somebody else through a trusted proxy: only what the proxy itself added counts.
    is_too_many(&sign_up(&trusting, 4, "198.51.100.7, 192.0.2.2").await, 3600);
    sign_up(&trusting, 5, "2001:db8:1:1::1").await.expect(201);
    // An IPv6 /64 is one source.
    is_too_many(&sign_up(&trusting, 6, "2001:db8:1:1:ffff::2").await, 3600);
    sign_up(&trusting, 7, "2001:db8:1:2::1").await.expect(201);
}
