//! Quota and throttle through sockets: exact, and told so that programs and people understand.

use jiff::Timestamp;
use serde_json::json;
use tests::{Answer, Caller, FakeUpstream, PlanSpec, TestServer, settled};
use tokio::task::JoinSet;

/// The answer to a spent quota, in every header and member.
#[expect(clippy::disallowed_methods, reason = "the server under test runs by the real clock")]
fn is_spent(answer: &Answer, plan: &str, limit: u64, window: u64) {
    let error = answer.is_error(429, "rate_limit_exceeded");
    let wait = answer.number("retry-after");
    assert!((1..=window).contains(&wait), "{wait}");
    assert_eq!(error["type"], "requests");
    assert_eq!(error["param"], json!(null));
    let quota = &error["quota"];
    assert_eq!((&quota["plan"], &quota["limit"], &quota["used"]), (&json!(plan), &json!(limit), &json!(limit)));
    let reset: Timestamp = quota["reset_at"].as_str().unwrap().parse().unwrap();
    let until_reset = reset.duration_since(Timestamp::now()).as_secs();
    assert!((until_reset - i64::try_from(wait).unwrap()).abs() <= 30, "{reset} is {wait} s away?");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&limit.to_string()) && message.contains(plan), "{message}");

    assert_eq!(answer.header("x-should-retry"), "false");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.number("x-ratelimit-limit-requests"), limit);
    assert_eq!(answer.number("x-ratelimit-remaining-requests"), 0);
    let go = answer.header("x-ratelimit-reset-requests");
    assert!(go.ends_with('s') && go.bytes().next().unwrap().is_ascii_digit(), "{go}");
    assert_eq!(go_seconds(go), wait);
    assert_eq!(answer.header("ratelimit-policy"), format!("\"daily\";q={limit};w=86400"));
    assert_eq!(answer.header("ratelimit"), format!("\"daily\";r=0;t={wait}"));
}

fn go_seconds(text: &str) -> u64 {
    let mut rest = text;
    let mut total = 0;
    for (unit, seconds) in [('h', 3600), ('m', 60), ('s', 1)] {
        if let Some((number, more)) = rest.split_once(unit) {
            total += number.parse::<u64>().unwrap() * seconds;
            rest = more;
        }
    }
    total
}

async fn at_once(key: &Caller, requests: usize) -> Vec<Answer> {
    let mut set = JoinSet::new();
    for number in 0..requests {
        let key = key.clone();
        set.spawn(async move {
            let call = if number % 2 == 0 { key.chat("hello") } else { key.chat_stream("hello") };
            call.send().await
        });
    }
    set.join_all().await
}

#[tokio::test]
async fn of_200_requests_at_once_a_quota_of_10_lets_exactly_10_through() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let (passed, refused): (Vec<_>, Vec<_>) =
        at_once(&key, 200).await.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((passed.len(), refused.len()), (10, 190));
    for answer in &refused {
        is_spent(answer, "10RequestPerDay", 10, 86_400);
    }
    let mut remaining: Vec<_> = passed.iter().map(|a| a.number("x-ratelimit-remaining-requests")).collect();
    remaining.sort_unstable();
    assert_eq!(remaining, (0..10).collect::<Vec<_>>(), "each saw its own");
    assert_eq!(upstream.posts(), 10);
    assert_eq!(key.used().await, 10);
}

#[tokio::test]
async fn old_and_new_value_of_a_rotated_key_share_the_quota() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (old, id) = ada.key_on("20RequestPerDay").await;
    let rotated = ada.post(&format!("/keys/{id}/rotate"), &json!({"grace_seconds": 600})).send().await.expect(200);
    let new = ada.as_identity(tests::Identity::Key(rotated.json()["value"].as_str().unwrap().to_owned()));
    let (one, two) = tokio::join!(at_once(&old, 40), at_once(&new, 40));
    let passed = one.iter().chain(&two).filter(|answer| answer.status == 200).count();
    assert_eq!(passed, 20);
}

#[tokio::test]
async fn every_answer_tells_what_remains() {
    let server = TestServer::start().await;
    let key = server.with_key("10RequestPerDay").await;
    for remaining in (0..10).rev() {
        let answer = key.chat("hello").send().await.expect(200);
        assert_eq!(answer.number("x-ratelimit-limit-requests"), 10);
        assert_eq!(answer.number("x-ratelimit-remaining-requests"), remaining);
        assert!(answer.header("ratelimit").starts_with(&format!("\"daily\";r={remaining};t=")));
    }
    is_spent(&key.chat("hello").send().await, "10RequestPerDay", 10, 86_400);
    is_spent(&key.chat_stream("hello").send().await, "10RequestPerDay", 10, 86_400);
    let status = key.get("/v1/key").send().await.expect(200).json();
    assert_eq!((&status["quota"]["used"], &status["quota"]["remaining"]), (&json!(10), &json!(0)));
    key.get("/v1/models").send().await.expect(200);
}

