//! Errors in the clothing of a 200: a status of their own where nothing was sent yet, and never a charge.

use serde_json::{Value, json};
use tests::{Call, Caller, FakeUpstream, Script, TestServer, event, settled};

fn report(error: &Value) -> String {
    format!("data: {}\n\n", json!({"error": error}))
}

/// One request for each form that an error can come in: as a stream's first event, and in place of a JSON answer.
async fn answered(key: &Caller, upstream: &FakeUpstream, error: &Value) -> Vec<tests::Answer> {
    let mut answers = Vec::new();
    let whole = Script::json(200, &json!({"error": error}));
    let first = Script::stream([report(error), "data: [DONE]\n\n".to_owned()]);
    let stalled = Script::open_stream([format!(": processing\n\n{}", report(error))]);
    for (script, call) in [
        (whole.clone(), key.chat("hello")),
        (whole, key.chat_stream("hello")),
        (first, key.chat_stream("hello")),
        (stalled, key.chat_stream("hello")),
    ] {
        upstream.next(script);
        answers.push(call.send().await);
    }
    answers
}

#[tokio::test]
async fn an_error_before_any_answer_gets_the_status_that_it_names_and_costs_nothing() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    for (code, status, ours) in [
        (json!(400), 400, "upstream_refused"),
        (json!("404"), 404, "upstream_refused"),
        (json!(402), 502, "upstream_auth"),
        (json!(401), 502, "upstream_auth"),
        (json!(409), 502, "upstream_error"),
        (json!(429), 429, "upstream_rate_limited"),
        (json!(500), 500, "upstream_error"),
        (json!(503), 503, "upstream_unavailable"),
        (json!("overloaded"), 502, "upstream_error"),
        (json!(200), 502, "upstream_error"),
        (Value::Null, 502, "upstream_error"),
    ] {
        let key = server.with_key("10RequestPerDay").await;
        let error = json!({"message": "upstream says so", "type": "t", "code": code});
        for answer in answered(&key, &upstream, &error).await {
            let told = answer.is_error(status, ours);
            let passed = told["message"] == "upstream says so";
            assert_eq!(passed, ours == "upstream_refused", "only what is wrong with the request is passed on: {told}");
        }
        settled(0, || key.used()).await;
    }
    server.output().until("upstream says so").await;
}

#[tokio::test]
async fn an_error_about_the_request_keeps_its_own_words() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let error =
        json!({"message": "too long for sk-upstream-credential", "type": "t", "code": 413, "param": "messages"});
    for answer in answered(&key, &upstream, &error).await {
        let told = answer.is_envelope(413);
        assert_eq!(told["message"], "too long for [redacted]");
        assert_eq!(told["param"], "messages");
    }
    settled(0, || key.used()).await;
}

#[tokio::test]
async fn an_error_event_of_the_responses_api_is_one_too() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let call = || key.post("/v1/responses", &json!({"model": "model-1", "stream": true, "input": "hello"}));
    for event in [
        "data: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"x\",\"sequence_number\":0}\n\n",
        "event: error\ndata: {\"code\":\"server_error\",\"message\":\"x\"}\n\n",
        "event: error\ndata: {\"error\":{\"message\":\"x\"}}\n\n",
    ] {
        upstream.next(Script::stream([event]));
        call().send().await.is_error(502, "upstream_error");
    }
    settled(0, || key.used()).await;
    let failed = json!({"object": "response", "status": "failed", "error": {"code": "server_error"}, "output": []});
    upstream.next(Script::json(200, &failed));
    let answer = key.post("/v1/responses", &json!({"model": "model-1", "input": "hello"})).send().await.expect(200);
    assert_eq!(answer.json(), failed, "a response that failed is an answer");
}

#[tokio::test]
async fn what_follows_an_error_of_the_responses_api_still_comes() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let created = "data: {\"type\":\"response.created\",\"sequence_number\":0}\n\n";
    let error = "data: {\"type\":\"error\",\"code\":\"server_error\",\"message\":\"x\",\"sequence_number\":1}\n\n";
    let failed = "data: {\"type\":\"response.failed\",\"sequence_number\":2}\n\n";
    upstream.by_hand();
    let start = async {
        let mut exchange = upstream.exchange().await;
        exchange.start_stream().await;
        exchange.send(tests::chunk(format!("{created}{error}"))).await;
        exchange
    };
    let call = key.post("/v1/responses", &json!({"model": "model-1", "stream": true, "input": "hello"}));
    let (mut exchange, mut events) = tokio::join!(start, call.stream());
    assert!(events.next().await.unwrap().contains("created") && events.next().await.unwrap().contains("server_error"));
    exchange.send(tests::chunk(failed)).await;
    assert!(events.next().await.unwrap().contains("response.failed"));
    assert_eq!(events.next().await, None, "and then it is over, though the connection stays open");
    assert!(!events.was_cut());
    settled(1, || key.used()).await;
}

#[tokio::test]
async fn an_error_after_heartbeats_is_an_event_and_costs_nothing() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::setup().upstream(&upstream).set("upstream.heartbeat_seconds", "0.05").start().await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.by_hand();
    let start = async {
        let mut exchange = upstream.exchange().await;
        exchange.start_stream().await;
        exchange
    };
    let (mut exchange, mut events) = tokio::join!(start, key.chat_stream("hello").stream());
    events.comment().await;
    exchange.send(tests::chunk(report(&json!({"message": "overloaded"})))).await;
    assert!(events.next().await.unwrap().contains("overloaded"));
    assert_eq!(events.next().await, None, "an error ends the stream, though its connection stays open");
    assert!(!events.was_cut());
    settled(0, || key.used()).await;
}

#[tokio::test]
async fn an_error_after_a_part_of_the_answer_is_charged() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let text = format!("{}{}", event("one"), report(&json!({"message": "overloaded", "code": 503})));
    upstream.next(Script::stream([&text]));
    let mut events = key.chat_stream("hello").stream().await;
    events.rest().await;
    assert_eq!(String::from_utf8_lossy(&events.bytes), text);
    settled(1, || key.used()).await;
}

#[tokio::test]
async fn answers_that_mention_an_error_are_answers() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let passes = |call: Call, body: Value| {
        upstream.next(Script::json(200, &body));
        async move { assert_eq!(call.send().await.expect(200).json(), body) }
    };
    passes(key.chat("hello"), json!({"error": null, "choices": []})).await;
    passes(key.chat("hello"), json!({"error": {"message": "half"}, "choices": [{"index": 0}]})).await;
    passes(key.post("/v1/embeddings", &json!({"model": "m"})), json!({"error": "x", "data": [{"index": 0}]})).await;
    settled(3, || key.used()).await;
}

#[tokio::test]
async fn a_small_answer_that_breaks_off_is_a_502_in_our_words() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n";
    upstream.next(Script::raw([head, "{\"choices\": ["]));
    key.chat("hello").send().await.is_error(502, "upstream_disconnected");
    settled(1, || key.used()).await;
}
