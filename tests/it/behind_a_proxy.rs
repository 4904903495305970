//! What a proxy in front asks of the server: connections that outlive its own, callers told apart, and a configuration
//! that we tell people and that works.

use tests::{ServerSetup, TestServer, wait_until};

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
