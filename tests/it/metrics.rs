//! `GET /metrics`: every count where it belongs, nobody named, and nothing for callers from elsewhere.

use std::collections::BTreeSet;

use serde_json::json;
use tests::{FakeUpstream, PlanSpec, Script, TestServer, chat_events, event, settled, wait_until};

/// The value of a series once it is there: the end of a request is counted a moment after its last byte.
async fn is_counted(server: &TestServer, series: &str, expected: f64) {
    settled(expected, || async { server.metrics().await.value(series) }).await;
}

#[tokio::test]
async fn admitted_and_refused_are_counted_by_their_reason() {
    let plans = [PlanSpec::daily("two", 2), PlanSpec::daily("slow", 100).throttled(0.001, 1)];
    let server = TestServer::setup().plans(&plans).start().await;
    let (two, slow) = (server.with_key("two").await, server.with_key("slow").await);
    for status in [200, 200, 429, 429, 429] {
        two.chat("hello").send().await.expect(status);
    }
    for status in [200, 429, 429] {
        slow.chat("hello").send().await.expect(status);
    }
    let wrong = server.anonymous().as_identity(tests::Identity::Key(tests::unknown_key(1)));
    wrong.chat("hello").send().await.expect(401);
    let metrics = server.metrics().await;
    let refused = |reason: &str| metrics.value(&format!("tollgate_requests_refused_total{{reason=\"{reason}\"}}"));
    assert_eq!(metrics.value("tollgate_requests_admitted_total"), 3.0);
    assert_eq!((refused("quota"), refused("throttle"), refused("key")), (3.0, 2.0, 1.0));
    assert_eq!(metrics.value("tollgate_admission_seconds_count"), 9.0);
    assert!(metrics.value("tollgate_admission_seconds_sum") > 0.0);
}

#[tokio::test]
async fn a_store_that_can_not_be_asked_is_a_reason_of_its_own() {
    let server = TestServer::start().await;
    let key = server.with_key("10RequestPerDay").await;
    let blocker = server.store();
    blocker.hold();
    key.chat("hello").send().await.expect(503);
    blocker.let_go();
    assert_eq!(server.metrics().await.value("tollgate_requests_refused_total{reason=\"store\"}"), 1.0);
    assert_eq!(server.metrics().await.value("tollgate_requests_admitted_total"), 0.0);
}

#[tokio::test]
async fn charges_spent_and_returned_add_up_to_what_was_admitted() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.next(Script::error(500, "no")).next(Script::error(404, "no")).next(Script::error(429, "no"));
    for _ in 0..5 {
        key.chat("hello").send().await;
    }
    is_counted(&server, "tollgate_charges_total{outcome=\"spent\"}", 3.0).await;
    is_counted(&server, "tollgate_charges_total{outcome=\"returned\"}", 2.0).await;
    let metrics = server.metrics().await;
    assert_eq!(metrics.value("tollgate_requests_admitted_total"), 5.0);
    for (status, times) in [(200, 2.0), (404, 1.0), (429, 1.0), (500, 1.0)] {
        let series = format!("tollgate_upstream_responses_total{{status=\"{status}\"}}");
        assert_eq!(metrics.value(&series), times, "{status}");
    }
    assert_eq!(metrics.value("tollgate_upstream_head_seconds_count"), 5.0);
    assert_eq!(key.used().await, 3);
}

#[tokio::test]
async fn open_interrupted_and_cancelled_streams_are_told_apart() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;

    upstream.next(Script::stream(chat_events(&["whole"])));
    key.chat_stream("hello").stream().await.rest().await;
    is_counted(&server, "tollgate_requests_ended_total{outcome=\"finished\"}", 1.0).await;

    upstream.next(Script::open_stream([event("half")]).then_reset());
    key.chat_stream("hello").stream().await.rest().await;
    is_counted(&server, "tollgate_streams_interrupted_total", 1.0).await;

    upstream.next(Script::open_stream([event("left")]));
    let mut leaving = key.chat_stream("hello").stream().await;
    assert_eq!(leaving.next_text().await, "left");
    assert_eq!(server.metrics().await.value("tollgate_streams_open"), 1.0);
    drop(leaving);
    is_counted(&server, "tollgate_streams_cancelled_total", 1.0).await;
    is_counted(&server, "tollgate_requests_ended_total{outcome=\"cancelled\"}", 1.0).await;
    is_counted(&server, "tollgate_streams_open", 0.0).await;
    is_counted(&server, "tollgate_charges_total{outcome=\"spent\"}", 3.0).await;
}

#[tokio::test]
async fn nobody_is_named() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    upstream.next(Script::error(500, "no"));
    for _ in 0..12 {
        key.chat("hello").send().await;
    }
    let wrong = ada.as_identity(tests::Identity::Key(tests::unknown_key(1)));
    wrong.chat("hello").send().await.expect(401);
    ada.delete(&format!("/keys/{id}")).send().await.expect(204);
    ada.post("/create_key", &json!({"plan_name": "none"})).send().await.expect(404);
    let metrics = server.metrics().await;
    for name in ["ada", "example.com", id.as_str(), key.secret(), ada.secret(), "127.0.0.1", "key_", "tg_", "hello"] {
        assert!(!metrics.text.contains(name), "{name} is in\n{}", metrics.text);
    }
    let labels: BTreeSet<_> = metrics.labels().into_iter().map(|(name, _)| name).collect();
    let allowed = ["le", "outcome", "reason", "status"].map(str::to_owned);
    assert!(labels.is_subset(&allowed.into()), "{labels:?}");
    assert!(metrics.labels().len() < 100, "labels of few values each");
}

