//! Callers who leave: the upstream is cancelled in every phase and on every kind of connection, the charge is settled
//! once, and nothing of the request stays.

use tests::{Exchange, FakeUpstream, RawClient, TestServer, settled};

const STREAM: &str = "{\"stream\": true, \"model\": \"m\", \"messages\": []}";
const QUOTA: u64 = 10;

/// How far an answer has come when its caller leaves.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Phase {
    BeforeHead,
    BeforeFirstEvent,
    MidStream,
}

const PHASES: [Phase; 3] = [Phase::BeforeHead, Phase::BeforeFirstEvent, Phase::MidStream];

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
    /// A streamed request as it stands on a connection.
    fn request(&self) -> String {
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{STREAM}",
            self.key.secret(),
            STREAM.len()
        )
    }

    /// So many streamed requests in one packet, of which the first has reached the upstream.
    async fn asked(&self, requests: usize) -> (RawClient, Exchange) {
        let mut client = self.server.raw().await;
        client.send(self.request().repeat(requests)).await.unwrap();
        (client, self.upstream.exchange().await)
    }

    /// Everything is over: no stream is open, and what was admitted is settled, each request once. So many reached the
    /// upstream and are spent, for it was the caller who left; so many got not so far and are given back.
    async fn is_over(&self, spent: u32, returned: u32) {
        let seen = || async {
            let metrics = self.server.metrics().await;
            let settled = |outcome: &str| metrics.value(&format!("tollgate_charges_total{{outcome=\"{outcome}\"}}"));
            let admitted = metrics.value("tollgate_requests_admitted_total");
            (metrics.value("tollgate_streams_open"), admitted, settled("spent"), settled("returned"))
        };
        settled((0.0, f64::from(spent + returned), f64::from(spent), f64::from(returned)), seen).await;
        let status = self.key.get("/v1/key").send().await.expect(200).json();
        let used = u64::from(spent);
        assert_eq!((&status["quota"]["used"], &status["quota"]["remaining"]), (&used.into(), &(QUOTA - used).into()));
        assert_eq!(self.upstream.posts() as u64, used, "no request was sent upstream for nobody");
    }

    async fn charged(&self, requests: u32) {
        self.is_over(requests, 0).await;
    }
}

/// Brings an answer that hasn't begun this far.
async fn advance(phase: Phase, client: &mut RawClient, exchange: &mut Exchange) {
    if phase >= Phase::BeforeFirstEvent {
        exchange.start_stream().await;
        client.until("\r\n\r\n").await;
    }
    if phase == Phase::MidStream {
        exchange.send_text("duck").await;
        client.until("duck").await;
    }
}

/// Brings an answer that hasn't begun to its end.
async fn finish(client: &mut RawClient, exchange: &mut Exchange) {
    exchange.start_stream().await;
    exchange.send_text("whole").await;
    exchange.finish_stream().await;
    let answer = client.answer().await.unwrap();
    assert!(String::from_utf8_lossy(&answer.body).ends_with("data: [DONE]\n\n"));
}

async fn leaving_cancels_it_in(phase: Phase) {
    let scene = scene().await;
    let (mut client, mut exchange) = scene.asked(1).await;
    advance(phase, &mut client, &mut exchange).await;
    drop(client);
    exchange.closed().await;
    scene.charged(1).await;
}

#[tokio::test]
async fn leaving_before_the_upstreams_head_cancels_it() {
    leaving_cancels_it_in(Phase::BeforeHead).await;
}

#[tokio::test]
async fn leaving_between_head_and_first_event_cancels_the_upstream() {
    leaving_cancels_it_in(Phase::BeforeFirstEvent).await;
}

#[tokio::test]
async fn leaving_mid_stream_cancels_the_upstream() {
    leaving_cancels_it_in(Phase::MidStream).await;
}

#[tokio::test]
async fn leaving_with_a_reset_cancels_the_upstream_in_every_phase() {
    for phase in PHASES {
        let scene = scene().await;
        let (mut client, mut exchange) = scene.asked(1).await;
        advance(phase, &mut client, &mut exchange).await;
        client.reset();
        exchange.closed().await;
        scene.charged(1).await;
    }
}

#[tokio::test]
async fn leaving_a_connection_that_was_used_before_cancels_the_upstream_in_every_phase() {
    for phase in PHASES {
        let scene = scene().await;
        let (mut client, mut before) = scene.asked(1).await;
        finish(&mut client, &mut before).await;
        client.send(scene.request()).await.unwrap();
        let mut exchange = scene.upstream.exchange().await;
        advance(phase, &mut client, &mut exchange).await;
        drop(client);
        exchange.closed().await;
        scene.charged(2).await;
    }
}

#[tokio::test]
async fn leaving_pipelined_requests_cancels_the_first_in_every_phase_and_never_sends_the_next() {
    for phase in PHASES {
        for resets in [false, true] {
            let scene = scene().await;
            let (mut client, mut exchange) = scene.asked(3).await;
            advance(phase, &mut client, &mut exchange).await;
            if resets {
                client.reset();
            } else {
                drop(client);
            }
            exchange.closed().await;
            scene.charged(1).await;
        }
    }
}

#[tokio::test]
async fn leaving_the_second_of_pipelined_requests_cancels_it_in_every_phase() {
    for phase in PHASES {
        let scene = scene().await;
        let (mut client, mut first) = scene.asked(2).await;
        finish(&mut client, &mut first).await;
        let mut second = scene.upstream.exchange().await;
        advance(phase, &mut client, &mut second).await;
        drop(client);
        second.closed().await;
        scene.charged(2).await;
    }
}

#[tokio::test]
async fn pipelined_requests_are_answered_one_after_the_other_and_each_is_charged_once() {
    let scene = scene().await;
    let (mut client, mut exchange) = scene.asked(3).await;
    for left in [2, 1, 0] {
        finish(&mut client, &mut exchange).await;
        if left > 0 {
            exchange = scene.upstream.exchange().await;
        }
    }
    scene.charged(3).await;
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
    scene.charged(1).await;
}

/// The head of a request whose body is yet to come, but for its first byte.
fn half_a_request(key: &tests::Caller) -> String {
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-type: application/json\r\n\
         content-length: 1000\r\n\r\n{{",
        key.secret()
    )
}

#[tokio::test]
async fn leaving_in_the_middle_of_the_request_costs_nothing() {
    let scene = scene().await;
    let mut client = scene.server.raw().await;
    client.send(half_a_request(&scene.key)).await.unwrap();
    settled(1, || scene.key.used()).await;
    drop(client);
    scene.is_over(0, 1).await;
}

#[tokio::test]
async fn leaving_while_the_key_is_being_admitted_costs_nothing() {
    let scene = scene().await;
    // Not more, since no more are given back in a period than the quota is large.
    for _ in 0..QUOTA {
        let mut client = scene.server.raw().await;
        client.send(half_a_request(&scene.key)).await.unwrap();
        drop(client);
    }
    let over = || async { scene.server.output().text().matches("path=/v1/chat/completions").count() as u64 };
    settled(QUOTA, over).await;
    let open = || async {
        let metrics = scene.server.metrics().await;
        let given_back = metrics.value("tollgate_charges_total{outcome=\"returned\"}");
        metrics.value("tollgate_requests_admitted_total") - given_back
    };
    settled(0.0, open).await;
    settled(0, || scene.key.used()).await;
    assert_eq!(scene.upstream.posts(), 0);
}
