//! `GET /v1/key`: what a key may learn about itself.

use serde_json::json;
use tests::{FakeUpstream, TestServer};

#[tokio::test]
async fn a_key_learns_its_own_plan_and_what_is_left() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    key.chat("hello").send().await.expect(200);
    let answer = key.get("/v1/key").send().await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    let status = answer.json();
    let quota = &status["quota"];
    assert_eq!(
        (&status["id"], &status["plan_name"], &status["state"]),
        (&json!(id), &json!("10RequestPerDay"), &json!("active"))
    );
    assert_eq!(quota["kind"], "limited");
    assert_eq!((&quota["limit"], &quota["used"], &quota["remaining"]), (&json!(10), &json!(1), &json!(9)));
    assert_eq!(quota["period"], "DAY");
    assert!(quota["reset_at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(status["throttle"], json!({"rate": 10.0, "burst": 20}));
    assert_eq!(answer.header("x-ratelimit-remaining-requests"), "9");
}

#[tokio::test]
async fn requests_under_way_count_as_used() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.by_hand();
    let (exchange, _events) = tokio::join!(
        async {
            let mut exchange = upstream.exchange().await;
            exchange.start_stream().await;
            assert_eq!(key.used().await, 1);
            exchange
        },
        key.chat_stream("hello").stream()
    );
    assert_eq!(key.used().await, 1);
    drop(exchange);
}

#[tokio::test]
async fn by_either_header_but_never_by_session() {
    let server = TestServer::start().await;
    let key = server.with_key("10RequestPerDay").await;
    let by_header = server.anonymous().get("/v1/key").header("x-api-key", key.secret()).send().await.expect(200).json();
    assert_eq!(by_header, key.get("/v1/key").send().await.expect(200).json());
    for caller in [server.anonymous(), server.signed_in("ada").await, server.with_cookie("ada").await] {
        caller.get("/v1/key").send().await.is_error(401, "invalid_api_key");
    }
}
