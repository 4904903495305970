//! Upstreams that fail before an answer begins: what the caller gets, and what it costs.

use tests::{Caller, FakeUpstream, Script, ServerSetup, TestServer, chat_events, settled};

/// One request, streamed and one not: this status and code, and this much of the quota.
async fn answers(script: Script, status: u16, code: &str, charged: u64) -> Vec<tests::Answer> {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let mut answers = Vec::new();
    for call in [key.chat("hello"), key.chat_stream("hello")] {
        upstream.next(script.clone());
        let answer = call.send().await;
        let error = answer.is_envelope(status);
        assert_eq!(error["code"], code, "{error}");
        assert!(!answer.text().contains("upstream says"), "the upstream's own words: {error}");
        answers.push(answer);
    }
    settled(2 * charged, || key.used()).await;
    assert_eq!(upstream.posts(), 2, "nothing is tried twice");
    key_still_works(&key).await;
    answers
}

async fn key_still_works(key: &Caller) {
    let mut events = key.chat_stream("hello").stream().await;
    assert_eq!(events.rest().await.last().unwrap(), "[DONE]");
}

#[tokio::test]
async fn a_refused_credential_is_our_fault_and_not_retried() {
    for status in [401, 402, 403] {
        for answer in answers(Script::error(status, "upstream says sk-upstr"), 502, "upstream_auth", 0).await {
            assert_eq!(answer.header("x-should-retry"), "false");
            assert!(!answer.text().contains("sk-upstr"));
        }
    }
}

#[tokio::test]
async fn the_upstreams_own_rate_limit_passes_with_its_wait_and_costs_nothing() {
    let headers = ["Retry-After: 7", "x-ratelimit-limit-requests: 500", "x-ratelimit-remaining-requests: 0"];
    let script = Script::answer(429, "application/json", &headers, "{\"error\":{\"message\":\"upstream says no\"}}");
    for answer in answers(script, 429, "upstream_rate_limited", 0).await {
        assert_eq!(answer.header("retry-after"), "7");
        assert_eq!(answer.header("x-should-retry"), "");
        assert_ne!(answer.header("x-ratelimit-limit-requests"), "500");
    }
}

#[tokio::test]
async fn an_upstream_that_is_shut_for_longer_than_sdks_wait_is_not_to_be_asked_again() {
    for (told, should_retry) in [("60", ""), ("61", "false")] {
        let header = format!("Retry-After: {told}");
        let script = Script::answer(429, "application/json", &[header.as_str()], "{\"error\":{\"message\":\"no\"}}");
        for answer in answers(script, 429, "upstream_rate_limited", 0).await {
            assert_eq!(answer.header("retry-after"), told);
            assert_eq!(answer.header("x-should-retry"), should_retry, "{told}");
        }
    }
}

#[tokio::test]
async fn a_failing_upstream_is_a_502_or_503_that_costs_nothing() {
    for (status, ours) in [(500, 502), (502, 502), (503, 503), (504, 502)] {
        let upstream = FakeUpstream::start().await;
        let server = TestServer::before(&upstream).await;
        let key = server.with_key("10RequestPerDay").await;
        upstream.next(Script::error(status, "upstream says no"));
        let answer = key.chat("hello").send().await;
        let error = answer.is_envelope(ours);
        assert!(error["code"].as_str().unwrap().starts_with("upstream_"), "{error}");
        assert_ne!(answer.header("x-should-retry"), "false");
        assert!(!answer.text().contains("upstream says"));
        settled(0, || key.used()).await;
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_costs_nothing() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    for status in [301, 302, 307, 308] {
        upstream.next(Script::answer(status, "text/html", &["Location: /v1/elsewhere"], "moved"));
        let error = key.chat("hello").send().await.is_envelope(502);
        assert!(error["code"].as_str().unwrap().starts_with("upstream_"), "{error}");
    }
    assert_eq!(upstream.posts(), 4);
    settled(0, || key.used()).await;
}

#[tokio::test]
async fn statuses_that_sdks_would_retry_as_ours_become_a_502() {
    for status in [408, 409] {
        let upstream = FakeUpstream::start().await;
        let server = TestServer::before(&upstream).await;
        let key = server.with_key("10RequestPerDay").await;
        upstream.next(Script::error(status, "upstream says no"));
        let answer = key.chat("hello").send().await;
        assert!((500..600).contains(&answer.status), "{status} became {}", answer.status);
        settled(0, || key.used()).await;
    }
}

#[tokio::test]
async fn what_is_wrong_with_the_request_passes_as_the_upstream_said_it_and_is_charged() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    for (number, status) in [400, 404, 413, 422].into_iter().enumerate() {
        let body =
            "{\"error\": {\"message\": \"too many tokens\", \"type\": \"t\", \"param\": \"messages\", \"code\": null}}";
        upstream.next(Script::answer(status, "application/json", &["set-cookie: a=b", "server: x"], body));
        let answer = key.chat_stream("hello").send().await.expect(status);
        assert_eq!(answer.text(), body);
        settled(number as u64 + 1, || key.used()).await;
    }
}

