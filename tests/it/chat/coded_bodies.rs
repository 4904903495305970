//! Request bodies that were sent compressed: decoded within the bound, or refused with what is taken.

use std::io::Write as _;

use flate2::{
    Compression,
    write::{DeflateEncoder, GzEncoder, ZlibEncoder},
};
use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, Caller, FakeUpstream, TestServer, settled};

const BODY: &str = "{ \"model\": \"m\", \"messages\": [{\"role\": \"user\", \"content\": \"hello hello hello\"}]}";

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zlib(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn raw_deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zstd(body: &[u8]) -> Vec<u8> {
    zstd::encode_all(body, 3).unwrap()
}

type Encode = fn(&[u8]) -> Vec<u8>;
const CODINGS: [(&str, Encode); 6] = [
    ("gzip", gzip),
    ("X-GZIP", gzip),
    ("deflate", zlib),
    ("deflate", raw_deflate),
    ("zstd", zstd),
    ("identity", <[u8]>::to_vec),
];

async fn asked(caller: &Caller, path: &str, coding: &str, body: Vec<u8>) -> Answer {
    let call = caller.call(Method::POST, path).header("content-encoding", coding);
    call.body("application/json", body).send().await
}

#[tokio::test]
async fn a_coded_body_reaches_the_upstream_decoded() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("30RequestPerDay").await;
    let long = BODY.replace("hello", &"hello ".repeat(10_000));
    for (coding, encode) in CODINGS {
        for body in [BODY, &long] {
            asked(&key, "/v1/chat/completions", coding, encode(body.as_bytes())).await.expect(200);
            let sent = upstream.last();
            assert_eq!(String::from_utf8(sent.body.clone()).unwrap(), body, "{coding}");
            assert_eq!(sent.header("content-encoding"), None);
        }
    }
    let skippable = [0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, b'h', b'i'];
    for (coding, encode, before) in [("gzip", gzip as Encode, &[][..]), ("zstd", zstd, &[]), ("zstd", zstd, &skippable)]
    {
        let parts = [before, &encode(&BODY.as_bytes()[..20]), &encode(&BODY.as_bytes()[20..])].concat();
        asked(&key, "/v1/chat/completions", coding, parts).await.expect(200);
        assert_eq!(String::from_utf8(upstream.last().body).unwrap(), BODY, "a body in two members or frames");
    }
}

#[tokio::test]
async fn what_becomes_too_large_is_a_413_however_small_it_was_sent() {
    let upstream = FakeUpstream::start().await;
    let setup = TestServer::setup().upstream(&upstream).set("limits.chat_body_max_bytes", "100000");
    let server = setup.start().await;
    let key = server.with_key("10RequestPerDay").await;
    let before = server.resident_bytes();
    let bomb = vec![b' '; 64 << 20];
    for (coding, encode) in &CODINGS[..5] {
        let coded = encode(&bomb);
        assert!(coded.len() < 100_000, "{coding}: {}", coded.len());
        asked(&key, "/v1/chat/completions", coding, coded).await.is_error(413, "request_too_large");
    }
    let grown = server.resident_bytes().saturating_sub(before);
    assert!(grown < 32 << 20, "{grown} bytes for bodies that were refused");
    asked(&server.anonymous(), "/sessions", "gzip", gzip(&bomb)).await.is_problem(413, "body_too_large");
    assert_eq!(upstream.posts(), 0);
    settled(0, || key.used()).await;
}

/// A zstd frame by hand (RFC 8878): with a window of 2 to the power of `log`, so many blocks of 128 KiB of one byte each,
/// of which none is the last.
fn endless_frame(log: u8, blocks: usize) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, (log - 10) << 3];
    for _ in 0..blocks {
        frame.extend_from_slice(&(((128 << 10) << 3 | 1 << 1) as u32).to_le_bytes()[..3]);
        frame.push(b' ');
    }
    frame
}

#[tokio::test]
async fn a_frame_that_asks_for_a_huge_window_gets_no_memory() {
    let server = TestServer::setup().start().await;
    let before = server.peak_bytes();
    for (log, status) in [(38, 400), (27, 400), (24, 400), (23, 413)] {
        let answer = asked(&server.anonymous(), "/sessions", "zstd", endless_frame(log, 10_000)).await;
        assert_eq!(answer.status, status, "2^{log}: {}", answer.text());
    }
    let grown = server.peak_bytes().saturating_sub(before);
    assert!(grown < 48 << 20, "{grown} bytes at the peak");
}

#[tokio::test]
async fn a_coding_that_is_not_known_is_a_415_that_says_what_is() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    for coding in ["br", "compress", "gzip, zstd", "aws-chunked", "\u{e9}"] {
        let answer = asked(&key, "/v1/chat/completions", coding, gzip(BODY.as_bytes())).await;
        answer.is_error(415, "unsupported_content_encoding");
        assert_eq!(answer.header("accept-encoding"), "gzip, deflate, zstd");
        let answer = asked(&server.anonymous(), "/sessions", coding, gzip(b"{}")).await;
        answer.is_problem(415, "unsupported_media_type");
        assert_eq!(answer.header("accept-encoding"), "gzip, deflate, zstd");
    }
    assert_eq!(upstream.posts(), 0);
    settled(0, || key.used()).await;
}

#[tokio::test]
async fn a_body_that_is_not_coded_as_it_says_is_a_400_that_names_the_header() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("30RequestPerDay").await;
    for (coding, encode) in &CODINGS[..5] {
        let whole = encode(BODY.as_bytes());
        for body in [BODY.as_bytes().to_vec(), whole[..whole.len() / 2].to_vec(), Vec::new()] {
            let error = asked(&key, "/v1/chat/completions", coding, body).await.is_error(400, "invalid_body");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains("Content-Encoding"), "{coding}: {message}");
        }
    }
    assert_eq!(upstream.posts(), 0);
    settled(0, || key.used()).await;
}

#[tokio::test]
async fn forms_are_decoded_too() {
    let server = TestServer::setup().start().await;
    let form: Value = json!({"email": "ada@example.com", "password": "plain lake 42"});
    let caller = server.anonymous();
    for (number, (coding, encode)) in CODINGS.into_iter().enumerate() {
        let form = form.to_string().replace("ada", &format!("ada{number}"));
        let answer = asked(&caller, "/sessions", coding, encode(form.as_bytes())).await;
        answer.is_problem(401, "wrong_credentials");
    }
}
