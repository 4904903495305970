//! `GET /plans`.

use serde_json::{Value, json};
use tests::{PlanSpec, TestServer, calm_time_zone};

async fn plans(server: &TestServer) -> Value {
    server.anonymous().get("/plans").send().await.expect(200).json()
}

#[tokio::test]
async fn anyone_may_read_the_plans_in_their_order() {
    let server = TestServer::setup()
        .plans(&[
            PlanSpec::limited("monthly", 1000, "MONTH", 2).throttled(10.0, 5),
            PlanSpec::unlimited("free for all"),
            PlanSpec::limited("a week", 7, "WEEK", 6),
        ])
        .start()
        .await;
    let zone = calm_time_zone();
    let expected = json!([
        {"name": "monthly", "description": "monthly, for tests", "throttle": {"rate": 10.0, "burst": 5},
         "quota": {"kind": "limited", "limit": 1000, "period": "MONTH", "offset": 2}, "time_zone": zone},
        {"name": "free for all", "description": "free for all, for tests", "throttle": null,
         "quota": {"kind": "unlimited"}, "time_zone": zone},
        {"name": "a week", "description": "a week, for tests", "throttle": null,
         "quota": {"kind": "limited", "limit": 7, "period": "WEEK", "offset": 6}, "time_zone": zone},
    ]);
    assert_eq!(plans(&server).await, expected);
    let (ada, holder) = (server.with_cookie("ada").await, server.with_key("monthly").await);
    for caller in [ada, holder] {
        assert_eq!(caller.get("/plans").send().await.expect(200).json(), expected);
    }
}

#[tokio::test]
async fn without_a_configuration_there_are_three_daily_plans() {
    let server = TestServer::setup().unset("plans").start().await;
    let plans = plans(&server).await;
    for (at, limit) in [10, 20, 30].into_iter().enumerate() {
        assert_eq!(plans[at]["name"], format!("{limit}RequestPerDay"));
        assert_eq!(plans[at]["quota"], json!({"kind": "limited", "limit": limit, "period": "DAY", "offset": 0}));
        assert_eq!(plans[at]["throttle"], json!({"rate": 10.0, "burst": 20}));
        assert_eq!(plans[at]["time_zone"], "UTC");
    }
    assert_eq!(plans.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_changed_limit_keeps_what_is_used() {
    let mut server = TestServer::setup().plans(&[PlanSpec::daily("a", 5)]).start().await;
    let key = server.with_key("a").await;
    for _ in 0..3 {
        key.chat("hello").send().await.expect(200);
    }
    server.restart_with(|setup| setup.plans(&[PlanSpec::daily("a", 4)])).await;
    assert_eq!(key.used().await, 3);
    key.chat("hello").send().await.expect(200);
    key.chat("hello").send().await.is_error(429, "rate_limit_exceeded");

    server.restart_with(|setup| setup.plans(&[PlanSpec::daily("a", 2)])).await;
    let status = key.get("/v1/key").send().await.expect(200).json();
    assert_eq!((&status["quota"]["used"], &status["quota"]["remaining"]), (&json!(4), &json!(0)));
    key.chat("hello").send().await.is_error(429, "rate_limit_exceeded");

    server.restart_with(|setup| setup.plans(&[PlanSpec::daily("a", 100)])).await;
    key.chat("hello").send().await.expect(200);
    assert_eq!(key.used().await, 5);
}

#[tokio::test]
async fn a_changed_period_starts_at_what_its_days_used() {
    let mut server = TestServer::setup().plans(&[PlanSpec::daily("a", 5)]).start().await;
    let key = server.with_key("a").await;
    for _ in 0..2 {
        key.chat("hello").send().await.expect(200);
    }
    server.restart_with(|setup| setup.plans(&[PlanSpec::limited("a", 50, "MONTH", 0)])).await;
    let status = key.get("/v1/key").send().await.expect(200).json();
    assert_eq!((&status["quota"]["used"], &status["quota"]["period"]), (&json!(2), &json!("MONTH")));
}

#[tokio::test]
async fn a_removed_plan_serves_its_keys_and_takes_no_new_ones() {
    let both = [PlanSpec::daily("old", 5), PlanSpec::daily("new", 5)];
    let mut server = TestServer::setup().plans(&both).start().await;
    let (ada, bob) = (server.signed_in("ada").await, server.signed_in("bob").await);
    let (key, _) = ada.key_on("old").await;
    server.restart_with(|setup| setup.plans(&[PlanSpec::daily("new", 5)])).await;

    let log = server.output().text();
    assert!(log.lines().any(|line| line.contains("old") && line.contains("no longer in the configuration")), "{log}");
    assert_eq!(plans(&server).await.as_array().unwrap().len(), 1);
    key.chat("hello").send().await.expect(200);
    assert_eq!(key.used().await, 1);
    bob.create_key("old").send().await.is_problem(404, "unknown_plan");
    assert_eq!(ada.get("/keys").send().await.expect(200).json()[0]["plan_name"], "old");

    server.restart_with(|setup| setup.plans(&both)).await;
    bob.create_key("old").send().await.expect(200);
    assert_eq!(key.used().await, 1);
}

#[tokio::test]
async fn whoever_has_the_plans_already_is_told_that_they_are_the_same() {
    let mut server = TestServer::setup().plans(&[PlanSpec::daily("a", 5)]).start().await;
    let first = server.anonymous().get("/plans").send().await.expect(200);
    assert_eq!(first.header("cache-control"), "no-cache", "it may be kept, and is asked for again");
    assert_eq!(first.header("content-type"), "application/json");
    let etag = first.header("etag").to_owned();
    assert!(etag.starts_with('"'), "{etag}");
    let known =
        |server: &TestServer, tags: String| server.anonymous().get("/plans").header("if-none-match", &tags).send();
    for tags in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
        let answer = known(&server, tags).await.expect(304);
        assert_eq!((answer.text().as_str(), answer.header("etag")), ("", etag.as_str()));
        assert_eq!(answer.header("cache-control"), "no-cache");
    }
    for tags in ["\"other\"".to_owned(), etag.trim_matches('"').to_owned(), String::new()] {
        assert_eq!(known(&server, tags).await.expect(200).json(), first.json());
    }
    server.restart().await;
    known(&server, etag.clone()).await.expect(304);
    server.restart_with(|setup| setup.plans(&[PlanSpec::daily("a", 6)])).await;
    assert_ne!(known(&server, etag.clone()).await.expect(200).header("etag"), etag);
}