#[tokio::test]
async fn a_refusal_in_html_or_words_keeps_its_status_in_our_envelope() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("30RequestPerDay").await;
    for (status, kind, body) in [
        (413, "text/html", "<html>upstream says too large for sk-upstream-credential</html>"),
        (404, "text/plain", "404 page not found; upstream says hello"),
        (400, "application/json", "upstream says nothing in JSON"),
        (422, "application/json", "upstream says [\"no\"]"),
        (404, "application/json", ""),
    ] {
        for call in [key.chat("hello"), key.chat_stream("hello")] {
            upstream.next(Script::answer(status, kind, &[], body));
            let answer = call.send().await;
            answer.is_error(status, "upstream_refused");
            assert!(!answer.text().contains("upstream says"), "{}", answer.text());
        }
    }
    for beginning in ["upstream says too large for [redacted]", "404 page not found; upstream says hello"] {
        server.output().until(beginning).await;
    }
    settled(0, || key.used()).await;
    for detail in ["{\"detail\":\"Not Found\"}", "[{\"error\":{\"message\":\"too long\"}}]"] {
        upstream.next(Script::answer(404, "text/html", &[], detail));
        let answer = key.chat("hello").send().await.expect(404);
        assert_eq!((answer.text().as_str(), answer.header("content-type")), (detail, "application/json"));
    }
    settled(2, || key.used()).await;
}

#[tokio::test]
async fn an_upstream_that_refuses_a_large_body_unread_is_heard() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let large = "x".repeat(10 << 20);
    let page =
        "HTTP/1.1 413 Too Large\r\ncontent-type: text/html\r\ncontent-length: 6\r\nconnection: close\r\n\r\n<html>";
    for (refusal, status) in [
        (Script::raw([page]), 413),
        (Script::error(413, "too large").then_close(), 413),
        (Script::error(429, "too fast").then_close(), 429),
        (Script::raw::<&str>([]), 502),
    ] {
        upstream.unread(refusal);
        key.chat(&large).send().await.is_envelope(status);
    }
    key_still_works(&key).await;
}

#[tokio::test]
async fn a_page_in_place_of_an_answer_is_a_502_that_costs_nothing() {
    let page = Script::answer(200, "text/html", &[], "<html>upstream says hello</html>");
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let no_type = Script::raw(["HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"]);
    for script in [page, no_type, Script::answer(200, "text/plain", &[], "upstream says hi")] {
        for call in [key.chat("hello"), key.chat_stream("hello")] {
            upstream.next(script.clone());
            let answer = call.send().await;
            answer.is_envelope(502);
            assert!(!answer.text().contains("upstream says"));
        }
    }
    settled(0, || key.used()).await;
}

#[tokio::test]
async fn a_coded_answer_that_nobody_asked_for_is_a_502_that_costs_nothing() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    for coding in ["gzip", "br", "zstd"] {
        let header = format!("content-encoding: {coding}");
        upstream.next(Script::answer(200, "application/json", &[&header], [0x1f, 0x8b, 8, 0]));
        key.chat("hello").send().await.is_envelope(502);
        upstream.next(Script::answer(200, "text/event-stream", &[&header], [0x1f, 0x8b, 8, 0]));
        key.chat_stream("hello").send().await.is_envelope(502);
    }
    settled(0, || key.used()).await;
}

#[tokio::test]
async fn garbage_is_a_502_that_costs_nothing() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("30RequestPerDay").await;
    let endless_head = format!("HTTP/1.1 200 OK\r\nx: {}", "y".repeat(500_000));
    let many_headers = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(5000));
    for garbage in [
        "\u{0}\u{1}\u{2} nonsense\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        "",
        &endless_head,
        &many_headers,
    ] {
        for call in [key.chat("hello"), key.chat_stream("hello")] {
            upstream.next(Script::raw([garbage]));
            let answer = call.send().await;
            assert!((502..=504).contains(&answer.status), "{garbage:.40}: {}", answer.status);
        }
    }
    settled(0, || key.used()).await;
}

