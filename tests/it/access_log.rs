//! The access log: every request has its line, whichever way the server ends.

use tests::{FakeUpstream, TestServer};
use tokio::join;

/// Callers whose requests come so close together that their lines share a write.
const CALLERS: usize = 30;

/// How many requests for this path have their line.
fn lines(server: &TestServer, path: &str) -> usize {
    let shown = format!("path={path} ");
    server.output().text().lines().filter(|line| line.contains("access: request") && line.contains(&shown)).count()
}

async fn ask(callers: &mut [tests::RawClient], path: &str, status: u16) {
    for caller in &mut *callers {
        caller.send(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n")).await.unwrap();
    }
    for caller in callers {
        assert_eq!(caller.answer().await.unwrap().status, status);
    }
}

async fn callers(server: &TestServer) -> Vec<tests::RawClient> {
    let mut callers = Vec::new();
    for _ in 0..CALLERS {
        callers.push(server.raw().await);
    }
    callers
}

#[tokio::test]
async fn no_line_is_lost_when_the_server_stops() {
    let mut server = TestServer::start().await;
    let mut callers = callers(&server).await;
    ask(&mut callers, "/plans", 200).await;
    server.sigterm();
    assert!(server.ended().await.success());
    assert_eq!(lines(&server, "/plans"), CALLERS);
}

#[tokio::test]
async fn no_line_is_lost_when_a_second_signal_stops_it_at_once() {
    let upstream = FakeUpstream::start().await;
    let mut server = TestServer::setup().upstream(&upstream).start().await;
    let key = server.with_key("10RequestPerDay").await;
    let mut callers = callers(&server).await;
    ask(&mut callers, "/plans", 200).await;
    upstream.by_hand();
    let start = async {
        let mut exchange = upstream.exchange().await;
        exchange.start_stream().await;
        exchange.send_text("before").await;
        exchange
    };
    let (_exchange, mut events) = join!(start, key.chat_stream("hello").stream());
    assert_eq!(events.next_text().await, "before");
    server.sigterm();
    server.output().until("a second signal stops at once").await;
    ask(&mut callers, "/plans", 503).await;
    server.sigterm();
    assert_eq!(server.ended().await.code(), Some(143));
    assert_eq!(lines(&server, "/plans"), 2 * CALLERS);
}
