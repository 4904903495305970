//! Silence is filled, a caller who leaves ends the upstream, and one who is slow holds it back.

use std::{task::Poll, time::Duration};

use crate::support::*;
use futures_util::StreamExt;
use proxy::{FailureKind, How, Phase, Timeouts, relay};
use tokio::sync::mpsc;

#[actix_rt::test]
async fn heartbeats_fill_silence_between_events_and_never_stand_within_one() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(Timeouts { heartbeat: SHORT, ..LONG });
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

/// What goes out when the upstream sends this, is then silent for two heartbeats, and then finishes.
async fn silence_after(event: &str, request: proxy::Request) -> String {
    let fake = FakeUpstream::start().await;
    let client = fake.client(Timeouts { heartbeat: SHORT, ..LONG });
    let (follow, _ends) = follow();
    let (seen, mut was_seen) = mpsc::channel(1);
    let upstream = async {
        let mut up = fake.accept().await;
        up.request().await;
        up.send(STREAM_HEAD).await;
        up.chunk(event).await;
        was_seen.recv().await.unwrap();
        up.chunk(DONE).await;
        up.last_chunk().await;
    };
    let caller = async {
        let mut answer = relay(&client, request, follow, proxy::never()).await.unwrap();
        assert_eq!(answer.body.next().await.unwrap().unwrap(), event);
        let mut text = String::new();
        for _ in 0..2 {
            text.push_str(std::str::from_utf8(&answer.body.next().await.unwrap().unwrap()).unwrap());
        }
        seen.send(()).await.unwrap();
        assert_eq!(take(answer).await.text(), DONE);
        text
    };
    tokio::join!(upstream, caller).1
}

#[actix_rt::test]
async fn a_heartbeat_has_its_blank_line_where_the_reader_needs_it_and_none_where_it_would_break_it() {
    assert_eq!(silence_after(EVENT, chat(true)).await, HEARTBEAT.repeat(2));
    let mut headers = http::header::HeaderMap::new();
    headers.insert("x-stainless-lang", "go".parse().unwrap());
    let of_an_sdk = chat(true).with_headers(headers.iter());
    assert_eq!(silence_after(EVENT, of_an_sdk).await, BARE_HEARTBEAT.repeat(2));
    for fields in ["id: 1\n", "event: x\n", "retry: 5\n"] {
        assert_eq!(silence_after(&format!("{fields}{EVENT}"), chat(true)).await, BARE_HEARTBEAT.repeat(2), "{fields}");
    }
}

#[actix_rt::test]
async fn no_heartbeat_stands_within_the_end_of_a_line() {
    let timeouts = Timeouts { heartbeat: SHORT, idle: SHORT * 5, ..LONG };
    let cut = EVENT.replace('\n', "\r\n");
    let cut = cut.strip_suffix('\n').unwrap();
    let (got, _end) = exchange(timeouts, chat(true), proxy::never(), async |mut up| {
        up.send(STREAM_HEAD).await;
        up.chunk(cut).await;
        up.closed().await;
    })
    .await;
    assert_interrupted(&got.unwrap(), cut);
}

#[actix_rt::test]
async fn heartbeats_alone_are_no_first_byte() {
    let timeouts = Timeouts { heartbeat: SHORT, idle: SHORT * 5, ..LONG };
    let (got, end) = exchange(timeouts, chat(true), proxy::never(), async |mut up| {
        up.send(STREAM_HEAD).await;
        up.closed().await;
    })
    .await;
    assert!(got.unwrap().text().starts_with(HEARTBEAT));
    assert_eq!((end.phase, end.how), (Phase::Accepted, How::Failed(FailureKind::IdleTimeout)));
}

#[actix_rt::test]
async fn a_caller_who_leaves_closes_the_upstream_at_once_even_in_silence() {
    for first in ["", EVENT] {
        let fake = FakeUpstream::start().await;
        let client = fake.client(LONG);
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
    let client = fake.client(LONG);
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
