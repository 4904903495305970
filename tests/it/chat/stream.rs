//! Streams: every event at once, byte for byte.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use tests::{FakeUpstream, Script, TestServer, chat_events, chunk};
use tokio::join;

#[tokio::test]
async fn each_event_arrives_before_the_next_is_sent() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.by_hand();
    let start = async {
        let mut exchange = upstream.exchange().await;
        exchange.start_stream().await;
        exchange
    };
    let (mut exchange, mut events) = join!(start, key.chat_stream("hello").stream());
    for word in ["one ", "two ", "three ", "four ", "five"] {
        exchange.send_text(word).await;
        assert_eq!(events.next_text().await, word);
    }
    exchange.finish_stream().await;
    assert_eq!(events.rest().await.last().unwrap(), "[DONE]");
    assert!(!events.was_cut());
    assert_eq!(key.used().await, 1);
}

#[tokio::test]
async fn the_head_arrives_before_the_first_event() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.next(Script::open_stream::<&str>([]));
    let events = key.chat_stream("hello").stream().await;
    assert_eq!(events.headers["x-ratelimit-remaining-requests"], "9");
    assert_eq!(events.headers["cache-control"], "no-store");
}

#[tokio::test]
async fn a_stream_keeps_its_bytes_however_they_are_cut() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("unlimited").await;
    let whole = chat_events(&["plain", "ünïcödé 十🦆", " \\n\\r \u{2028} "]).concat();
    let with_comments = format!(": a comment\n\n{}", whole.replacen("data: ", "event: x\nid: 7\nretry: 5\ndata:", 1));
    let crlf = whole.replace('\n', "\r\n");
    for text in [whole, with_comments, crlf] {
        for size in [1, 2, 3, 7, 50, 100_000] {
            upstream.next(Script::stream(text.as_bytes().chunks(size)));
            let mut events = key.chat_stream("hello").stream().await;
            events.rest().await;
            assert_eq!(String::from_utf8_lossy(&events.bytes), text, "in pieces of {size}");
        }
    }
}

#[test]
fn a_stream_cut_anywhere_keeps_its_bytes() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (upstream, server, key) = runtime.block_on(async {
        let upstream = FakeUpstream::start().await;
        let server = TestServer::before(&upstream).await;
        let key = server.with_key("unlimited").await;
        (upstream, server, key)
    });
    let texts = prop::collection::vec("\\PC{0,30}", 0..6);
    let sizes = prop::collection::vec(1usize..60, 1..40);
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let result = runner.run(&(texts, sizes), |(texts, sizes)| {
        let texts: Vec<_> = texts.iter().map(String::as_str).collect();
        let whole = chat_events(&texts).concat();
        let mut rest = whole.as_bytes();
        let mut pieces = Vec::new();
        for size in sizes.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, more) = rest.split_at((*size).min(rest.len()));
            pieces.push(piece);
            rest = more;
        }
        upstream.next(Script::stream(pieces));
        let received = runtime.block_on(async {
            let mut events = key.chat_stream("hello").stream().await;
            events.rest().await;
            events.bytes
        });
        prop_assert_eq!(String::from_utf8(received).unwrap(), whole);
        Ok(())
    });
    drop(server);
    result.unwrap();
}

#[tokio::test]
async fn a_long_line_passes_whole() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let text = "long ".repeat(1_000_000);
    let whole = chat_events(&[&text]).concat();
    upstream.next(Script::stream(whole.as_bytes().chunks(100_000)));
    let mut events = key.chat_stream("hello").stream().await;
    events.rest().await;
    assert_eq!(events.bytes.len(), whole.len());
    assert!(events.bytes == whole.as_bytes());
}

#[tokio::test]
async fn silence_is_filled_with_comments_between_events_only() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::setup().upstream(&upstream).set("upstream.heartbeat_seconds", "0.05").start().await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.by_hand();
    let start = async {
        let mut exchange = upstream.exchange().await;
        exchange.start_stream().await;
        exchange
    };
    let (mut exchange, mut events) = join!(start, key.chat_stream("hello").stream());
    events.comment().await;
    let event = tests::event("whole");
    let (head, tail) = event.split_at(20);
    exchange.send(chunk(head)).await;
    exchange.send(chunk(tail)).await;
    assert_eq!(events.next_text().await, "whole");
    exchange.finish_stream().await;
    assert_eq!(events.rest().await.last().unwrap(), "[DONE]");
}

#[tokio::test]
async fn a_whole_answer_passes_byte_for_byte() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let body = "{ \"id\" : \"x\",\n \"choices\": [ ], \"odd\": 1e400, \"text\": \"\\u00e4\" }";
    upstream.next(Script::answer(200, "application/json", &[], body));
    let answer = key.chat("hello").send().await.expect(200);
    assert_eq!(answer.text(), body);
    assert_eq!(answer.header("x-ratelimit-limit-requests"), "10");
    assert_eq!(answer.header("x-ratelimit-remaining-requests"), "9");
    assert_eq!(key.used().await, 1);
}
