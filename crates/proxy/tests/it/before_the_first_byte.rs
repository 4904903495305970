//! Every way to fail before a byte goes to the caller is a typed failure, and its end tells the right phase.

use std::{sync::Arc, time::Duration};

use crate::support::*;
use proxy::{
    Body, Client, Credential, Endpoint, Failure, FailureKind, How, ModelPolicy, Phase, Request, Timeouts, Upstream,
    relay,
};

fn failed(kind: FailureKind) -> How {
    How::Failed(kind)
}

#[actix_rt::test]
async fn a_port_where_nobody_listens_is_unreachable_and_nothing_was_sent() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(LONG);
    drop(fake);
    let (follow, ends) = follow();
    let failure = relay(&client, chat(true), follow, proxy::never()).await.unwrap_err();
    assert!(matches!(failure, Failure::Unreachable { .. }), "{failure:?}");
    let end = only(&ends);
    assert_eq!((end.phase, end.how), (Phase::NotSent, failed(FailureKind::Unreachable)));
}

#[actix_rt::test]
async fn a_host_without_tls_or_that_stalls_in_its_handshake_is_unreachable() {
    let fake = FakeUpstream::start().await;
    let timeouts = Timeouts { connect: Duration::from_millis(200), ..LONG };
    let client = Client::new(Arc::new(Upstream::new(&fake.base_url("https"), Credential::None, timeouts).unwrap()));
    for plain in [true, false] {
        let (follow, ends) = follow();
        let upstream = async {
            let mut connection = fake.accept().await;
            if plain {
                connection.send("HTTP/1.1 400 Bad Request\r\n\r\n").await;
            }
            connection.closed().await;
        };
        let (answer, ()) = tokio::join!(relay(&client, chat(true), follow, proxy::never()), upstream);
        assert!(matches!(answer, Err(Failure::Unreachable { .. })), "{answer:?}");
        assert_eq!(only(&ends).phase, Phase::NotSent);
    }
}

#[actix_rt::test]
async fn a_connection_that_ends_before_a_status_is_told_as_disconnected() {
    for start in ["", "HTTP/1.1 200 O", "HTTP/1.1 200 OK\r\ncontent-type: text/ev", "220 smtp.example ESMTP\r\n\r\n"] {
        let (got, end) = stream(async |mut up| up.send(start).await).await;
        assert!(matches!(got, Err(Failure::Disconnected { .. })), "{start:?}: {got:?}");
        assert_eq!((end.phase, end.how), (Phase::Sent, failed(FailureKind::Disconnected)), "{start:?}");
    }
    let (got, end) = stream(async |up| up.reset()).await;
    assert!(matches!(got, Err(Failure::Disconnected { .. })), "{got:?}");
    assert_eq!(end.phase, Phase::Sent);
}

#[actix_rt::test]
async fn an_endless_head_is_refused() {
    let (got, _) = stream(async |mut up| {
        up.send("HTTP/1.1 200 OK\r\n").await;
        let field = format!("a: {}\r\n", "x".repeat(1000));
        while tokio::io::AsyncWriteExt::write_all(&mut up.tcp, field.as_bytes()).await.is_ok() {}
    })
    .await;
    assert!(matches!(got, Err(Failure::Disconnected { .. })), "{got:?}");
}

#[actix_rt::test]
async fn a_stall_before_the_status_times_out_and_closes_the_upstream() {
    let timeouts = Timeouts { first_byte: SHORT, ..LONG };
    let (got, end) = exchange(timeouts, chat(true), proxy::never(), async |mut up| up.closed().await).await;
    assert_eq!(got.unwrap_err(), Failure::HeadTimeout);
    assert_eq!((end.phase, end.how), (Phase::Sent, failed(FailureKind::HeadTimeout)));
}

#[actix_rt::test]
async fn statuses_that_are_not_about_the_request_are_failures() {
    for status in [301, 302, 307, 401, 403, 408, 409, 429, 500, 502, 503, 504, 529] {
        let (got, end) = stream(async |mut up| {
            let head = format!(
                "HTTP/1.1 {status} X\r\nlocation: http://127.0.0.1:1/\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{{}}"
            );
            up.send(head).await;
        })
        .await;
        let Failure::Status { status: told, .. } = got.unwrap_err() else { panic!("{status}") };
        assert_eq!(told.as_u16(), status);
        assert_eq!((end.phase, end.how), (Phase::Sent, failed(FailureKind::UpstreamStatus)));
        assert_eq!(end.upstream_status, Some(status));
    }
}

