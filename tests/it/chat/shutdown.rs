//! SIGTERM: streams finish, new requests are sent away, what lasts too long is told so.

use tests::{FakeUpstream, TestServer, wait_until};
use tokio::join;

async fn streaming(
    grace_seconds: &str,
) -> (TestServer, FakeUpstream, tests::Caller, tests::Exchange, tests::Events, tests::RawClient) {
    let upstream = FakeUpstream::start().await;
    let setup = TestServer::setup().upstream(&upstream).set("server.shutdown_grace_seconds", grace_seconds);
    let server = setup.start().await;
    let key = server.with_key("10RequestPerDay").await;
    let mut idle = server.raw().await;
    idle.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert_eq!(idle.answer().await.unwrap().status, 200);
    upstream.by_hand();
    let start = async {
        let mut exchange = upstream.exchange().await;
        exchange.start_stream().await;
        exchange.send_text("before").await;
        exchange
    };
    let (exchange, mut events) = join!(start, key.chat_stream("hello").stream());
    assert_eq!(events.next_text().await, "before");
    (server, upstream, key, exchange, events, idle)
}

#[tokio::test]
async fn a_stream_under_way_finishes() {
    let (mut server, _upstream, key, mut exchange, mut events, _) = streaming("30").await;
    server.sigterm();
    exchange.send_text("after").await;
    assert_eq!(events.next_text().await, "after");
    exchange.finish_stream().await;
    assert_eq!(events.rest().await.last().unwrap(), "[DONE]");
    assert!(server.ended().await.success());
    server.start_again().await;
    assert_eq!(key.used().await, 1, "the count survives");
}

#[tokio::test]
async fn new_requests_are_sent_away_with_a_503() {
    let (mut server, _upstream, key, mut exchange, mut events, mut idle) = streaming("30").await;
    server.sigterm();
    // On a connection that was open before: whether new ones are still accepted is the system's affair.
    let answer = wait_until("new requests are refused", || {
        let key = key.clone();
        async move {
            match key.get("/v1/key").try_send().await {
                Ok(answer) if answer.status == 200 => None,
                other => Some(other),
            }
        }
    })
    .await;
    if let Ok(answer) = answer {
        answer.is_error(503, "shutting_down");
        assert_eq!(answer.header("retry-after"), "1");
    }
    let request = format!("GET /v1/key HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\n\r\n", key.secret());
    if idle.send(request).await.is_ok()
        && let Some(refused) = idle.answer().await
    {
        assert_eq!(refused.status, 503, "{}", refused.head);
        assert!(refused.head.contains("connection: close"), "{}", refused.head);
        assert!(String::from_utf8_lossy(&refused.body).contains("shutting_down"));
    }
    exchange.finish_stream().await;
    assert_eq!(events.rest().await.last().unwrap(), "[DONE]");
    assert!(server.ended().await.success());
}

#[tokio::test]
async fn a_stream_that_outlasts_the_grace_ends_with_the_error_event() {
    let (mut server, _upstream, key, exchange, mut events, _) = streaming("0.2").await;
    server.sigterm();
    let rest = events.rest().await;
    assert!(rest.last().unwrap().contains("upstream_stream_interrupted"), "{rest:?}");
    assert!(!events.was_cut());
    exchange.closed().await;
    assert!(server.ended().await.success());
    server.start_again().await;
    assert_eq!(key.used().await, 1);
}

#[tokio::test]
async fn a_second_signal_stops_at_once() {
    let (mut server, _upstream, _key, exchange, events, _) = streaming("3600").await;
    server.sigterm();
    wait_until("the first signal was heard", || {
        let heard = server.output().text().contains("a second signal stops at once");
        async move { heard.then_some(()) }
    })
    .await;
    server.sigterm();
    server.ended().await;
    drop((exchange, events));
}
