//! Healthy answers pass byte for byte; a broken one never looks whole.

use std::{task::Poll, time::Duration};

use crate::support::*;
use futures_util::StreamExt;
use proptest::prelude::*;
use proxy::{Body, Endpoint, FailureKind, How, ModelPolicy, Phase, Request, Timeouts, relay};
use tokio::sync::{mpsc, watch};

const FINISH: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const HEARTBEAT: &str = ": heartbeat\n\n";
const CLOSE_HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

fn finished() -> (Phase, How) {
    (Phase::FirstByte, How::Finished)
}

fn failed(kind: FailureKind) -> (Phase, How) {
    (Phase::FirstByte, How::Failed(kind))
}

// Healthy answers.

#[actix_rt::test]
async fn each_event_goes_out_before_the_next_comes_in() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(Timeouts::default());
    let (follow, ends) = follow();
    let (seen, mut was_seen) = mpsc::channel(1);
    let upstream = async {
        let mut up = fake.accept().await;
        up.request().await;
        up.send(STREAM_HEAD).await;
        for _ in 0..5 {
            up.chunk(EVENT).await;
            was_seen.recv().await.unwrap();
        }
        up.chunk(DONE).await;
        up.last_chunk().await;
    };
    let caller = async {
        let mut answer = relay(&client, chat(true), follow, proxy::never()).await.unwrap();
        assert_eq!(answer.headers.len(), 1);
        for _ in 0..5 {
            assert_eq!(answer.body.next().await.unwrap().unwrap(), EVENT);
            seen.send(()).await.unwrap();
        }
        assert_eq!(answer.body.next().await.unwrap().unwrap(), DONE);
        assert!(answer.body.next().await.is_none());
    };
    tokio::join!(upstream, caller);
    let end = only(&ends);
    assert_eq!((end.phase, end.how), finished());
    assert_eq!(end.bytes, (EVENT.len() * 5 + DONE.len()) as u64);
}

#[actix_rt::test]
async fn odd_but_healthy_streams_pass_byte_for_byte() {
    let several = format!("{EVENT}{EVENT}{FINISH}{DONE}");
    for body in [
        several.clone(),
        several.replace('\n', "\r\n"),
        several.replace('\n', "\r"),
        format!("\u{feff}{several}"),
        format!(": comment\n\n{EVENT}: another\nretry: 10\n{FINISH}"),
        format!("{EVENT}event: x\nid: 1\ndata: a\ndata: b\n\ndata: not json\n\n{DONE}"),
        format!("{EVENT}{FINISH}"),
        format!("{EVENT}data: [DONE]"),
        format!("{EVENT}data: [DONE]\n"),
        format!("{several}{EVENT}after the end"),
        format!("\n\n\n{several}\n\n"),
    ] {
        let (got, end) = stream(async |mut up| {
            up.send(STREAM_HEAD).await;
            up.chunk(&body).await;
            up.last_chunk().await;
        })
        .await;
        let got = got.unwrap();
        assert_eq!(got.text(), body);
        assert_eq!((end.phase, end.how, end.bytes), (Phase::FirstByte, How::Finished, body.len() as u64), "{body:?}");
    }
}

#[actix_rt::test]
async fn one_event_in_a_hundred_packets_comes_out_as_one() {
    let (got, end) = stream(async |mut up| {
        up.tcp.set_nodelay(true).unwrap();
        up.send(STREAM_HEAD).await;
        for byte in EVENT.as_bytes().chunks(1) {
            up.chunk(byte).await;
            tokio::task::yield_now().await;
        }
        up.chunk(DONE).await;
        up.last_chunk().await;
    })
    .await;
    let got = got.unwrap();
    assert!(got.chunks[0].starts_with(EVENT.as_bytes()), "half an event, half a character: {:?}", got.chunks);
    assert_eq!(got.text(), format!("{EVENT}{DONE}"));
    assert_eq!((end.phase, end.how), finished());
}

#[actix_rt::test]
async fn trailers_and_chunk_extensions_are_not_part_of_the_answer() {
    let (got, end) = stream(async |mut up| {
        up.send(STREAM_HEAD).await;
        up.send(format!("{:x};name=value\r\n{DONE}\r\n0\r\nx-trailer: 1\r\nx-other: 2\r\n\r\n", DONE.len())).await;
    })
    .await;
    assert_eq!(got.unwrap().text(), DONE);
    assert_eq!((end.phase, end.how), finished());
}