#[tokio::test]
async fn the_offset_lowers_the_first_period() {
    let server = TestServer::setup().plans(&[PlanSpec::limited("monthly", 5, "MONTH", 3)]).start().await;
    let key = server.with_key("monthly").await;
    for _ in 0..2 {
        key.chat("hello").send().await.expect(200);
    }
    let error = key.chat("hello").send().await.is_error(429, "rate_limit_exceeded");
    assert_eq!((&error["quota"]["limit"], &error["quota"]["used"]), (&json!(2), &json!(2)));
}

#[tokio::test]
async fn too_fast_is_told_apart_from_too_much() {
    let server = TestServer::setup().plans(&[PlanSpec::daily("slow", 100).throttled(0.05, 2)]).start().await;
    let key = server.with_key("slow").await;
    for _ in 0..2 {
        key.chat("hello").send().await.expect(200);
    }
    let answer = key.chat("hello").send().await;
    let error = answer.is_error(429, "rate_limit_exceeded");
    assert_eq!(error["type"], "throttle");
    assert!(error.get("quota").is_none_or(|quota| quota.is_null()), "{error}");
    assert!((1..=20).contains(&answer.number("retry-after")), "{:?}", answer.headers);
    assert_eq!(answer.header("x-should-retry"), "", "an SDK may wait so long");
    assert_eq!(answer.number("x-ratelimit-remaining-requests"), 98);
    assert_eq!(key.used().await, 2, "what is refused costs nothing");
}

#[tokio::test]
async fn a_throttle_that_opens_late_is_not_to_be_waited_for() {
    let server = TestServer::setup().plans(&[PlanSpec::daily("slow", 100).throttled(0.001, 1)]).start().await;
    let key = server.with_key("slow").await;
    key.chat("hello").send().await.expect(200);
    let answer = key.chat("hello").send().await;
    assert_eq!(answer.is_error(429, "rate_limit_exceeded")["type"], "throttle");
    assert!(answer.number("retry-after") > 60);
    assert_eq!(answer.header("x-should-retry"), "false");
}

#[tokio::test]
async fn a_spent_quota_is_told_before_the_throttle_and_takes_nothing_from_it() {
    let server = TestServer::setup().plans(&[PlanSpec::daily("both", 1).throttled(0.001, 1)]).start().await;
    let key = server.with_key("both").await;
    key.chat("hello").send().await.expect(200);
    for _ in 0..5 {
        is_spent(&key.chat("hello").send().await, "both", 1, 86_400);
    }
}

#[tokio::test]
async fn a_refused_megabyte_gets_its_429_and_not_a_reset() {
    let server = TestServer::setup().plans(&[PlanSpec::daily("one", 1)]).start().await;
    let key = server.with_key("one").await;
    key.chat("hello").send().await.expect(200);
    let message = "x".repeat(1024 * 1024);
    for _ in 0..20 {
        is_spent(&key.chat(&message).send().await, "one", 1, 86_400);
    }
}

#[tokio::test]
async fn every_post_costs_one_and_looking_costs_nothing() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    for _ in 0..3 {
        key.get("/v1/models").send().await.expect(200);
        key.get("/v1/key").send().await.expect(200);
    }
    assert_eq!(key.used().await, 0);
    for (number, path) in ["chat/completions", "completions", "embeddings", "responses"].into_iter().enumerate() {
        let body = json!({"model": "model-1", "input": "hello", "prompt": "hello", "messages": []});
        key.post(&format!("/v1/{path}"), &body).send().await.expect(200);
        assert_eq!(upstream.last().path, format!("/v1/{path}"));
        settled(number as u64 + 1, || key.used()).await;
    }
}

#[tokio::test]
async fn an_unlimited_plan_has_no_quota_to_tell() {
    let server = TestServer::start().await;
    let key = server.with_key("unlimited").await;
    let answer = key.chat("hello").send().await.expect(200);
    assert_eq!(answer.header("x-ratelimit-limit-requests"), "");
    let status = key.get("/v1/key").send().await.expect(200).json();
    assert_eq!(status["quota"], json!({"kind": "unlimited"}));
}
