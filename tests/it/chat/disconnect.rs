//! Callers who leave: the upstream is cancelled in every phase, and the charge is settled once.

use tests::{Exchange, FakeUpstream, RawClient, TestServer, settled};

const STREAM: &str = "{\"stream\": true, \"model\": \"m\", \"messages\": []}";

struct Scene {
    upstream: FakeUpstream,
    server: TestServer,
    key: tests::Caller,
}

async fn scene() -> Scene {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.by_hand();
    Scene { upstream, server, key }
}

impl Scene {
    /// A streamed request that has reached the upstream.
    async fn asked(&self) -> (RawClient, Exchange) {
        let mut client = self.server.raw().await;
        let authorization = format!("authorization: Bearer {}\r\n", self.key.secret());
        client.post("/v1/chat/completions", &authorization, STREAM).await;
        (client, self.upstream.exchange().await)
    }

    async fn charged_once(self) {
        settled(1, || self.key.used()).await;
        let status = self.key.get("/v1/key").send().await.expect(200).json();
        assert_eq!(status["quota"]["remaining"], 9);
    }
}

#[tokio::test]
async fn leaving_before_the_upstreams_head_cancels_it() {
    let scene = scene().await;
    let (client, exchange) = scene.asked().await;
    drop(client);
    exchange.closed().await;
    scene.charged_once().await;
}

#[tokio::test]
async fn leaving_between_head_and_first_event_cancels_the_upstream() {
    let scene = scene().await;
    let (mut client, mut exchange) = scene.asked().await;
    exchange.start_stream().await;
    client.until("\r\n\r\n").await;
    drop(client);
    exchange.closed().await;
    scene.charged_once().await;
}

#[tokio::test]
async fn leaving_mid_stream_cancels_the_upstream() {
    let scene = scene().await;
    let (mut client, mut exchange) = scene.asked().await;
    exchange.start_stream().await;
    exchange.send_text("duck").await;
    client.until("duck").await;
    drop(client);
    exchange.closed().await;
    scene.charged_once().await;
}

#[tokio::test]
async fn leaving_with_a_reset_cancels_the_upstream() {
    let scene = scene().await;
    let (mut client, mut exchange) = scene.asked().await;
    exchange.start_stream().await;
    exchange.send_text("duck").await;
    client.until("duck").await;
    client.reset();
    exchange.closed().await;
    scene.charged_once().await;
}

#[tokio::test]
async fn leaving_a_whole_answer_cancels_the_upstream() {
    let scene = scene().await;
    let mut client = scene.server.raw().await;
    let authorization = format!("authorization: Bearer {}\r\n", scene.key.secret());
    client.post("/v1/chat/completions", &authorization, "{\"model\": \"m\", \"messages\": []}").await;
    let exchange = scene.upstream.exchange().await;
    drop(client);
    exchange.closed().await;
    scene.charged_once().await;
}

#[tokio::test]
async fn leaving_in_the_middle_of_the_request_costs_nothing() {
    let scene = scene().await;
    let mut client = scene.server.raw().await;
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{{",
        scene.key.secret()
    );
    client.send(head).await.unwrap();
    drop(client);
    settled(0, || scene.key.used()).await;
    assert_eq!(scene.upstream.posts(), 0);
}

#[tokio::test]
async fn one_connection_serves_many_requests_and_then_may_leave() {
    let scene = scene().await;
    let (mut client, mut exchange) = scene.asked().await;
    exchange.start_stream().await;
    exchange.send_text("first").await;
    exchange.finish_stream().await;
    let first = client.answer().await.unwrap();
    assert!(String::from_utf8_lossy(&first.body).ends_with("data: [DONE]\n\n"));
    drop(exchange);
    let authorization = format!("authorization: Bearer {}\r\n", scene.key.secret());
    client.post("/v1/chat/completions", &authorization, STREAM).await;
    let exchange = scene.upstream.exchange().await;
    drop(client);
    exchange.closed().await;
    settled(2, || scene.key.used()).await;
}