#[actix_rt::test]
async fn an_answer_without_length_or_chunks_lasts_until_the_close() {
    for head in
        [CLOSE_HEAD.to_owned(), CLOSE_HEAD.replace("connection: close\r\n", ""), CLOSE_HEAD.replace("1.1", "1.0")]
    {
        let (got, end) = stream(async |mut up| up.send(format!("{head}{EVENT}{DONE}")).await).await;
        assert_eq!(got.unwrap().text(), format!("{EVENT}{DONE}"));
        assert_eq!((end.phase, end.how), finished());
    }
}

#[actix_rt::test]
async fn a_line_of_twenty_megabytes_passes_byte_for_byte() {
    let line = format!("data: {{\"x\":\"{}\"}}\n\n", "x".repeat(20 << 20));
    let (got, end) = stream(async |mut up| {
        up.send(STREAM_HEAD).await;
        up.chunk(&line).await;
        up.chunk(DONE).await;
        up.last_chunk().await;
    })
    .await;
    let got = got.unwrap();
    assert!(got.bytes() == format!("{line}{DONE}").into_bytes());
    assert!(got.chunks.len() > 10, "it isn't gathered");
    assert_eq!((end.phase, end.how), finished());
}

#[actix_rt::test]
async fn responses_end_by_their_own_terminal_event() {
    for (last, how) in [
        ("event: response.completed\ndata: {\"type\":\"response.completed\"}\n\n", How::Finished),
        ("event: response.output_text.done\ndata: {}\n\n", How::Failed(FailureKind::Incomplete)),
    ] {
        let bytes = "{\"model\":\"m\",\"input\":\"hi\",\"stream\":true}".into();
        let body = Body::parse(Endpoint::Responses, bytes, &ModelPolicy::default()).unwrap();
        let (got, end) = exchange(Timeouts::default(), Request::new(body), proxy::never(), async |mut up| {
            up.send(STREAM_HEAD).await;
            up.chunk(last).await;
            up.last_chunk().await;
        })
        .await;
        assert_eq!(end.how, how);
        assert_eq!(got.unwrap().text().contains("upstream_stream_interrupted"), how != How::Finished);
    }
}

#[actix_rt::test]
async fn json_for_a_stream_request_passes_as_json() {
    let (got, end) = stream(async |mut up| {
        up.send("HTTP/1.1 200 OK\r\ncontent-type: Application/JSON\r\nserver: x\r\nx-request-id: theirs\r\ncontent-length: 7\r\n\r\n{\"a\":1}")
            .await;
    })
    .await;
    let got = got.unwrap();
    assert_eq!((got.text().as_str(), got.length), ("{\"a\":1}", Some(7)));
    assert_eq!(got.headers, [("content-type".to_owned(), "Application/JSON".to_owned())]);
    assert_eq!((end.phase, end.how), finished());
}

// Broken ones.

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
            let client = fake.client(Timeouts::default());
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
    let timeouts = Timeouts { idle: SHORT, ..Timeouts::default() };
    let (got, end) = exchange(timeouts, chat(true), proxy::never(), async |mut up| {
        up.send(STREAM_HEAD).await;
        up.chunk(DONE).await;
        up.closed().await;
    })
    .await;
    assert_eq!(got.unwrap().text(), DONE);
    assert_eq!((end.phase, end.how), finished());

    let fake = FakeUpstream::start().await;
    let client = fake.client(Timeouts::default());
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
    let timeouts = Timeouts { idle: SHORT, ..Timeouts::default() };
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
    let timeouts = Timeouts { total: Duration::from_millis(150), ..Timeouts::default() };
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
    let client = fake.client(Timeouts::default());
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
        let mut answer = relay(&client, chat(true), follow, proxy::shutdown(stopping)).await.unwrap();
        assert_eq!(answer.body.next().await.unwrap().unwrap(), EVENT);
        stop.send_replace(true);
        take(answer).await
    };
    let ((), got) = tokio::join!(upstream, caller);
    assert_interrupted(&got, "");
    let end = only(&ends);
    assert_eq!((end.phase, end.how), failed(FailureKind::ShuttingDown));
}

// Heartbeats.

