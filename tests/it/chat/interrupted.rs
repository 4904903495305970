//! Streams that break after their head: one error event, no `[DONE]`, charged.

use tests::{Caller, Events, FakeUpstream, Script, TestServer, chat_events, event, settled};

const INTERRUPTED: &str = "upstream_stream_interrupted";

async fn charged(key: &Caller, requests: u64) {
    settled(requests, || key.used()).await;
}

/// The stream ended with the error event and no `[DONE]`, after exactly the whole events in `before`.
async fn is_interrupted(mut events: Events, before: &str) {
    let data = events.rest().await;
    let text = String::from_utf8_lossy(&events.bytes).into_owned();
    assert!(!events.was_cut(), "the answer itself ends cleanly: {text}");
    assert!(text.starts_with(before), "{text}");
    assert!(!text.contains("[DONE]"), "{text}");
    let last: serde_json::Value = serde_json::from_str(data.last().unwrap()).unwrap();
    assert_eq!(last["error"]["code"], INTERRUPTED, "{text}");
    assert!(last["error"]["message"].as_str().is_some_and(|m| !m.is_empty()) && last["error"]["type"].is_string());
    let rest = text[before.len()..].trim_start();
    assert!(rest.starts_with("data: {\"error\"") && rest.matches("data:").count() == 1, "a cut tail came out: {rest}");
}

async fn interrupted(script: Script, before: &str) {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.next(script);
    is_interrupted(key.chat_stream("hello").stream().await, before).await;
    charged(&key, 1).await;
    // The next request meets a healthy connection.
    let mut healthy = key.chat_stream("hello").stream().await;
    assert_eq!(healthy.rest().await.last().unwrap(), "[DONE]");
}

#[tokio::test]
async fn a_connection_closed_mid_stream_is_an_error_event() {
    let one = event("one");
    interrupted(Script::open_stream([&one]).then_close(), &one).await;
}

#[tokio::test]
async fn a_reset_mid_stream_is_an_error_event() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.by_hand();
    let start = async {
        let mut exchange = upstream.exchange().await;
        exchange.start_stream().await;
        exchange.send_text("one").await;
        exchange
    };
    let (exchange, mut events) = tokio::join!(start, key.chat_stream("hello").stream());
    // A reset may overtake what was sent before it, so it waits until that was seen.
    assert_eq!(events.next_text().await, "one");
    exchange.reset();
    is_interrupted(events, &event("one")).await;
    charged(&key, 1).await;
}

#[tokio::test]
async fn a_cut_inside_an_event_gives_no_half_event() {
    let one = event("one");
    let (half, _) = one.split_at(30);
    interrupted(Script::open_stream([one.as_str(), half]).then_close(), &one).await;
}

#[tokio::test]
async fn a_cut_inside_an_http_chunk_gives_no_half_event() {
    let one = event("one");
    interrupted(Script::open_stream([&one]).and_raw("ff\r\ndata: {\"half").then_close(), &one).await;
}

#[tokio::test]
async fn a_cut_inside_a_character_gives_no_half_character() {
    let one = event("one");
    let duck = event("🦆");
    let at = duck.find('🦆').unwrap() + 2;
    interrupted(Script::open_stream([one.as_bytes(), &duck.as_bytes()[..at]]).then_close(), &one).await;
}

#[tokio::test]
async fn a_clean_end_without_done_is_an_error_event() {
    let one = event("one");
    interrupted(Script::stream([&one]), &one).await;
    interrupted(Script::stream::<&str>([]), "").await;
}

#[tokio::test]
async fn broken_chunk_framing_is_an_error_event() {
    let one = event("one");
    interrupted(Script::open_stream([&one]).and_raw("zz\r\nnot a chunk\r\n").then_close(), &one).await;
}

#[tokio::test]
async fn a_stall_mid_stream_is_an_error_event_and_ends_the_upstream() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::setup().upstream(&upstream).set("upstream.idle_timeout_seconds", "0.3").start().await;
    let key = server.with_key("10RequestPerDay").await;
    let one = event("one");
    upstream.next(Script::open_stream([&one]));
    is_interrupted(key.chat_stream("hello").stream().await, &one).await;
    settled(1, || async { upstream.abandoned() }).await;
    charged(&key, 1).await;
}

#[tokio::test]
async fn a_stream_longer_than_the_total_time_is_an_error_event() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::setup().upstream(&upstream).set("upstream.total_timeout_seconds", "0.5").start().await;
    let key = server.with_key("10RequestPerDay").await;
    let one = event("one");
    upstream.next(Script::open_stream([&one]));
    is_interrupted(key.chat_stream("hello").stream().await, &one).await;
    charged(&key, 1).await;
}

#[tokio::test]
async fn an_error_object_of_the_upstream_passes_as_it_is() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let text =
        format!("{}data: {{\"error\":{{\"message\":\"overloaded\",\"type\":\"x\",\"code\":\"y\"}}}}\n\n", event("one"));
    upstream.next(Script::stream([&text]));
    let mut events = key.chat_stream("hello").stream().await;
    let data = events.rest().await;
    assert!(data[1].contains("overloaded"), "{data:?}");
    assert!(!data.contains(&"[DONE]".to_owned()));
    charged(&key, 1).await;
}

#[tokio::test]
async fn a_whole_answer_cut_short_never_looks_whole() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n";
    upstream.next(Script::raw([head, "{\"id\": \"x\", \"choices\": ["]));
    let cut = key.chat("hello").try_send().await;
    assert!(cut.is_err() || cut.as_ref().is_ok_and(|answer| answer.status >= 500), "{cut:?}");
    charged(&key, 1).await;
}

#[tokio::test]
async fn a_finish_reason_for_every_choice_is_complete_without_done() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let events = chat_events(&["one"]);
    let without_done = events[..events.len() - 1].concat();
    upstream.next(Script::stream([&without_done]));
    let mut stream = key.chat_stream("hello").stream().await;
    stream.rest().await;
    assert_eq!(String::from_utf8_lossy(&stream.bytes), without_done);
}
