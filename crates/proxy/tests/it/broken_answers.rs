//! A broken answer never looks whole.

use std::time::Duration;

use crate::support::*;
use futures_util::StreamExt;
use proxy::{FailureKind, How, Phase, Timeouts, relay};
use tokio::sync::{mpsc, watch};

#[actix_rt::test]
async fn a_clean_end_without_done_is_told_as_an_interruption() {
    for body in [EVENT.to_owned(), format!("{EVENT}data: {{\"half"), format!("{EVENT}data: [DO")] {
        let (got, end) = stream(async |mut up| {
            up.send(STREAM_HEAD).await;
            up.chunk(&body).await;
            up.last_chunk().await;
        })
        .await;
        assert_interrupted(&got.unwrap(), EVENT);
        assert_eq!((end.phase, end.how), failed(FailureKind::Incomplete));
        assert_eq!(end.bytes, EVENT.len() as u64);
    }
    let (got, end) = stream(async |mut up| up.send(format!("{CLOSE_HEAD}{EVENT}")).await).await;
    assert_interrupted(&got.unwrap(), EVENT);
    assert_eq!((end.phase, end.how), failed(FailureKind::Incomplete));
}

#[actix_rt::test]
async fn an_empty_stream_is_told_as_an_interruption() {
    let (got, end) = stream(async |mut up| {
        up.send(STREAM_HEAD).await;
        up.last_chunk().await;
    })
    .await;
    assert_interrupted(&got.unwrap(), "");
    assert_eq!((end.phase, end.how), (Phase::Accepted, How::Failed(FailureKind::Incomplete)));
}

#[actix_rt::test]
async fn a_connection_cut_in_mid_answer_is_told_and_its_half_event_is_dropped() {
    let counted = STREAM_HEAD.replace("transfer-encoding: chunked", "content-length: 5000");
    // Cut between chunks, within a chunk, within a counted body, in garbage: with a close and with a reset.
    for (head, rest) in [
        (STREAM_HEAD, format!("{:x}\r\n{EVENT}\r\n", EVENT.len())),
        (STREAM_HEAD, format!("ff\r\n{EVENT}data: ha")),
        (&counted, format!("{EVENT}data: half a charact\u{e8}")),
        (STREAM_HEAD, format!("{:x}\r\n{EVENT}\r\nnonsense\r\n", EVENT.len())),
    ] {
        for reset in [false, true] {
            let fake = FakeUpstream::start().await;
            let client = fake.client(LONG);
            let (follow, ends) = follow();
            let (seen, mut was_seen) = mpsc::channel(1);
            let upstream = async {
                let mut up = fake.accept().await;
                up.request().await;
                up.send(format!("{head}{rest}")).await;
                // A reset throws away what wasn't read yet.
                was_seen.recv().await.unwrap();
                if reset {
                    up.reset();
                }
            };
            let caller = async {
                let mut answer = relay(&client, chat(true), follow, proxy::never()).await.unwrap();
                let first = answer.body.next().await.unwrap().unwrap();
                assert_eq!(first, EVENT);
                seen.send(()).await.unwrap();
                take(answer).await
            };
            let ((), got) = tokio::join!(upstream, caller);
            assert_interrupted(&got, "");
            let end = only(&ends);
            assert_eq!((end.phase, end.how), failed(FailureKind::Interrupted), "{rest} {reset}");
            assert!(end.cause.is_some());
        }
    }
}

#[actix_rt::test]
async fn after_done_nothing_is_an_interruption() {
    for rest in ["", "data: more", "zz\r\n"] {
        let (got, end) = stream(async |mut up| {
            up.send(STREAM_HEAD).await;
            up.chunk(format!("{EVENT}{DONE}")).await;
            up.send(rest).await;
        })
        .await;
        let got = got.unwrap();
        assert_eq!(got.text(), format!("{EVENT}{DONE}"));
        assert_eq!((end.phase, end.how), finished());
    }
}

#[actix_rt::test]
async fn an_upstream_that_stays_after_done_is_left_by_the_caller_or_the_clock_and_counts_as_finished() {
    let timeouts = Timeouts { idle: SHORT, ..LONG };
    let (got, end) = exchange(timeouts, chat(true), proxy::never(), async |mut up| {
        up.send(STREAM_HEAD).await;
        up.chunk(DONE).await;
        up.closed().await;
    })
    .await;
    assert_eq!(got.unwrap().text(), DONE);
    assert_eq!((end.phase, end.how), finished());

    let fake = FakeUpstream::start().await;
    let client = fake.client(LONG);
    let (follow, ends) = follow();
    let upstream = async {
        let mut up = fake.accept().await;
        up.request().await;
        up.send(STREAM_HEAD).await;
        up.chunk(DONE).await;
        up.closed().await;
    };
    let caller = async {
        let mut answer = relay(&client, chat(true), follow, proxy::never()).await.unwrap();
        assert_eq!(answer.body.next().await.unwrap().unwrap(), DONE);
    };
    tokio::join!(upstream, caller);
    assert_eq!((only(&ends).phase, only(&ends).how), finished());
}

