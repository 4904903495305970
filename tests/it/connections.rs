//! What callers' connections do that HTTP libraries don't show: old versions, half-closed sockets, expectations, and
//! framing that two readers could read in two ways.

use tests::{FakeUpstream, RawClient, Script, TestServer, chat_events, event, settled, within};

const CHAT: &str = "{\"model\":\"m\",\"messages\":[]}";
const STREAM: &str = "{\"model\":\"m\",\"messages\":[],\"stream\":true}";

/// A chat request with these further header lines, each ended by CRLF.
fn chat(version: &str, key: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /v1/chat/completions HTTP/{version}\r\nhost: x\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n{headers}\r\n{body}"
    )
}

async fn sent(server: &TestServer, bytes: impl AsRef<[u8]>) -> RawClient {
    let mut client = server.raw().await;
    client.send(bytes).await.unwrap();
    client
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

#[tokio::test]
async fn http_1_0_callers_get_answers_that_end_with_the_connection() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    for keep in ["", "connection: keep-alive\r\n"] {
        let mut client = sent(&server, chat("1.0", key.secret(), keep, STREAM)).await;
        let (bytes, was_reset) = client.rest_and_end().await;
        let answer = text(bytes);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.0 200 OK"), "{head}");
        assert!(!head.to_lowercase().contains("transfer-encoding"), "{head}");
        assert_eq!(body, chat_events(&["one ", "two ", "three"]).concat());
        assert!(!was_reset);
    }
    let mut client = sent(&server, "GET /metrics HTTP/1.0\r\n\r\n").await;
    let (bytes, was_reset) = client.rest_and_end().await;
    assert!(text(bytes).starts_with("HTTP/1.0 200 OK") && !was_reset);
}

#[tokio::test]
async fn a_broken_answer_to_an_http_1_0_caller_ends_with_a_reset() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let large = format!("{{\"choices\":[\"{}", "x".repeat(100_000));
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    upstream.next(Script::raw([head]).and_raw(tests::chunk(&large)).then_close());
    let mut client = sent(&server, chat("1.0", key.secret(), "", CHAT)).await;
    let (_, was_reset) = client.rest_and_end().await;
    assert!(was_reset, "a clean end would make the half answer look whole");
    // A stream tells it in the stream, and then ends well.
    upstream.next(Script::open_stream([event("one")]).then_close());
    let mut client = sent(&server, chat("1.0", key.secret(), "", STREAM)).await;
    let (bytes, was_reset) = client.rest_and_end().await;
    assert!(text(bytes).contains("upstream_stream_interrupted") && !was_reset);
}

#[tokio::test]
async fn a_caller_who_closes_only_its_sending_side_gets_its_answer() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    for (request, expected) in [
        ("GET /plans HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(), "10RequestPerDay"),
        ("GET /plans HTTP/1.0\r\n\r\n".to_owned(), "10RequestPerDay"),
        (chat("1.1", key.secret(), "", CHAT), "one two three"),
        (chat("1.1", key.secret(), "", STREAM), "data: [DONE]"),
        (chat("1.0", key.secret(), "", CHAT), "one two three"),
        (chat("1.0", key.secret(), "", STREAM), "data: [DONE]"),
    ] {
        let mut client = sent(&server, &request).await;
        client.finish().await;
        let (bytes, was_reset) = client.rest_and_end().await;
        let answer = text(bytes);
        assert!(answer.contains(" 200 OK\r\n") && answer.contains(expected) && !was_reset, "{request}\n{answer}");
    }
    settled(4, || key.used()).await;
}

