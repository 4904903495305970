//! Where a stream ends: by its own marks, whatever its connection does.

use serde_json::{Value, json};
use tests::{Call, Caller, Events, FakeUpstream, Script, TestServer, chat_events, event, settled};

fn responses_stream(key: &Caller) -> Call {
    key.post("/v1/responses", &json!({"model": "model-1", "stream": true, "input": "hello"}))
}

fn named(name: &str, number: u64) -> String {
    format!("event: {name}\ndata: {{\"type\":\"{name}\",\"sequence_number\":{number}}}\n\n")
}

/// The stream carried exactly this and ended well.
async fn carried(mut events: Events, text: &str) {
    events.rest().await;
    assert_eq!(String::from_utf8_lossy(&events.bytes), text);
    assert!(!events.was_cut(), "{text}");
}

/// The last event, as JSON, of a stream that carried `before` and then that event alone.
async fn told(mut events: Events, before: &str) -> Value {
    let data = events.rest().await;
    let text = String::from_utf8_lossy(&events.bytes).into_owned();
    assert!(text.starts_with(before) && !text.contains("[DONE]") && !events.was_cut(), "{text}");
    serde_json::from_str(data.last().unwrap()).unwrap()
}

#[tokio::test]
async fn an_empty_finish_reason_finishes_nothing() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let empty = event("one").replace("\"finish_reason\":null", "\"finish_reason\":\"\"");
    assert!(empty.contains("\"finish_reason\":\"\""));
    for script in [Script::stream([&empty]), Script::open_stream([&empty]).then_close()] {
        upstream.next(script);
        let last = told(key.chat_stream("hello").stream().await, &empty).await;
        assert_eq!(last["error"]["code"], "upstream_stream_interrupted");
    }
    server.output().until("incomplete").await;
}

#[tokio::test]
async fn fewer_choices_than_were_asked_for_are_not_whole() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let events = chat_events(&["one"]);
    let first_choice = events[..events.len() - 1].concat();
    upstream.next(Script::stream([&first_choice]));
    let two = json!({"model": "model-1", "stream": true, "n": 2, "messages": [{"role": "user", "content": "hello"}]});
    let last = told(key.post("/v1/chat/completions", &two).stream().await, &first_choice).await;
    assert_eq!(last["error"]["code"], "upstream_stream_interrupted");
}

#[tokio::test]
async fn a_stream_ends_with_its_last_mark_though_the_connection_stays_open() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let chat = chat_events(&["one"]).concat();
    upstream.next(Script::open_stream([&chat]));
    carried(key.chat_stream("hello").stream().await, &chat).await;
    for end in ["response.completed", "response.failed", "response.incomplete"] {
        let response = format!("{}{}", named("response.created", 0), named(end, 1));
        upstream.next(Script::open_stream([&response]));
        carried(responses_stream(&key).stream().await, &response).await;
    }
    settled(4, || async { upstream.abandoned() }).await;
    let metrics = server.metrics().await;
    assert_eq!(metrics.value("tollgate_requests_ended_total{outcome=\"finished\"}"), 4.0);
    settled(4, || key.used()).await;
}

#[tokio::test]
async fn a_finished_chat_waits_a_moment_for_its_usage_and_no_longer() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let events = chat_events(&["one"]);
    let finished = events[..events.len() - 1].concat();
    let usage = "data: {\"choices\":[],\"usage\":{\"total_tokens\":2}}\n\n";
    upstream.by_hand();
    let late = async {
        let mut exchange = upstream.exchange().await;
        exchange.start_stream().await;
        exchange.send(tests::chunk(&finished)).await;
        exchange
    };
    let (mut exchange, mut events) = tokio::join!(late, key.chat_stream("hello").stream());
    while events.next().await.is_some_and(|data| !data.contains("\"stop\"")) {}
    exchange.send(tests::chunk(usage)).await;
    assert!(events.next().await.unwrap().contains("total_tokens"), "what comes soon belongs to the answer");
    assert_eq!(events.next().await, None, "and nothing is waited for long");
    assert!(!events.was_cut());
    assert_eq!(String::from_utf8_lossy(&events.bytes), format!("{finished}{usage}"), "no mark of our own");
    exchange.closed().await;
}

#[tokio::test]
async fn comments_dont_keep_a_finished_stream_open() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let events = chat_events(&["one"]);
    let finished = events[..events.len() - 1].concat();
    upstream.by_hand();
    let chatty = async {
        let mut exchange = upstream.exchange().await;
        exchange.start_stream().await;
        exchange.send(tests::chunk(&finished)).await;
        // As often as may be: each must be seen before the next.
        while exchange.try_send(tests::chunk(": still here\n\n")).await.is_ok() {
            tokio::task::yield_now().await;
        }
    };
    let read = async {
        let mut events = key.chat_stream("hello").stream().await;
        events.rest().await;
        assert!(!events.was_cut());
    };
    tokio::join!(chatty, read);
}

#[tokio::test]
async fn the_connection_of_a_stream_that_ended_serves_the_next() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("30RequestPerDay").await;
    for _ in 0..20 {
        let mut events = key.chat_stream("hello").stream().await;
        assert_eq!(events.rest().await.last().unwrap(), "[DONE]");
    }
    assert!(upstream.connections() <= 4, "{} connections for 20 streams", upstream.connections());
}

#[tokio::test]
async fn a_cut_response_ends_with_an_error_event_of_its_own_kind() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let begun = format!("{}{}", named("response.created", 0), named("response.output_text.delta", 41));
    upstream.next(Script::open_stream([&begun]).then_close());
    let mut events = responses_stream(&key).stream().await;
    let data = events.rest().await;
    let text = String::from_utf8_lossy(&events.bytes).into_owned();
    let rest = text.strip_prefix(&begun).unwrap();
    assert!(rest.starts_with("event: error\ndata: {") && rest.ends_with("}\n\n"), "{rest}");
    let error: Value = serde_json::from_str(data.last().unwrap()).unwrap();
    assert_eq!((&error["type"], &error["code"]), (&json!("error"), &json!("upstream_stream_interrupted")));
    assert_eq!(error["sequence_number"], 42);
    assert_eq!(error["param"], Value::Null);
    assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()));
    assert_eq!(error["error"]["code"], "upstream_stream_interrupted");
    assert_eq!(error["error"]["message"], error["message"]);
}
