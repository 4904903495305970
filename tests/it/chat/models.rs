//! Which model may be asked: the allow-list and the default.

use serde_json::json;
use tests::{FakeUpstream, TestServer, settled};

#[tokio::test]
async fn a_model_that_is_not_offered_is_a_404_that_costs_nothing() {
    let upstream = FakeUpstream::start().await;
    let setup = TestServer::setup().upstream(&upstream).set("upstream.models", "[\"model-2\"]");
    let server = setup.start().await;
    let key = server.with_key("10RequestPerDay").await;
    for body in [json!({"model": "model-1", "messages": []}), json!({"model": "MODEL-2", "messages": []})] {
        let error = key.post("/v1/chat/completions", &body).send().await.is_error(404, "model_not_found");
        assert_eq!(error["param"], "model");
    }
    settled(0, || key.used()).await;
    key.post("/v1/chat/completions", &json!({"model": "model-2", "messages": []})).send().await.expect(200);
    assert_eq!(upstream.posts(), 1);
}

#[tokio::test]
async fn a_repeated_member_can_not_walk_around_the_list() {
    let upstream = FakeUpstream::start().await;
    let setup = TestServer::setup().upstream(&upstream).set("upstream.models", "[\"model-2\"]");
    let server = setup.start().await;
    let key = server.with_key("10RequestPerDay").await;
    for body in [
        "{\"model\": \"model-2\", \"model\": \"model-1\"}",
        "{\"model\": \"model-2\", \"mod\\u0065l\": \"model-1\"}",
        "{\"stream\": false, \"model\": \"model-2\", \"stream\": true}",
    ] {
        let call = key.call(reqwest::Method::POST, "/v1/chat/completions").body("application/json", body);
        let error = call.send().await.is_envelope(400);
        assert_eq!(error["type"], "invalid_request_error");
    }
    assert_eq!(upstream.posts(), 0);
    settled(0, || key.used()).await;
    let nested = "{\"model\": \"model-2\", \"messages\": [{\"a\": 1, \"a\": 2}]}";
    let call = key.call(reqwest::Method::POST, "/v1/chat/completions").body("application/json", nested);
    call.send().await.expect(200);
}

#[tokio::test]
async fn a_missing_model_becomes_the_default_and_nothing_else_changes() {
    let upstream = FakeUpstream::start().await;
    let setup = TestServer::setup().upstream(&upstream).set("upstream.default_model", "model-2");
    let server = setup.start().await;
    let key = server.with_key("10RequestPerDay").await;
    let body = "{ \"messages\":[ ],  \"odd\" : 1e400, \"x\":\"\\u00e4\" }";
    let call = |body: &str| {
        key.call(reqwest::Method::POST, "/v1/chat/completions").body("application/json", body.to_owned()).send()
    };
    call(body).await.expect(200);
    let sent = upstream.last();
    let text = String::from_utf8(sent.body).unwrap();
    assert!(text.contains("\"model-2\"") && text.contains("\"odd\" : 1e400") && text.contains("\\u00e4"), "{text}");

    let named = "{ \"model\" : \"model-9\",\"messages\":[ ]}";
    call(named).await.expect(200);
    assert_eq!(String::from_utf8(upstream.last().body).unwrap(), named, "a body with a model is not touched");
}

#[tokio::test]
async fn without_a_default_a_missing_model_is_named() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let error = key.post("/v1/chat/completions", &json!({"messages": []})).send().await.is_envelope(400);
    assert_eq!(error["param"], "model");
    let error = key.post("/v1/chat/completions", &json!({"model": 5, "messages": []})).send().await.is_envelope(400);
    assert_eq!(error["param"], "model");
    assert_eq!(upstream.posts(), 0);
    settled(0, || key.used()).await;
}