#[tokio::test]
async fn a_half_closed_caller_waits_for_a_slow_model_and_reads_a_slow_stream() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.by_hand();
    let mut client = sent(&server, chat("1.1", key.secret(), "", STREAM)).await;
    let mut exchange = upstream.exchange().await;
    client.finish().await;
    // That we wrote this shows that we have noticed the half-closed connection.
    client.until("HTTP/1.1 100 Continue\r\n\r\n").await;
    exchange.start_stream().await;
    exchange.send_text("late").await;
    client.until("late").await;
    exchange.finish_stream().await;
    let (bytes, was_reset) = client.rest_and_end().await;
    assert!(text(bytes).contains("data: [DONE]") && !was_reset);

    let mut client = sent(&server, chat("1.1", key.secret(), "", STREAM)).await;
    let mut exchange = upstream.exchange().await;
    exchange.start_stream().await;
    exchange.send_text("early").await;
    client.until("early").await;
    client.finish().await;
    // The stream's own way to see whether somebody is there.
    client.until("\n:").await;
    exchange.send_text("late").await;
    client.until("late").await;
    exchange.finish_stream().await;
    let (bytes, was_reset) = client.rest_and_end().await;
    assert!(text(bytes).contains("data: [DONE]") && !was_reset);
    settled(2, || key.used()).await;
}

#[tokio::test]
async fn an_interim_answer_stands_between_answers_only() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.by_hand();
    let mut client = sent(&server, chat("1.1", key.secret(), "", STREAM).repeat(2)).await;
    let mut first = upstream.exchange().await;
    first.start_stream().await;
    first.send_text("first").await;
    client.until("first").await;
    client.finish().await;
    client.until("\n:").await;
    first.finish_stream().await;
    // The second begins in the very step in which the first one's end is written.
    let mut second = upstream.exchange().await;
    second.start_stream().await;
    second.send_text("second").await;
    second.finish_stream().await;
    let answer = client.answer().await.unwrap();
    assert!(text(answer.body).ends_with("data: [DONE]\n\n"), "a body with nothing in between");
    let mut answer = client.answer().await.unwrap();
    if answer.status == 100 {
        answer = client.answer().await.unwrap();
    }
    assert!(text(answer.body).contains("second"));
    settled(2, || key.used()).await;
}

#[tokio::test]
async fn an_http_1_0_caller_who_leaves_before_the_head_cancels_the_upstream() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.by_hand();
    let client = sent(&server, chat("1.0", key.secret(), "", STREAM)).await;
    let exchange = upstream.exchange().await;
    drop(client);
    exchange.closed().await;
    settled(1, || key.used()).await;
}

const EXPECT: &str = "expect: 100-continue\r\n";

/// The head alone of a chat request that asks whether its body is wanted.
fn expecting(key: &str, length: usize) -> String {
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n{EXPECT}\r\n"
    )
}

#[tokio::test]
async fn a_body_is_asked_for_only_when_it_will_be_read() {
    let upstream = FakeUpstream::start().await;
    let plans = [tests::PlanSpec::daily("one", 1)];
    let server = TestServer::setup().upstream(&upstream).plans(&plans).start().await;
    let key = server.with_key("one").await;
    let unknown = tests::unknown_key(1);
    // Refused before anything is asked for, and the connection ends, since the body may or may not follow.
    let refused = |head: String, status: u16| {
        let server = &server;
        async move {
            let mut client = sent(server, head).await;
            let answer = client.answer().await.unwrap();
            assert_eq!(answer.status, status, "{}", answer.head);
            assert!(answer.head.contains("connection: close"), "{}", answer.head);
            assert!(client.rest().await.is_empty());
        }
    };
    refused(expecting(&unknown, CHAT.len()), 401).await;
    refused(expecting(key.secret(), 1 << 30), 413).await;
    refused(format!("POST /sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10000000\r\n{EXPECT}\r\n"), 413).await;

    // Head in two pieces, name in another case.
    let head = expecting(key.secret(), CHAT.len()).replace("expect:", "Expect:");
    let (first, second) = head.split_at(head.find("xpect").unwrap());
    let mut client = sent(&server, first).await;
    client.send(second).await.unwrap();
    client.until("HTTP/1.1 100 Continue\r\n\r\n").await;
    assert_eq!(upstream.posts(), 0);
    client.send(CHAT).await.unwrap();
    assert_eq!(client.answer().await.unwrap().status, 100);
    assert_eq!(client.answer().await.unwrap().status, 200);
    // On the same connection: the quota is spent now, and a refusal comes without being asked for the body.
    client.send(expecting(key.secret(), CHAT.len())).await.unwrap();
    assert_eq!(client.answer().await.unwrap().status, 429);
    assert_eq!(upstream.posts(), 1);
    settled(1, || key.used()).await;
}

