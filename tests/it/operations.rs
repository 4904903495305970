//! What operators look at: health, readiness, the documentation's page, the log.

use serde_json::Value;
use tests::{FakeUpstream, PlanSpec, TestServer, wait_until};

#[tokio::test]
async fn health_and_readiness_are_open_and_green() {
    let server = TestServer::start().await;
    for path in ["/healthz", "/readyz"] {
        assert_eq!(server.anonymous().get(path).send().await.expect(200).json()["status"], "ok");
    }
}

#[tokio::test]
async fn a_head_is_answered_as_its_get_without_the_body() {
    let server = TestServer::start().await;
    for path in ["/healthz", "/readyz", "/plans", "/openapi.json", "/docs/"] {
        let answer = server.anonymous().call(reqwest::Method::HEAD, path).send().await.expect(200);
        assert_eq!(answer.text(), "");
    }
    server.anonymous().call(reqwest::Method::HEAD, "/me").send().await.expect(401);
}

#[tokio::test]
async fn the_documentations_page_needs_no_other_host() {
    let server = TestServer::start().await;
    let moved = server.anonymous().get("/docs").send().await;
    assert_eq!((moved.status, moved.header("location")), (308, "docs/"));
    let page = server.anonymous().get("/docs/").send().await.expect(200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.header("content-security-policy").contains("default-src 'self'"));
    let html = page.text();
    let links: Vec<_> =
        html.split(['"', '\'']).filter(|text| text.ends_with(".js") || text.ends_with(".css")).collect();
    assert!(!links.is_empty());
    for link in links {
        assert!(!link.contains("//"), "{link} is another host's");
        let file = server.anonymous().get(&format!("/docs/{}", link.trim_start_matches("./"))).send().await.expect(200);
        assert!(!file.text().contains("cdn.jsdelivr.net"), "{link}");
    }
}

#[tokio::test]
async fn one_line_of_json_tells_each_request() {
    let plans = [PlanSpec::daily("one", 1)];
    let server = TestServer::setup().plans(&plans).set("log.format", "json").start().await;
    let key = server.with_key("one").await;
    for status in [200, 429] {
        let answer = key.chat("hello").send().await.expect(status);
        let id = answer.header("x-request-id").to_owned();
        let lines = wait_until("the request was logged", || {
            let text = server.output().text();
            let lines: Vec<Value> = text
                .lines()
                .filter(|line| line.contains(&id) && line.starts_with('{'))
                .map(|line| serde_json::from_str(line).unwrap())
                .collect();
            async move { (!lines.is_empty()).then_some(lines) }
        })
        .await;
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!((&line["path"], &line["status"]), (&"/v1/chat/completions".into(), &status.into()), "{line}");
        assert_eq!(line["plan"], "one", "{line}");
        assert!(line["key.id"].as_str().is_some_and(|id| id.starts_with("key_")), "{line}");
    }
}

#[tokio::test]
async fn a_failure_is_logged_once_with_its_cause_and_id() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.next(tests::Script::error(500, "the upstream's own words"));
    let answer = key.chat("hello").send().await;
    let id = answer.header("x-request-id").to_owned();
    wait_until("the cause was logged", || {
        let text = server.output().text();
        async move { text.contains("the upstream's own words").then_some(()) }
    })
    .await;
    let text = server.output().text();
    let told: Vec<_> = text.lines().filter(|line| line.contains("the upstream's own words")).collect();
    assert_eq!(told.len(), 1, "{text}");
    assert!(text.lines().any(|line| line.contains(&id)), "{text}");
}
