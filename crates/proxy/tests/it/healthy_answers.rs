//! Healthy answers pass byte for byte, however they are cut.

use crate::support::*;
use futures_util::StreamExt;
use proptest::prelude::*;
use proxy::{Body, Endpoint, FailureKind, How, ModelPolicy, Phase, Request, relay};
use tokio::sync::mpsc;

#[actix_rt::test]
async fn each_event_goes_out_before_the_next_comes_in() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(LONG);
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
        let (got, end) = exchange(LONG, Request::new(body), proxy::never(), async |mut up| {
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

#[actix_rt::test]
async fn a_whole_json_answer_finishes_whatever_its_framing() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nopenai-processing-ms: 12\r\n";
    for rest in [
        "content-length: 7\r\n\r\n{\"a\":1}",
        "transfer-encoding: chunked\r\n\r\n3\r\n{\"a\r\n4\r\n\":1}\r\n0\r\n\r\n",
        "\r\n{\"a\":1}",
    ] {
        let (got, end) = exchange(LONG, chat(false), proxy::never(), async |mut up| {
            up.send(format!("{head}{rest}")).await;
        })
        .await;
        let got = got.unwrap();
        assert_eq!((got.text().as_str(), got.aborted), ("{\"a\":1}", None));
        assert!(got.headers.contains(&("openai-processing-ms".to_owned(), "12".to_owned())));
        assert_eq!((end.phase, end.how), finished());
    }
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

#[actix_rt::test]
async fn a_json_answer_that_lasts_until_the_close_is_whole_at_its_last_bracket() {
    for reset in [false, true] {
        let (got, end) = exchange(LONG, chat(false), proxy::never(), async |mut up| {
            up.send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{\"a\":[1]}\n").await;
            if reset {
                up.closed().await;
                up.reset();
            } else {
                up.closed().await;
            }
        })
        .await;
        let got = got.unwrap();
        assert_eq!((got.text().as_str(), got.length), ("{\"a\":[1]}\n", Some(10)));
        assert_eq!((end.phase, end.how), finished());
    }
}

#[actix_rt::test]
async fn blank_lines_before_a_slow_json_answer_go_out_as_they_come() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(LONG);
    let (guard, ends) = follow();
    let (seen, mut was_seen) = mpsc::channel(1);
    let upstream = async {
        let mut up = fake.accept().await;
        up.request().await;
        up.send("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n").await;
        up.chunk("\n").await;
        was_seen.recv().await.unwrap();
        up.chunk("{}").await;
        up.last_chunk().await;
    };
    let caller = async {
        let mut answer = relay(&client, chat(false), guard, proxy::never()).await.unwrap();
        assert_eq!(answer.body.next().await.unwrap().unwrap(), "\n");
        seen.send(()).await.unwrap();
        assert_eq!(answer.body.next().await.unwrap().unwrap(), "{}");
        assert!(answer.body.next().await.is_none());
    };
    tokio::join!(upstream, caller);
    assert_eq!(only(&ends).how, How::Finished);
}