#[tokio::test]
async fn callers_from_elsewhere_are_not_told_unless_configured() {
    let mut server = TestServer::start().await;
    let forwarded = [("x-forwarded-for", "203.0.113.7"), ("forwarded", "for=203.0.113.7"), ("via", "1.1 proxy")];
    for (name, value) in forwarded {
        let answer = server.anonymous().get("/metrics").header(name, value).send().await;
        answer.is_problem(404, "not_found");
    }
    // A page in a browser on this machine reaches it under any name that somebody points here.
    server.anonymous().get("/metrics").header("host", "elsewhere.example").send().await.is_problem(404, "not_found");
    let kind = server.anonymous().get("/metrics").send().await.expect(200);
    assert!(kind.header("content-type").starts_with("application/openmetrics-text"));
    assert!(kind.text().ends_with("# EOF\n"), "OpenMetrics asks for a mark at the end");
    server.restart_with(|setup| setup.set("server.metrics_public", "true")).await;
    for (name, value) in forwarded {
        server.anonymous().get("/metrics").header(name, value).send().await.expect(200);
    }
}

#[tokio::test]
async fn who_asks_for_plain_text_gets_the_older_format() {
    let server = TestServer::start().await;
    server.with_key("10RequestPerDay").await.chat("hello").send().await.expect(200);
    let get = |accept| server.anonymous().get("/metrics").header("accept", accept).send();
    let prometheus = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
                      application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;q=0.3,\
                      text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
    for accept in [prometheus, "*/*", "", "application/openmetrics-text"] {
        let answer = get(accept).await.expect(200);
        assert!(answer.header("content-type").starts_with("application/openmetrics-text; version=1.0.0"), "{accept}");
        assert_eq!(answer.header("vary"), "accept");
    }
    for accept in ["text/plain", "text/plain;version=0.0.4", "text/*, application/json"] {
        let answer = get(accept).await.expect(200);
        assert_eq!(answer.header("content-type"), "text/plain; version=0.0.4; charset=utf-8", "{accept}");
        let text = answer.text();
        for line in [
            "# HELP tollgate_requests_admitted_total Requests that the gate let through.",
            "# TYPE tollgate_requests_admitted_total counter",
            "tollgate_requests_admitted_total 1",
            "# TYPE tollgate_streams_open gauge",
            "# TYPE tollgate_admission_seconds histogram",
        ] {
            assert!(text.lines().any(|found| found == line), "no line is {line:?}:\n{text}");
        }
        assert!(!text.contains("# EOF") && !text.contains("# UNIT"), "{text}");
    }
    get("application/json").await.is_problem(406, "not_acceptable");
}

#[tokio::test]
async fn a_listener_of_its_own_answers_metrics_and_nothing_else() {
    let setup = TestServer::setup().set("server.metrics_listen", "127.0.0.1:0").set("server.metrics_public", "true");
    let mut server = setup.set("server.public_url", "https://llm.example.com").start().await;
    let address = |server: &TestServer| {
        let url = server.output().after("  Metrics   ", 0).unwrap();
        url.trim_end_matches("/metrics").to_owned()
    };
    let there = server.anonymous().through(&address(&server));
    let counters = there.get("/metrics").header("via", "1.1 proxy").send().await.expect(200);
    assert!(counters.header("content-type").starts_with("application/openmetrics-text"));
    assert!(counters.text().ends_with("# EOF\n"));
    there.call(reqwest::Method::HEAD, "/metrics").send().await.expect(200);
    let refused = there.post("/metrics", &json!({})).send().await;
    refused.is_problem(405, "method_not_allowed");
    let asked = there.call(reqwest::Method::OPTIONS, "/metrics").send().await.expect(204);
    assert_eq!((refused.header("allow"), asked.header("allow")), ("GET, HEAD, OPTIONS", "GET, HEAD, OPTIONS"));
    for path in ["/", "/plans", "/healthz", "/v1/models", "/docs/"] {
        there.get(path).send().await.is_problem(404, "not_found");
    }
    server.anonymous().get("/metrics").send().await.is_problem(404, "not_found");
    server.restart().await;
    there.through(&address(&server)).get("/metrics").send().await.expect(200);

    let taken = TestServer::setup().set("server.metrics_listen", server.address());
    let (status, said) = TestServer::run(&taken, &["serve"]).await;
    assert!(!status.success() && said.contains("in use") && said.contains("server.metrics_listen"), "{said}");
}

#[tokio::test]
async fn behind_a_proxy_nobody_is_told_unless_configured() {
    for (name, value) in [("public_url", "https://llm.example.com"), ("trusted_proxies", "[\"127.0.0.1\"]")] {
        let mut server = TestServer::setup().set(&format!("server.{name}"), value).start().await;
        server.anonymous().get("/metrics").send().await.is_problem(404, "not_found");
        server.restart_with(|setup| setup.set("server.metrics_public", "true")).await;
        server.anonymous().get("/metrics").send().await.expect(200);
    }
}

#[tokio::test]
async fn readiness_follows_the_store_and_is_told_to_each_who_asks() {
    let server = TestServer::setup().on_a_small_disk().start().await;
    let ready = || async { server.anonymous().get("/readyz").send().await.status };
    let blocker = server.store();
    for round in 0..3 {
        blocker.hold();
        assert_eq!(ready().await, 503, "round {round}: locked");
        blocker.let_go();
        settled(200, ready).await;
        server.fill_disk();
        assert_eq!(ready().await, 503, "round {round}: full");
        assert_eq!(server.anonymous().get("/healthz").send().await.status, 200, "the process itself is well");
        server.empty_disk();
        settled(200, ready).await;
    }
    let told = wait_until("the failures were logged", || {
        let text = server.output().text();
        async move { text.contains("/readyz").then_some(text) }
    })
    .await;
    assert!(!told.contains("panicked"), "{told}");
}