#[actix_rt::test]
async fn an_upstreams_own_error_event_passes_and_is_not_told_twice() {
    let error = "data: {\"error\":{\"message\":\"overloaded\",\"code\":\"server_error\"}}\n\n";
    for (rest, clean) in [("", true), ("", false), ("data: ha", true), ("data: ha", false)] {
        let (got, end) = stream(async |mut up| {
            up.send(STREAM_HEAD).await;
            up.chunk(format!("{EVENT}{error}{rest}")).await;
            if clean {
                up.last_chunk().await;
            }
        })
        .await;
        let got = got.unwrap();
        assert_eq!(got.text(), format!("{EVENT}{error}"));
        assert_eq!(got.aborted, None);
        assert_eq!((end.phase, end.how), failed(FailureKind::UpstreamReported));
    }
}

#[actix_rt::test]
async fn a_stall_in_mid_stream_ends_with_the_error_event() {
    let timeouts = Timeouts { idle: SHORT, ..LONG };
    let (got, end) = exchange(timeouts, chat(true), proxy::never(), async |mut up| {
        up.send(STREAM_HEAD).await;
        up.chunk(format!("{EVENT}data: ha")).await;
        up.closed().await;
    })
    .await;
    assert_interrupted(&got.unwrap(), EVENT);
    assert_eq!((end.phase, end.how), failed(FailureKind::IdleTimeout));
}

#[actix_rt::test]
async fn an_upstream_that_never_ends_is_ended_by_the_total_time() {
    let timeouts = Timeouts { total: Duration::from_millis(150), ..LONG };
    let (got, end) = exchange(timeouts, chat(true), proxy::never(), async |mut up| {
        up.send(STREAM_HEAD).await;
        let chunk = format!("{:x}\r\n{EVENT}\r\n", EVENT.len());
        while tokio::io::AsyncWriteExt::write_all(&mut up.tcp, chunk.as_bytes()).await.is_ok() {}
    })
    .await;
    let text = got.unwrap().text();
    let (before, _) = split_error_event(&text);
    assert_eq!(before.replace(EVENT, ""), "", "whole events only");
    assert_eq!(end.how, How::Failed(FailureKind::TotalTimeout));
}

#[actix_rt::test]
async fn a_shutdown_ends_a_stream_with_the_error_event() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(LONG);
    let (follow, ends) = follow();
    let (stop, stopping) = watch::channel(false);
    let upstream = async {
        let mut up = fake.accept().await;
        up.request().await;
        up.send(STREAM_HEAD).await;
        up.chunk(format!("{EVENT}data: ha")).await;
        up.closed().await;
    };
    let caller = async {
        let mut answer = relay(&client, chat(true), follow, proxy::stop_signal(stopping)).await.unwrap();
        assert_eq!(answer.body.next().await.unwrap().unwrap(), EVENT);
        stop.send_replace(true);
        take(answer).await
    };
    let ((), got) = tokio::join!(upstream, caller);
    assert_interrupted(&got, "");
    let end = only(&ends);
    assert_eq!((end.phase, end.how), failed(FailureKind::ShuttingDown));
}

#[actix_rt::test]
async fn a_failure_within_an_event_too_long_to_hold_aborts_the_transport_without_a_heartbeat() {
    let timeouts = Timeouts { heartbeat: SHORT, idle: SHORT * 5, ..LONG };
    let long = format!("data: {}", "x".repeat(200_000));
    let (got, end) = exchange(timeouts, chat(true), proxy::never(), async |mut up| {
        up.send(STREAM_HEAD).await;
        up.chunk(&long).await;
        up.closed().await;
    })
    .await;
    let got = got.unwrap();
    assert_eq!(got.text(), long);
    assert_eq!(got.aborted.unwrap().kind, FailureKind::IdleTimeout);
    assert_eq!((end.phase, end.how), failed(FailureKind::IdleTimeout));
}

/// The beginning of a JSON answer that is too large to be read before any of it is passed on.
fn large() -> String {
    format!("{{\"a\":\"{}", "x".repeat(100_000))
}

#[actix_rt::test]
async fn a_large_json_answer_that_breaks_off_aborts_the_transport() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let large = large();
    for (rest, kind) in [
        (format!("content-length: 200000\r\n\r\n{large}"), FailureKind::Interrupted),
        (format!("transfer-encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n", large.len()), FailureKind::Interrupted),
        (format!("\r\n{large}"), FailureKind::Incomplete),
    ] {
        let (got, end) = exchange(LONG, chat(false), proxy::never(), async |mut up| {
            up.send(format!("{head}{rest}")).await;
        })
        .await;
        let got = got.unwrap();
        assert_eq!(got.text(), large, "nothing of it is lost or changed");
        assert_eq!(got.aborted.map(|cut| cut.kind), Some(kind));
        assert_eq!((end.phase, end.how), failed(kind));
    }
}

#[actix_rt::test]
async fn a_large_json_answer_that_stalls_is_aborted() {
    let timeouts = Timeouts { idle: SHORT, heartbeat: SHORT / 4, ..LONG };
    let (got, end) = exchange(timeouts, chat(false), proxy::never(), async |mut up| {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 200000\r\n\r\n";
        up.send(format!("{head}{}", large())).await;
        up.closed().await;
    })
    .await;
    let got = got.unwrap();
    assert_eq!((got.text(), got.aborted.unwrap().kind), (large(), FailureKind::IdleTimeout));
    assert_eq!(got.length, Some(200_000), "it would look whole without");
    assert_eq!((end.phase, end.how), failed(FailureKind::IdleTimeout));
}