#[tokio::test]
async fn a_caller_who_expects_and_sends_all_the_same_is_served() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let mut client = sent(&server, chat("1.1", key.secret(), EXPECT, CHAT)).await;
    assert_eq!(client.answer().await.unwrap().status, 100);
    assert_eq!(client.answer().await.unwrap().status, 200);
    let mut client = sent(&server, chat("1.0", key.secret(), EXPECT, CHAT)).await;
    let (bytes, _) = client.rest_and_end().await;
    assert!(text(bytes).starts_with("HTTP/1.0 200 OK"), "HTTP/1.0 knows no interim answers");
    let mut client = sent(&server, "GET /plans HTTP/1.1\r\nhost: x\r\nexpect: 100-continue\r\n\r\n").await;
    assert_eq!(client.answer().await.unwrap().status, 200, "there is no body to ask for");
}

#[tokio::test]
async fn a_bare_line_feed_ends_no_line() {
    let server = TestServer::setup().set("log.level", "info").start().await;
    let post =
        "POST /sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunked = |body: &str| format!("{post}{body}");
    for request in [
        "GET /plans HTTP/1.1\nhost: x\n\n".to_owned(),
        "GET /plans HTTP/1.1\r\nhost: x\n\r\n".to_owned(),
        "GET /plans HTTP/1.1\r\nhost: x\r\n\n".to_owned(),
        "GET /plans HTTP/1.1\r\nhost: x\r\nupgrade: h2c\nx: y\r\n\r\n".to_owned(),
        "\nGET /plans HTTP/1.1\r\nhost: x\r\n\r\n".to_owned(),
        chunked("2\n{}\r\n0\r\n\r\n"),
        chunked("2;a=b\n{}\r\n0\r\n\r\n"),
        chunked("2\r\n{}\n0\r\n\r\n"),
        chunked("2\r\n{}\r\n0\n\r\n"),
        chunked("2\r\n{}\r\n0\r\nx: y\n\r\n"),
        chunked("2\r\n{}\r\n0\r\n\n"),
    ] {
        for pieces in [vec![request.as_bytes()], request.as_bytes().chunks(1).collect()] {
            let mut client = server.raw().await;
            for piece in pieces {
                // The refusal may come before all is sent.
                let _ = client.send(piece).await;
            }
            let answer = client.answer().await.unwrap_or_else(|| panic!("no answer to {request:?}"));
            assert_eq!(answer.status, 400, "{request:?}");
        }
    }
    let mut client = sent(&server, "\r\n\r\nGET /plans HTTP/1.1\r\nhost: x\r\n\r\n".repeat(2)).await;
    for _ in 0..2 {
        assert_eq!(client.answer().await.unwrap().status, 200, "blank lines before a request are no fault");
    }
    let trailer = chunked("2;a=b\r\n{}\r\n0\r\nx: y\r\n\r\n");
    let mut client = sent(&server, format!("{trailer}{trailer}GET /plans HTTP/1.1\r\nhost: x\r\n\r\n")).await;
    for status in [422, 422, 200] {
        assert_eq!(client.answer().await.unwrap().status, status);
    }
}

#[tokio::test]
async fn no_caller_fills_the_log_with_what_cant_be_parsed() {
    let noise = ["nonsense\r\n\r\n", "GET / HTTP/1.1\nhost: x\n\n", "GET / HTTP/9.9\r\n\r\n"];
    let long = format!("GET / HTTP/1.1\r\nx: {}\r\n\r\n", "y".repeat(300_000));
    for level in ["info", "debug"] {
        let server = TestServer::setup().set("log.level", level).start().await;
        for bytes in noise.into_iter().chain([long.as_str()]) {
            let mut client = server.raw().await;
            let _ = client.send(bytes).await;
            within("the refusal", client.rest()).await;
        }
        server.anonymous().get("/plans").send().await.expect(200);
        // Its line in the log; the announcement names the path too.
        server.output().until("path=/plans").await;
        let said = server.output().text();
        assert!(!said.contains("ERROR"), "{said}");
        assert_eq!(said.contains("DEBUG") && said.contains("arse"), level == "debug", "{level}: {said}");
    }
}