#[actix_rt::test]
async fn heartbeats_fill_silence_between_events_and_never_stand_within_one() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(Timeouts { heartbeat: SHORT, ..Timeouts::default() });
    let (follow, ends) = follow();
    let (seen, mut was_seen) = mpsc::channel(1);
    let (half, rest) = EVENT.split_at(20);
    let upstream = async {
        let mut up = fake.accept().await;
        up.request().await;
        up.send(STREAM_HEAD).await;
        was_seen.recv().await.unwrap();
        up.chunk(half).await;
        was_seen.recv().await.unwrap();
        up.chunk(rest).await;
        up.chunk(DONE).await;
        up.last_chunk().await;
    };
    let caller = async {
        let mut answer = relay(&client, chat(true), follow, proxy::never()).await.unwrap();
        for _ in 0..2 {
            assert_eq!(answer.body.next().await.unwrap().unwrap(), HEARTBEAT);
            assert_eq!(answer.body.next().await.unwrap().unwrap(), HEARTBEAT);
            seen.send(()).await.unwrap();
        }
        take(answer).await
    };
    let ((), got) = tokio::join!(upstream, caller);
    assert_eq!(got.text().replace(HEARTBEAT, ""), format!("{EVENT}{DONE}"));
    let end = only(&ends);
    assert_eq!((end.phase, end.how), finished());
    assert_eq!(end.bytes, (EVENT.len() + DONE.len()) as u64, "heartbeats aren't the upstream's bytes");
}

#[actix_rt::test]
async fn heartbeats_alone_are_no_first_byte() {
    let timeouts = Timeouts { heartbeat: SHORT, idle: SHORT * 5, ..Timeouts::default() };
    let (got, end) = exchange(timeouts, chat(true), proxy::never(), async |mut up| {
        up.send(STREAM_HEAD).await;
        up.closed().await;
    })
    .await;
    assert!(got.unwrap().text().starts_with(HEARTBEAT));
    assert_eq!((end.phase, end.how), (Phase::Accepted, How::Failed(FailureKind::IdleTimeout)));
}

#[actix_rt::test]
async fn a_failure_within_an_event_too_long_to_hold_aborts_the_transport_without_a_heartbeat() {
    let timeouts = Timeouts { heartbeat: SHORT, idle: SHORT * 5, ..Timeouts::default() };
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

// Answers that are no stream.

#[actix_rt::test]
async fn a_broken_json_answer_aborts_the_transport() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    for (rest, kind) in [
        ("content-length: 20\r\n\r\n{\"a\":1", FailureKind::Interrupted),
        ("transfer-encoding: chunked\r\n\r\n6\r\n{\"a\":1\r\n", FailureKind::Interrupted),
        ("\r\n{\"a\":1", FailureKind::Incomplete),
        ("\r\n", FailureKind::Incomplete),
    ] {
        let (got, end) = exchange(Timeouts::default(), chat(false), proxy::never(), async |mut up| {
            up.send(format!("{head}{rest}")).await;
        })
        .await;
        assert_eq!(got.unwrap().aborted.map(|cut| cut.kind), Some(kind), "{rest}");
        assert_eq!(end.how, How::Failed(kind));
        assert!(end.phase >= Phase::Accepted);
    }
}

#[actix_rt::test]
async fn a_whole_json_answer_finishes_whatever_its_framing() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nopenai-processing-ms: 12\r\n";
    for rest in [
        "content-length: 7\r\n\r\n{\"a\":1}",
        "transfer-encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n",
        "\r\n{\"a\":1}",
    ] {
        let (got, end) = exchange(Timeouts::default(), chat(false), proxy::never(), async |mut up| {
            up.send(format!("{head}{rest}")).await;
        })
        .await;
        let got = got.unwrap();
        assert_eq!((got.text().as_str(), got.aborted), ("{\"a\":1}", None));
        assert!(got.headers.contains(&("openai-processing-ms".to_owned(), "12".to_owned())));
        assert_eq!((end.phase, end.how), finished());
    }
}

#[actix_rt::test]
async fn a_json_answer_that_stalls_is_aborted() {
    let timeouts = Timeouts { idle: SHORT, heartbeat: SHORT / 4, ..Timeouts::default() };
    let (got, end) = exchange(timeouts, chat(false), proxy::never(), async |mut up| {
        up.send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 20\r\n\r\n{\"a\"").await;
        up.closed().await;
    })
    .await;
    let got = got.unwrap();
    assert_eq!((got.text().as_str(), got.aborted.unwrap().kind), ("{\"a\"", FailureKind::IdleTimeout));
    assert_eq!((end.phase, end.how), failed(FailureKind::IdleTimeout));
}

// Callers.

