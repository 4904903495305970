//! SIGTERM: streams finish, new requests are sent away, what lasts too long is told so.

use tests::{FakeUpstream, PlanSpec, Script, TestServer, wait_until};
use tokio::{join, task::JoinSet};

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
    let mut portal = server.raw().await;
    portal.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert_eq!(portal.answer().await.unwrap().status, 200);
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
    if portal.send("GET /plans HTTP/1.1\r\nhost: x\r\n\r\n").await.is_ok()
        && let Some(refused) = portal.answer().await
    {
        assert_eq!(refused.status, 503, "{}", refused.head);
        assert!(refused.head.contains("retry-after: 1\r\n"), "{}", refused.head);
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

#[tokio::test]
async fn nothing_is_charged_twice_or_lost_over_a_shutdown() {
    let upstream = FakeUpstream::start().await;
    let plans = [PlanSpec::daily("hundred", 100)];
    let setup = TestServer::setup().upstream(&upstream).plans(&plans).set("server.shutdown_grace_seconds", "1");
    let mut server = setup.start().await;
    let owner = server.signed_in("ada").await;
    let (key, id) = owner.key_on("hundred").await;
    // One that is over before, and one that is given back.
    key.chat("hello").send().await.expect(200);
    upstream.next(Script::error(500, "no"));
    key.chat("hello").send().await.expect(502);
    upstream.by_hand();
    let (mut finishing, mut lasting) = (Vec::new(), Vec::new());
    for number in 0..10 {
        let start = async {
            let mut exchange = upstream.exchange().await;
            exchange.start_stream().await;
            exchange.send_text("before").await;
            exchange
        };
        let (exchange, mut events) = join!(start, key.chat_stream("hello").stream());
        assert_eq!(events.next_text().await, "before");
        if number % 2 == 0 { &mut finishing } else { &mut lasting }.push((exchange, events));
    }
    // And two whose answers haven't begun: nothing was heard of the upstream when the grace is over.
    let mut waiting = JoinSet::new();
    let mut silent = Vec::new();
    for call in [key.chat("hello"), key.chat_stream("hello")] {
        waiting.spawn(call.send());
        silent.push(upstream.exchange().await);
    }

    server.sigterm();
    for (mut exchange, mut events) in finishing {
        exchange.finish_stream().await;
        assert_eq!(events.rest().await.last().unwrap(), "[DONE]");
    }
    for (exchange, mut events) in lasting {
        let rest = events.rest().await;
        assert!(rest.last().unwrap().contains("upstream_stream_interrupted"), "{rest:?}");
        exchange.closed().await;
    }
    for answer in waiting.join_all().await {
        answer.is_error(503, "shutting_down");
    }
    assert!(server.ended().await.success());
    server.start_again().await;
    assert_eq!(key.used().await, 11, "the whole answer, the five streams that finished and the five that were ended");
    let days = owner.get(&format!("/keys/{id}/usage")).send().await.expect(200).json();
    let today = days.as_array().unwrap().last().unwrap();
    assert_eq!((&today["used"], &today["refused"], &today["returned"]), (&11.into(), &0.into(), &3.into()), "{days}");
    assert_eq!(upstream.posts(), 14, "every request is one of these: what never began was given back");
}
