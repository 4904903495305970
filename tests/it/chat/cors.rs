//! Pages of other origins: what a browser asks, and what it needs to see in every answer.

use reqwest::Method;
use tests::{
    Answer, Call, Caller, FakeUpstream, PlanSpec, RawAnswer, Script, ServerSetup, TestServer, unknown_key, wait_until,
};
use tokio::join;

const PAGE: &str = "https://app.example.com";
/// What OpenAI's SDK for browsers asks for.
const ASKED: &str = "authorization,content-type,openai-beta,x-api-key,x-stainless-arch,x-stainless-lang,x-stainless-os";
const EXPOSED: [&str; 8] = [
    "retry-after",
    "x-should-retry",
    "x-request-id",
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
    "ratelimit",
    "ratelimit-policy",
];

fn allowing(upstream: &FakeUpstream, origins: &str) -> ServerSetup {
    TestServer::setup().upstream(upstream).set("cors.allowed_origins", origins)
}

/// What a browser sends before a page's call.
fn preflight(caller: &Caller, path: &str, origin: &str) -> Call {
    let call = caller.call(Method::OPTIONS, path).header("origin", origin);
    call.header("access-control-request-method", "POST").header("access-control-request-headers", ASKED)
}

#[track_caller]
fn is_open_to(answer: &Answer, origin: &str) {
    assert_eq!(answer.header("access-control-allow-origin"), origin, "{answer:?}");
    let exposed: Vec<_> = answer.header("access-control-expose-headers").split(", ").collect();
    for name in EXPOSED {
        assert!(exposed.contains(&name), "{name} in {exposed:?}");
    }
    // A cookie opens nothing here.
    assert_eq!(answer.header("access-control-allow-credentials"), "");
}

#[track_caller]
fn is_closed(answer: &Answer) {
    let told = answer.headers.keys().find(|name| name.as_str().starts_with("access-control-"));
    assert_eq!(told, None, "{answer:?}");
}

fn varies_by_origin(answer: &Answer) -> bool {
    answer.headers.get_all("vary").iter().any(|value| value == "Origin")
}

#[tokio::test]
async fn a_preflight_without_a_key_is_answered_and_costs_nothing() {
    let upstream = FakeUpstream::start().await;
    let server = allowing(&upstream, &format!("[\"{PAGE}\", \"http://localhost:5173\"]")).start().await;
    let browser = server.anonymous();
    for path in ["/v1/chat/completions", "/v1/models", "/v1/key", "/v1/no/such/call"] {
        for origin in [PAGE, "http://localhost:5173"] {
            let answer = preflight(&browser, path, origin).send().await.expect(204);
            is_open_to(&answer, origin);
            assert!(varies_by_origin(&answer));
            for method in ["GET", "POST"] {
                assert!(answer.header("access-control-allow-methods").split(", ").any(|allowed| allowed == method));
            }
            assert_eq!(answer.header("access-control-allow-headers"), ASKED);
            assert_eq!(answer.header("access-control-max-age"), "7200");
            assert_eq!(answer.header("access-control-allow-private-network"), "", "nobody asked");
            assert!(answer.text().is_empty());
        }
    }
    let asks = preflight(&browser, "/v1/key", PAGE).header("access-control-request-private-network", "true");
    assert_eq!(asks.send().await.expect(204).header("access-control-allow-private-network"), "true");
    let asks_for_no_header = browser.call(Method::OPTIONS, "/v1/models").header("origin", PAGE);
    let answer = asks_for_no_header.header("access-control-request-method", "GET").send().await.expect(204);
    assert_eq!(answer.header("access-control-allow-headers"), "");
    assert!(upstream.received().is_empty());
}

#[tokio::test]
async fn every_answer_can_be_read_by_the_page() {
    let upstream = FakeUpstream::start().await;
    let plan = PlanSpec::daily("plan", 3);
    let setup = allowing(&upstream, &format!("[\"{PAGE}\"]")).plans(&[plan]).set("upstream.models", "[\"model-1\"]");
    let server = setup.set("limits.chat_body_max_bytes", "1000").start().await;
    let key = server.with_key("plan").await;
    let send = async |call: Call, status| {
        let answer = call.header("origin", PAGE).send().await.expect(status);
        is_open_to(&answer, PAGE);
        assert!(varies_by_origin(&answer));
        answer
    };
    send(key.get("/v1/models"), 200).await;
    send(server.anonymous().chat("hello"), 401).await;
    send(key.chat("hello").header("x-api-key", &unknown_key(1)), 400).await;
    send(key.chat(&"long ".repeat(1_000)), 413).await;
    send(key.get("/v1/no/such/call"), 404).await;
    send(key.call(Method::PUT, "/v1/models"), 405).await;
    send(key.post("/v1/chat/completions", &serde_json::json!({"model": "other", "messages": []})), 404).await;
    upstream.next(Script::error(500, "broken"));
    send(key.chat("hello"), 502).await;
    for _ in 0..2 {
        send(key.chat("hello"), 200).await;
    }
    let mut events = key.chat_stream("hello").header("origin", PAGE).stream().await;
    assert_eq!(events.headers["access-control-allow-origin"], PAGE);
    assert_eq!(events.rest().await.last().unwrap(), "[DONE]");
    let spent = send(key.chat("hello"), 429).await;
    assert!(!spent.header("retry-after").is_empty());
}