#[tokio::test]
async fn a_reset_before_the_head_is_a_502_that_costs_nothing() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    for script in [Script::raw::<&str>([]).then_reset(), Script::raw(["HTTP/1.1 200 O"]).then_reset()] {
        upstream.next(script);
        let error = key.chat_stream("hello").send().await.is_envelope(502);
        assert!(error["code"].as_str().unwrap().starts_with("upstream_"), "{error}");
    }
    settled(0, || key.used()).await;
}

#[tokio::test]
async fn nobody_at_the_upstreams_address_costs_nothing() {
    let gone = FakeUpstream::start().await.base_url();
    let server = TestServer::setup().set("upstream.base_url", gone).start().await;
    let key = server.with_key("10RequestPerDay").await;
    for call in [key.chat("hello"), key.chat_stream("hello")] {
        let answer = call.send().await;
        assert!([502, 503].contains(&answer.status), "{}", answer.text());
        assert!(answer.is_envelope(answer.status)["code"].as_str().unwrap().starts_with("upstream_"));
        assert!(!answer.text().contains("127.0.0.1"), "the upstream's address is nobody's business");
    }
    settled(0, || key.used()).await;
}

#[tokio::test]
async fn a_head_that_never_comes_is_a_504_that_costs_nothing() {
    let upstream = FakeUpstream::start().await;
    let impatient = |setup: ServerSetup| setup.set("upstream.first_byte_timeout_seconds", "0.2");
    let server = impatient(TestServer::setup().upstream(&upstream)).start().await;
    let key = server.with_key("10RequestPerDay").await;
    for script in [Script::silence(), Script::raw(["HTTP/1.1 200 OK\r\ncontent-ty"]).then_stall()] {
        upstream.next(script);
        let error = key.chat_stream("hello").send().await.is_envelope(504);
        assert!(error["code"].as_str().unwrap().starts_with("upstream_"), "{error}");
    }
    settled(2, || async { upstream.abandoned() }).await;
    settled(0, || key.used()).await;
}

#[tokio::test]
async fn returns_are_bounded_by_the_size_of_the_quota() {
    let upstream = FakeUpstream::start().await;
    let plans = [tests::PlanSpec::daily("a", 2)];
    let server = TestServer::setup().upstream(&upstream).plans(&plans).start().await;
    let key = server.with_key("a").await;
    upstream.always(Script::error(500, "upstream says no"));
    for used in [0, 0, 1, 2] {
        key.chat("hello").send().await.is_envelope(502);
        settled(used, || key.used()).await;
    }
    key.chat("hello").send().await.is_error(429, "rate_limit_exceeded");
    assert_eq!(upstream.posts(), 4, "no unlimited free tries");
}

#[tokio::test]
async fn json_in_place_of_a_stream_passes_as_json() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.next(Script::completion("whole"));
    let answer = key.chat_stream("hello").send().await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.json()["choices"][0]["message"]["content"], "whole");
}

#[tokio::test]
async fn trailers_and_a_slow_head_are_no_failure() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let whole = chat_events(&["one"]).concat();
    let mut script = Script::open_stream([&whole]).and_raw("0\r\nx-trailer: yes\r\n\r\n").then_close();
    upstream.next(script.clone());
    let mut events = key.chat_stream("hello").stream().await;
    assert_eq!(events.rest().await.last().unwrap(), "[DONE]");
    assert_eq!(String::from_utf8_lossy(&events.bytes), whole);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    script = Script::raw(head.bytes().map(|byte| vec![byte])).and_raw(tests::chunk(&whole)).and_raw("0\r\n\r\n");
    upstream.next(script);
    let mut events = key.chat_stream("hello").stream().await;
    assert_eq!(events.rest().await.last().unwrap(), "[DONE]");
}

#[tokio::test]
async fn connections_that_the_upstream_closed_meanwhile_fail_no_request() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("unlimited").await;
    // Answers that promise to keep the connection, and then close it.
    upstream.always(Script::completion("hi").then_close());
    for _ in 0..50 {
        key.chat("hello").send().await.expect(200);
    }
    assert_eq!(upstream.posts(), 50);
}