#[actix_rt::test]
async fn retry_after_of_a_429_is_kept_when_it_is_one() {
    for (value, kept) in [
        ("20", true),
        ("123456789", true),
        ("1234567890", false),
        ("Wed, 21 Oct 2026 07:28:00 GMT", true),
        ("Wed, 21 Oct 2026 07:28:00 CET", false),
        ("tomorrow, GMT", false),
        ("soon", false),
        ("-1", false),
    ] {
        let (got, _) = stream(async |mut up| {
            up.send(format!("HTTP/1.1 429 X\r\nretry-after: {value}\r\ncontent-length: 0\r\n\r\n")).await;
        })
        .await;
        let Err(Failure::Status { retry_after, .. }) = got else { panic!("{got:?}") };
        assert_eq!(retry_after.is_some(), kept, "{value}");
    }
}

#[actix_rt::test]
async fn what_a_401_says_reaches_the_log_without_our_credential() {
    let text = format!("Incorrect API key provided: {CREDENTIAL}.");
    let (got, end) = stream(async |mut up| {
        up.send(format!("HTTP/1.1 401 X\r\ncontent-length: {}\r\n\r\n{text}", text.len())).await;
    })
    .await;
    let Err(Failure::Status { text: Some(text), .. }) = got else { panic!("{got:?}") };
    assert_eq!(text, "Incorrect API key provided: [redacted].");
    let cause = end.cause.unwrap();
    assert!(cause.contains("Incorrect API key") && !cause.contains(CREDENTIAL), "{cause}");
}

#[actix_rt::test]
async fn an_endless_error_body_neither_fills_memory_nor_waits() {
    let (got, _) = stream(async |mut up| {
        up.send("HTTP/1.1 500 X\r\ntransfer-encoding: chunked\r\n\r\n").await;
        while tokio::io::AsyncWriteExt::write_all(&mut up.tcp, b"400\r\n").await.is_ok() {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut up.tcp, &[b'x'; 1024]).await;
            let _ = tokio::io::AsyncWriteExt::write_all(&mut up.tcp, b"\r\n").await;
        }
    })
    .await;
    let Err(Failure::Status { text: Some(text), .. }) = got else { panic!("{got:?}") };
    assert_eq!(text.len(), 2048);
}

#[actix_rt::test]
async fn a_4xx_about_the_request_passes_as_it_is_and_counts_as_accepted() {
    for status in [400, 404, 405, 413, 415, 422] {
        let (got, end) = stream(async |mut up| {
            up.send(format!(
                "HTTP/1.1 {status} X\r\ncontent-type: application/json; charset=utf-8\r\nset-cookie: a=b\r\n\
                 retry-after: 1\r\nx-ratelimit-limit-requests: 5\r\ncontent-length: 15\r\n\r\n{{\"error\":\"no!\"}}"
            ))
            .await;
        })
        .await;
        let got = got.unwrap();
        assert_eq!((got.status, got.text().as_str(), got.length), (status, "{\"error\":\"no!\"}", Some(15)));
        assert_eq!(got.headers, [("content-type".to_owned(), "application/json; charset=utf-8".to_owned())]);
        assert_eq!((end.phase, end.how, end.upstream_status), (Phase::FirstByte, How::Finished, Some(status)));
    }
}

