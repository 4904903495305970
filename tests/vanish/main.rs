//! Callers whose network goes away without a word, and slow ones who are still there: told apart by the acknowledgements
//! of their kernels; and replicas that do so. Each test has a network namespace of its own for whoever vanishes, and needs
//! root for that.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]
#![cfg(target_os = "linux")]

mod hosts;
mod network;

use network::Network;
use tests::{Exchange, FakeUpstream, TestServer, chunk, event, settled};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinSet,
};

const STREAM: &str = "{\"stream\": true, \"model\": \"m\", \"messages\": []}";
/// Longer than a slow but live reader pauses here, shorter than anybody wants to wait for this test.
const PEER_TIMEOUT_SECONDS: u32 = 3;
const HEARTBEATS_PER_SECOND: u32 = 2;

struct Scene {
    network: Network,
    upstream: FakeUpstream,
    server: TestServer,
    key: tests::Caller,
}

async fn scene() -> Scene {
    let network = Network::new();
    let upstream = FakeUpstream::start().await;
    let server = TestServer::setup()
        .upstream(&upstream)
        .set("server.listen", "0.0.0.0:0")
        .set("server.peer_timeout_seconds", PEER_TIMEOUT_SECONDS.to_string())
        .set("upstream.heartbeat_seconds", (1.0 / f64::from(HEARTBEATS_PER_SECOND)).to_string())
        .start()
        .await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.by_hand();
    Scene { network, upstream, server, key }
}

impl Scene {
    /// A streamed request from inside the caller's network that has reached the upstream.
    async fn asked(&self) -> (tokio::net::TcpStream, Exchange) {
        let port = self.server.address().rsplit_once(':').unwrap().1.parse().unwrap();
        let mut stream = self.network.connect(port);
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: tollgate\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{STREAM}",
            self.key.secret(),
            STREAM.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        (stream, self.upstream.exchange().await)
    }

    /// Nothing is left of the one request but its one charge.
    async fn is_over(&self) {
        let seen = || async {
            let metrics = self.server.metrics().await;
            let spent = metrics.value("tollgate_charges_total{outcome=\"spent\"}");
            (metrics.value("tollgate_streams_open"), spent, metrics.value("tollgate_streams_cancelled_total"))
        };
        settled((0.0, 1.0, 1.0), seen).await;
        assert_eq!(self.key.used().await, 1);
    }
}

async fn until(stream: &mut tokio::net::TcpStream, text: &str) {
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(text) {
        assert!(stream.read_buf(&mut seen).await.unwrap() > 0, "the connection ended before {text:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_vanished_in_mid_stream_is_noticed_and_charged_once() {
    let scene = scene().await;
    let (mut stream, mut exchange) = scene.asked().await;
    exchange.start_stream().await;
    exchange.send_text("duck").await;
    until(&mut stream, "duck").await;
    assert_eq!(scene.server.metrics().await.value("tollgate_streams_open"), 1.0);
    scene.network.cut();
    exchange.closed().await;
    scene.is_over().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_who_vanished_while_the_upstream_talks_is_noticed_and_charged_once() {
    let scene = scene().await;
    let (mut stream, mut exchange) = scene.asked().await;
    exchange.start_stream().await;
    exchange.send_text("duck").await;
    until(&mut stream, "duck").await;
    scene.network.cut();
    // Talks until the server leaves.
    let talking = async { while exchange.try_send(chunk(event(&"word ".repeat(1000)))).await.is_ok() {} };
    tests::within("the server to leave the upstream", talking).await;
    scene.is_over().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_who_is_still_there_gets_everything() {
    const MEGABYTES: usize = 24;
    let scene = scene().await;
    // The server's own clock: a stream whose upstream is silent, for its heartbeats.
    let (mut clock, mut silent) = scene.asked().await;
    silent.start_stream().await;
    let (mut stream, mut exchange) = scene.asked().await;
    exchange.start_stream().await;
    let text = "x".repeat(64 * 1024);
    let mut talking = JoinSet::new();
    talking.spawn(async move {
        for _ in 0..MEGABYTES * 16 {
            exchange.send_text(&text).await;
        }
        exchange.finish_stream().await;
    });
    // Reads what is there and then nothing for half of the timeout, for longer than the timeout in all.
    let (mut received, mut buffer) = (0, vec![0; 1024 * 1024]);
    for _ in 0..5 {
        for _ in 0..PEER_TIMEOUT_SECONDS * HEARTBEATS_PER_SECOND / 2 {
            tests::within("a heartbeat", until(&mut clock, "heartbeat")).await;
        }
        let enough = received + 3 * 1024 * 1024;
        while received < enough {
            let read = tests::within("reading", stream.read(&mut buffer)).await.unwrap();
            assert!(read > 0, "cut off after {received} bytes");
            received += read;
        }
    }
    let mut end = Vec::new();
    while !end.ends_with(b"data: [DONE]\n\n\r\n0\r\n\r\n") {
        let read = tests::within("reading on", stream.read(&mut buffer)).await.unwrap();
        assert!(read > 0, "cut off after {received} bytes");
        received += read;
        end.extend_from_slice(&buffer[..read]);
        end.drain(..end.len().saturating_sub(64));
    }
    let () = talking.join_next().await.unwrap().unwrap();
    assert!(received > MEGABYTES * 1024 * 1024);
    assert_eq!(scene.key.used().await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_who_reads_nothing_for_longer_than_the_timeout_is_let_go() {
    let scene = scene().await;
    let (mut stream, mut exchange) = scene.asked().await;
    exchange.start_stream().await;
    exchange.send_text("duck").await;
    until(&mut stream, "duck").await;
    let text = "x".repeat(64 * 1024);
    let talking = async { while exchange.try_send(chunk(event(&text))).await.is_ok() {} };
    tests::within("the server to leave the upstream", talking).await;
    scene.is_over().await;
    drop(stream);
}