#[actix_rt::test]
async fn a_caller_who_leaves_closes_the_upstream_at_once_even_in_silence() {
    for first in ["", EVENT] {
        let fake = FakeUpstream::start().await;
        let client = fake.client(Timeouts::default());
        let (follow, ends) = follow();
        let upstream = async {
            let mut up = fake.accept().await;
            up.request().await;
            up.send(STREAM_HEAD).await;
            if !first.is_empty() {
                up.chunk(first).await;
            }
            up.closed().await;
        };
        let caller = async {
            let mut answer = relay(&client, chat(true), follow, proxy::never()).await.unwrap();
            if !first.is_empty() {
                assert_eq!(answer.body.next().await.unwrap().unwrap(), first);
            }
            // It waits in silence once, so that all that could keep it is in place.
            let poll = std::future::poll_fn(|cx| Poll::Ready(answer.body.poll_next_unpin(cx)));
            assert!(poll.await.is_pending());
        };
        tokio::join!(upstream, caller);
        let end = only(&ends);
        let phase = if first.is_empty() { Phase::Accepted } else { Phase::FirstByte };
        assert_eq!((end.phase, end.how), (phase, How::Cancelled));
    }
}

#[actix_rt::test]
async fn a_caller_who_does_not_read_stops_the_upstream() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(Timeouts::default());
    let (follow, _ends) = follow();
    let offered = 256 << 20;
    let upstream = async {
        let mut up = fake.accept().await;
        up.request().await;
        up.send(STREAM_HEAD).await;
        let chunk = format!("{:x}\r\n{}\r\n", EVENT.len() * 1000, EVENT.repeat(1000)).into_bytes();
        let mut taken = 0;
        while taken < offered {
            let write = tokio::io::AsyncWriteExt::write(&mut up.tcp, &chunk);
            match tokio::time::timeout(Duration::from_millis(300), write).await {
                Ok(written) => taken += written.unwrap(),
                Err(_stopped) => break,
            }
        }
        taken
    };
    let caller = async {
        let mut answer = relay(&client, chat(true), follow, proxy::never()).await.unwrap();
        answer.body.next().await.unwrap().unwrap();
        answer
    };
    let (taken, _answer) = tokio::join!(upstream, caller);
    assert!(taken < offered, "the sockets' buffers and no more: {taken}");
}

#[actix_rt::test]
async fn a_slow_caller_is_no_idle_upstream() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(Timeouts { idle: SHORT, ..Timeouts::default() });
    let (follow, ends) = follow();
    let (resume, mut resumed) = mpsc::channel::<()>(1);
    let upstream = async {
        let mut up = fake.accept().await;
        up.request().await;
        up.send(STREAM_HEAD).await;
        up.chunk(EVENT).await;
        resumed.recv().await;
        up.chunk(DONE).await;
        up.last_chunk().await;
    };
    let caller = async {
        let mut answer = relay(&client, chat(true), follow, proxy::never()).await.unwrap();
        assert_eq!(answer.body.next().await.unwrap().unwrap(), EVENT);
        // The caller is busy for longer than the upstream may be silent; nobody waits for the upstream meanwhile.
        tokio::time::sleep(SHORT * 3).await;
        let next = answer.body.next();
        resume.send(()).await.unwrap();
        assert_eq!(next.await.unwrap().unwrap(), DONE);
        assert!(answer.body.next().await.is_none());
    };
    tokio::join!(upstream, caller);
    assert_eq!((only(&ends).phase, only(&ends).how), finished());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_healthy_stream_is_byte_exact_however_it_is_cut(
        pieces in proptest::collection::vec(
            prop_oneof![
                Just(EVENT), Just(": c\r\n\r\n"), Just("data: è🦀\r\n\r\n"), Just("data: a\rdata: b\r\r"), Just("\n"),
                Just("event: x\n"), Just("data\n\n"), Just(FINISH),
            ],
            0..20,
        ),
        cuts in proptest::collection::vec(1usize..60, 1..40),
    ) {
        let body = format!("{}\n\n{DONE}", pieces.concat());
        let (got, end) = actix_rt::System::new().block_on(stream(async |mut up| {
            up.tcp.set_nodelay(true).unwrap();
            up.send(STREAM_HEAD).await;
            let mut rest = body.as_bytes();
            let mut cuts = cuts.iter().cycle();
            while !rest.is_empty() {
                let (chunk, after) = rest.split_at(rest.len().min(*cuts.next().unwrap()));
                up.chunk(chunk).await;
                tokio::task::yield_now().await;
                rest = after;
            }
            up.last_chunk().await;
        }));
        prop_assert_eq!(got.unwrap().text(), body);
        prop_assert_eq!((end.phase, end.how), finished());
    }
}