#[actix_rt::test]
async fn a_4xx_in_json_under_another_name_gets_the_right_one_and_keeps_its_other_headers() {
    let head = "HTTP/1.1 400 X\r\ncontent-type: text/plain\r\nopenai-processing-ms: 12\r\ncontent-length: 2\r\n\r\n{}";
    let (got, _) = stream(async |mut up| up.send(head).await).await;
    let expected = [("openai-processing-ms", "12"), ("content-type", "application/json")];
    assert_eq!(got.unwrap().headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
}

#[actix_rt::test]
async fn an_error_in_a_200_is_a_failure_that_was_not_accepted() {
    let error = format!("{{\"error\":{{\"message\":\"no {CREDENTIAL}\",\"code\":429}}}}");
    let json =
        format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{error}", error.len());
    let event = format!("data: {error}\n\n");
    let event = format!("{STREAM_HEAD}{:x}\r\n{event}\r\n", event.len());
    for answer in [json, event] {
        for heartbeat in [LONG.heartbeat, Duration::ZERO] {
            let timeouts = Timeouts { heartbeat, ..LONG };
            let (got, end) =
                exchange(timeouts, chat(true), proxy::never(), async |mut up| up.send(&answer).await).await;
            let Err(Failure::Reported { error, text, .. }) = got else { panic!("{answer}: {got:?}") };
            assert_eq!((error.status.as_u16(), error.message.as_str()), (429, "no [redacted]"));
            assert!(!text.contains(CREDENTIAL));
            assert_eq!((end.phase, end.how), (Phase::Sent, failed(FailureKind::UpstreamReported)));
        }
    }
}

#[actix_rt::test]
async fn a_4xx_that_is_no_json_is_a_failure_with_its_beginning_for_the_log() {
    for (body, text) in
        [("", None), (" \n", None), ("{\"half", Some("{\"half")), ("404 sk-upstream-secret", Some("404 [redacted]"))]
    {
        let answer =
            format!("HTTP/1.1 404 X\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        let (got, end) = stream(async |mut up| up.send(answer).await).await;
        let Failure::NotJson { status, text: told } = got.unwrap_err() else { panic!("{body}") };
        assert_eq!((status.as_u16(), told.as_deref()), (404, text));
        assert_eq!((end.phase, end.how), (Phase::Sent, How::Failed(FailureKind::BadContentType)));
    }
}

#[actix_rt::test]
async fn a_small_json_answer_that_breaks_off_is_a_failure_but_was_accepted() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    for (rest, kind) in [
        ("content-length: 20\r\n\r\n{\"a\":1", FailureKind::Interrupted),
        ("transfer-encoding: chunked\r\n\r\n6\r\n{\"a\":1\r\n", FailureKind::Interrupted),
        ("\r\n{\"a\":1", FailureKind::Incomplete),
        ("\r\n", FailureKind::Incomplete),
    ] {
        let (got, end) = exchange(LONG, chat(false), proxy::never(), async |mut up| {
            up.send(format!("{head}{rest}")).await;
        })
        .await;
        assert_eq!(got.unwrap_err().kind(), kind, "{rest}");
        assert_eq!((end.phase, end.how), (Phase::Accepted, How::Failed(kind)));
    }
}

#[actix_rt::test]
async fn an_early_answer_that_is_no_refusal_waits_until_the_request_is_sent() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(LONG);
    let (guard, ends) = follow();
    let body = format!("{{\"model\":\"m\",\"messages\":[\"{}\"]}}", "x".repeat(16 << 20));
    let body = Body::parse(Endpoint::ChatCompletions, body.into(), &ModelPolicy::default()).unwrap();
    let upstream = async {
        let mut up = fake.accept().await;
        up.send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}").await;
        up.request().await;
    };
    let caller = async { take(relay(&client, Request::new(body), guard, proxy::never()).await.unwrap()).await };
    let ((), got) = tokio::join!(upstream, caller);
    assert_eq!((got.status, got.text().as_str(), only(&ends).how), (200, "{}", How::Finished));
}

#[actix_rt::test]
async fn an_early_refusal_is_heard_while_the_request_is_still_being_sent() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(LONG);
    let (first, ends) = follow();
    let body = format!("{{\"model\":\"m\",\"messages\":[\"{}\"]}}", "x".repeat(16 << 20));
    let body = Body::parse(Endpoint::ChatCompletions, body.into(), &ModelPolicy::default()).unwrap();
    let upstream = async {
        let mut up = fake.accept().await;
        // Keeps the connection open and reads no more.
        up.send("HTTP/1.1 413 X\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n{\"error\":\"no!\"}")
            .await;
        up
    };
    let caller = async { take(relay(&client, Request::new(body), first, proxy::never()).await.unwrap()).await };
    let (_up, got) = tokio::join!(upstream, caller);
    assert_eq!((got.status, got.text().as_str()), (413, "{\"error\":\"no!\"}"));
    assert_eq!(only(&ends).how, How::Finished);
    // Nothing else is sent on that connection.
    let (next, ends) = follow();
    let upstream = async {
        let mut up = fake.accept().await;
        up.request().await;
        up.send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}").await;
    };
    let caller = async { take(relay(&client, chat(false), next, proxy::never()).await.unwrap()).await };
    let ((), got) = tokio::join!(upstream, caller);
    assert_eq!((got.status, only(&ends).how), (200, How::Finished));
}

