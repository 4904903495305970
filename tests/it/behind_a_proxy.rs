//! What a proxy in front asks of the server: connections that outlive its own, callers told apart, and a configuration
//! that we tell people and that works.

use serde_json::json;
use tests::{
    FakeUpstream, Front, Identity, PASSWORD, ServerSetup, TestServer, caddy, documented, free_port, nginx, wait_until,
};

/// A request on a connection that goes on.
const ASK: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn a_connection_without_a_request_stays_open_as_long_as_configured() {
    // Longer than actix's own 5 seconds: what outlives this one was kept by us.
    let shorter = TestServer::setup().set("server.keep_alive_seconds", "6").start().await;
    let usual = TestServer::start().await;
    let (mut kept, mut closed) = (usual.raw().await, shorter.raw().await);
    for client in [&mut kept, &mut closed] {
        client.send(ASK).await.unwrap();
        assert_eq!(client.answer().await.unwrap().status, 200);
    }
    assert_eq!(closed.rest().await, b"", "it ends without a word");
    kept.send(ASK).await.unwrap();
    assert_eq!(kept.answer().await.expect("the other is still open").status, 200);
}

#[tokio::test]
async fn a_proxy_that_is_not_trusted_is_told_once_with_what_mends_it() {
    let mut server = TestServer::start().await;
    let anonymous = server.anonymous();
    for forwarded in ["203.0.113.7", "203.0.113.8", "junk"] {
        anonymous.get("/plans").header("x-forwarded-for", forwarded).send().await.expect(200);
    }
    let answer = anonymous.get("/plans").send().await;
    let id = answer.header("x-request-id");
    let told = wait_until("the last request was logged", || {
        let text = server.output().text();
        async move { text.contains(id).then_some(text) }
    })
    .await;
    let lines: Vec<_> = told.lines().filter(|line| line.contains("X-Forwarded-For")).collect();
    assert_eq!(lines.len(), 1, "{told}");
    assert!(lines[0].contains("WARN") && lines[0].contains("trusted_proxies = [\"127.0.0.1\"]"), "{}", lines[0]);
    assert!(!told.contains("203.0.113."), "what a caller said isn't logged: {told}");

    let said = server.output().len();
    server.restart_with(|setup| setup.set("server.trusted_proxies", "[\"127.0.0.1\"]")).await;
    anonymous.get("/plans").header("x-forwarded-for", "203.0.113.7").send().await.expect(200);
    server.sigterm();
    server.ended().await;
    let text = server.output().text();
    assert!(!text.lines().skip(said).any(|line| line.contains("X-Forwarded-For")), "{text}");
}

#[tokio::test]
async fn check_warns_of_a_public_url_without_trusted_proxies() {
    let check = |setup: ServerSetup| async move { TestServer::run(&setup, &["check"]).await };
    let setup = TestServer::setup().set("server.public_url", "https://llm.example.com");
    let (status, said) = check(setup.clone()).await;
    assert!(status.success() && said.contains("WARNING") && said.contains("trusted_proxies"), "{said}");
    for quiet in [TestServer::setup(), setup.set("server.trusted_proxies", "[\"10.0.0.0/8\"]")] {
        let (status, said) = check(quiet).await;
        assert!(status.success() && !said.contains("WARNING"), "{said}");
    }
}

/// People, keys and streams through a proxy that is trusted.
async fn works_through(front: &Front, server: &TestServer, upstream: &FakeUpstream) {
    let outside = server.anonymous().through(front.origin());
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let tokens = outside.post("/accounts", &body).send().await.expect(201).json();
    let token = tokens["access_token"].as_str().unwrap().to_owned();
    let (key, _) = outside.as_identity(Identity::Bearer(token)).key_on("10RequestPerDay").await;
    let large = "x".repeat(2_000_000);
    key.chat(&large).send().await.expect(200);
    assert_eq!(upstream.last().message().len(), large.len());

    upstream.by_hand();
    let begin = || async {
        let mut exchange = upstream.exchange().await;
        exchange.start_stream().await;
        exchange
    };
    let (mut stream, mut exchange) = tokio::join!(key.chat_stream("hello").stream(), begin());
    for word in ["alpha ", "beta ", "gamma"] {
        // Each is read before the next is sent: nothing is held back.
        exchange.send_text(word).await;
        assert_eq!(stream.next_text().await, word);
    }
    stream.comment().await;
    exchange.finish_stream().await;
    assert!(stream.rest().await.last().is_some_and(|last| last.contains("[DONE]")));

    let (stream, exchange) = tokio::join!(key.chat_stream("hello").stream(), begin());
    drop(stream);
    exchange.closed().await;
    let text = server.output().text();
    assert!(!text.contains("X-Forwarded-For"), "{text}");
}

fn behind(port: u16, upstream: &FakeUpstream) -> ServerSetup {
    let setup = TestServer::setup().upstream(upstream).set("upstream.heartbeat_seconds", "0.2");
    setup.set("server.public_url", format!("http://127.0.0.1:{port}"))
}

const TRUSTED: (&str, &str) = ("server.trusted_proxies", "[\"127.0.0.1\"]");

/// That the proxy says whom it forwards for, seen by our not believing it.
async fn names_its_callers(front: &Front, server: &TestServer) {
    server.anonymous().through(front.origin()).get("/plans").send().await.expect(200);
    wait_until("the proxy was told", || {
        let text = server.output().text();
        async move { text.contains("trusted_proxies = [\"127.0.0.1\"]").then_some(()) }
    })
    .await;
}

#[tokio::test]
async fn nginx_works_as_documented() {
    let upstream = FakeUpstream::start().await;
    let port = free_port();
    let server = behind(port, &upstream).set(TRUSTED.0, TRUSTED.1).start().await;
    let front = nginx(port, &server.address(), |text| text).await;
    works_through(&front, &server, &upstream).await;

    let port = free_port();
    let strict = behind(port, &upstream).start().await;
    names_its_callers(&nginx(port, &strict.address(), |text| text).await, &strict).await;
}

#[tokio::test]
async fn caddy_works_as_documented() {
    let upstream = FakeUpstream::start().await;
    let port = free_port();
    let server = behind(port, &upstream).set(TRUSTED.0, TRUSTED.1).start().await;
    works_through(&caddy(port, &server.address()).await, &server, &upstream).await;

    let port = free_port();
    let strict = behind(port, &upstream).start().await;
    names_its_callers(&caddy(port, &strict.address()).await, &strict).await;
}

#[tokio::test]
async fn every_documented_configuration_is_taken() {
    let blocks: Vec<_> = documented("toml").collect();
    assert!(blocks.len() >= 3, "{blocks:?}");
    for block in blocks {
        let (status, said) = TestServer::run(&ServerSetup::bare().file("tollgate.toml", block), &["check"]).await;
        assert!(status.success() && !said.contains("WARNING"), "{block}: {said}");
    }
}