#[tokio::test]
async fn strangers_and_the_portal_get_nothing() {
    let upstream = FakeUpstream::start().await;
    let server = allowing(&upstream, &format!("[\"{PAGE}\"]")).start().await;
    let key = server.with_key("10RequestPerDay").await;
    for origin in ["https://evil.example", "https://app.example.com.evil.example", "http://app.example.com", "null", ""]
    {
        let answer = key.get("/v1/key").header("origin", origin).send().await.expect(200);
        is_closed(&answer);
        assert!(varies_by_origin(&answer), "a cache must not give it to {PAGE}");
        let answer = preflight(&server.anonymous(), "/v1/key", origin).send().await;
        is_closed(&answer);
        answer.expect(204);
    }
    let answer = key.get("/v1/key").send().await.expect(200);
    is_closed(&answer);
    assert!(varies_by_origin(&answer));
    let page = server.with_cookie("ada").await;
    is_closed(&page.get("/me").send().await.expect(200));
    for server in [server, allowing(&upstream, "\"*\"").start().await] {
        for path in ["/plans", "/me", "/sessions", "/keys", "/create_key", "/openapi.json", "/healthz", "/v1x", "/"] {
            is_closed(&server.anonymous().get(path).header("origin", PAGE).send().await);
            is_closed(&preflight(&server.anonymous(), path, PAGE).send().await);
        }
    }
}

#[tokio::test]
async fn a_star_allows_every_page() {
    let upstream = FakeUpstream::start().await;
    for star in ["*", "\"*\"", "[\"*\"]"] {
        let server = allowing(&upstream, star).start().await;
        for origin in [PAGE, "null", "http://localhost:1"] {
            is_open_to(&preflight(&server.anonymous(), "/v1/key", origin).send().await.expect(204), "*");
            let answer = server.anonymous().get("/v1/key").header("origin", origin).send().await.expect(401);
            is_open_to(&answer, "*");
            assert!(!varies_by_origin(&answer), "all get the same");
        }
    }
}

#[tokio::test]
async fn nothing_is_said_unless_configured() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let answer = preflight(&server.anonymous(), "/v1/chat/completions", PAGE).send().await;
    is_closed(&answer);
    answer.expect(204);
    let answer = key.chat("hello").header("origin", PAGE).send().await.expect(200);
    is_closed(&answer);
    assert!(!varies_by_origin(&answer));
}

#[tokio::test]
async fn a_page_can_read_that_the_server_is_shutting_down() {
    let upstream = FakeUpstream::start().await;
    upstream.by_hand();
    let mut server = allowing(&upstream, &format!("[\"{PAGE}\"]")).start().await;
    let key = server.with_key("10RequestPerDay").await;
    // Two connections that are open before: whether new ones are still accepted is the system's affair.
    let (mut asking, mut calling) = (server.raw().await, server.raw().await);
    for idle in [&mut asking, &mut calling] {
        idle.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        assert_eq!(idle.answer().await.unwrap().status, 200);
    }
    let start = async {
        let mut exchange = upstream.exchange().await;
        exchange.start_stream().await;
        exchange.send_text("before").await;
        exchange
    };
    let (mut exchange, mut events) = join!(start, key.chat_stream("hello").stream());
    assert_eq!(events.next_text().await, "before");
    server.sigterm();
    wait_until("new requests are refused", || async {
        let refused = !matches!(key.get("/v1/key").try_send().await, Ok(answer) if answer.status == 200);
        refused.then_some(())
    })
    .await;
    let is_open = |answer: &RawAnswer| {
        let allowed = format!("access-control-allow-origin: {PAGE}");
        assert!(answer.head.contains(&allowed), "{}", answer.head);
    };
    let request = "access-control-request-method: POST\r\naccess-control-request-headers: authorization\r\n";
    let request = format!("OPTIONS /v1/chat/completions HTTP/1.1\r\nhost: x\r\norigin: {PAGE}\r\n{request}\r\n");
    asking.send(request).await.unwrap();
    let answer = asking.answer().await.unwrap();
    assert_eq!(answer.status, 204, "{}", answer.head);
    is_open(&answer);
    calling.send(format!("GET /v1/models HTTP/1.1\r\nhost: x\r\norigin: {PAGE}\r\n\r\n")).await.unwrap();
    let answer = calling.answer().await.unwrap();
    assert_eq!(answer.status, 503, "{}", answer.head);
    is_open(&answer);
    exchange.finish_stream().await;
    assert_eq!(events.rest().await.last().unwrap(), "[DONE]");
    assert!(server.ended().await.success());
}