#[actix_rt::test]
async fn a_4xx_whose_body_is_too_long_breaks_off_or_is_coded_is_a_failure_but_was_accepted() {
    let long = format!("HTTP/1.1 400 X\r\ncontent-length: 2000000\r\n\r\n{}", "x".repeat(2_000_000));
    let short = "HTTP/1.1 400 X\r\ncontent-length: 20\r\n\r\n{\"error\"".to_owned();
    let coded = "HTTP/1.1 400 X\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx".to_owned();
    for (answer, kind) in
        [(long, FailureKind::BadErrorBody), (short, FailureKind::BadErrorBody), (coded, FailureKind::Coded)]
    {
        let (got, end) = stream(async |mut up| {
            let _ = tokio::io::AsyncWriteExt::write_all(&mut up.tcp, answer.as_bytes()).await;
        })
        .await;
        assert_eq!(got.unwrap_err().kind(), kind);
        assert_eq!((end.phase, end.upstream_status), (Phase::Accepted, Some(400)));
    }
}

#[actix_rt::test]
async fn a_200_that_is_no_answer_is_a_failure_and_was_not_accepted() {
    for (fields, kind) in [
        ("content-type: text/html\r\n", FailureKind::BadContentType),
        ("content-type: text/plain; a=application/json\r\n", FailureKind::BadContentType),
        ("", FailureKind::BadContentType),
        ("content-type: text/event-stream\r\ncontent-encoding: gzip\r\n", FailureKind::Coded),
        ("content-type: text/event-stream\r\ncontent-encoding: br\r\n", FailureKind::Coded),
    ] {
        let (got, end) = stream(async |mut up| {
            up.send(format!("HTTP/1.1 200 OK\r\n{fields}content-length: 6\r\n\r\n<html>")).await;
        })
        .await;
        assert_eq!(got.unwrap_err().kind(), kind, "{fields}");
        assert_eq!((end.phase, end.upstream_status), (Phase::Sent, Some(200)));
    }
    // A stream where none was asked for is no answer either.
    let (got, _) = exchange(LONG, chat(false), proxy::never(), async |mut up| {
        up.send("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: 0\r\n\r\n").await;
    })
    .await;
    assert_eq!(got.unwrap_err().kind(), FailureKind::BadContentType);
}

#[actix_rt::test]
async fn interim_answers_are_dropped_and_never_become_the_next_requests_answer() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(LONG);
    let upstream = async {
        let mut up = fake.accept().await;
        for body in ["{\"n\":1}", "{\"n\":2}"] {
            up.request().await;
            up.send("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n").await;
            up.send(format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{body}"))
                .await;
        }
    };
    let caller = async {
        for body in ["{\"n\":1}", "{\"n\":2}"] {
            let (follow, _) = follow();
            let answer = relay(&client, chat(false), follow, proxy::never()).await.unwrap();
            assert_eq!(take(answer).await.text(), body);
        }
    };
    tokio::join!(upstream, caller);
}

#[actix_rt::test]
async fn a_caller_who_leaves_before_the_status_closes_the_upstream_and_counts_as_sent() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(LONG);
    let (follow, ends) = follow();
    let upstream = async {
        let mut up = fake.accept().await;
        up.request().await;
        up
    };
    let mut up = tokio::select! {
        answer = relay(&client, chat(true), follow, proxy::never()) => panic!("{answer:?}"),
        up = upstream => up,
    };
    up.closed().await;
    let end = only(&ends);
    assert_eq!((end.phase, end.how, end.upstream_status), (Phase::Sent, How::Cancelled, None));
}

#[actix_rt::test]
async fn a_caller_who_leaves_before_a_connection_stands_sent_nothing() {
    let fake = FakeUpstream::start().await;
    let client = Client::new(Arc::new(Upstream::new(&fake.base_url("https"), Credential::None, LONG).unwrap()));
    let (follow, ends) = follow();
    let upstream = async {
        // The handshake has begun, and stays without an answer.
        let mut up = fake.accept().await;
        tokio::io::AsyncReadExt::read_u8(&mut up.tcp).await.unwrap();
        up
    };
    let mut up = tokio::select! {
        answer = relay(&client, chat(true), follow, proxy::never()) => panic!("{answer:?}"),
        up = upstream => up,
    };
    up.closed().await;
    assert_eq!((only(&ends).phase, only(&ends).how), (Phase::NotSent, How::Cancelled));
}

#[actix_rt::test]
async fn a_shutdown_before_the_status_ends_the_request() {
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let (got, end) = exchange(LONG, chat(true), proxy::stop_signal(stopping), async |mut up| {
        stop.send(true).unwrap();
        up.closed().await;
    })
    .await;
    assert_eq!(got.unwrap_err(), Failure::ShuttingDown);
    assert_eq!((end.phase, end.how), (Phase::Sent, failed(FailureKind::ShuttingDown)));
}
