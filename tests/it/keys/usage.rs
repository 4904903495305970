//! `GET /keys/{id}/usage`: one row per day.

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use serde_json::{Value, json};
use tests::{Caller, FakeUpstream, PlanSpec, Script, TestServer, calm_time_zone, settled};

#[expect(clippy::disallowed_methods, reason = "the server under test runs by the real clock")]
fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::get(calm_time_zone()).unwrap()).date()
}

async fn usage(owner: &Caller, id: &str, from: Date, to: Date) -> Value {
    owner.get(&format!("/keys/{id}/usage?from={from}&to={to}")).send().await.expect(200).json()
}

#[tokio::test]
async fn every_day_has_a_row_that_tells_used_refused_and_returned() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::setup().upstream(&upstream).plans(&[PlanSpec::daily("a", 2)]).start().await;
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("a").await;
    upstream.next(Script::error(500, "broken"));
    key.chat("hello").send().await.is_envelope(502);
    let (today, yesterday) = (today(), today().yesterday().unwrap());
    // A request is given back a little later than it is answered: until then it takes the place of another.
    let given_back = json!([{"date": today.to_string(), "used": 0, "refused": 0, "returned": 1, "limit": 2}]);
    settled(given_back, || usage(&ada, &id, today, today)).await;
    for _ in 0..2 {
        key.chat("hello").send().await.expect(200);
    }
    for _ in 0..3 {
        key.chat("hello").send().await.is_error(429, "rate_limit_exceeded");
    }
    let expected = json!([
        {"date": yesterday.to_string(), "used": 0, "refused": 0, "returned": 0, "limit": 2},
        {"date": today.to_string(), "used": 2, "refused": 3, "returned": 1, "limit": 2},
    ]);
    // Refusals are written a little later than they are answered.
    settled(expected, || usage(&ada, &id, yesterday, today)).await;
}

#[tokio::test]
async fn without_a_range_the_last_day_is_the_plans_own_today() {
    // Fourteen hours ahead of UTC and eleven behind: at any time one of them has another day.
    let plan = |name, zone| format!("{{name = \"{name}\", time_zone = \"{zone}\", quota = \"unlimited\"}}");
    let plans = format!("[{}, {}]", plan("ahead", "Pacific/Kiritimati"), plan("behind", "Pacific/Pago_Pago"));
    let server = TestServer::setup().set("plans", plans).start().await;
    let ada = server.signed_in("ada").await;
    for plan in ["ahead", "behind"] {
        let (key, id) = ada.key_on(plan).await;
        key.chat("hello").send().await.expect(200);
        let days = ada.get(&format!("/keys/{id}/usage")).send().await.expect(200).json();
        let days = days.as_array().unwrap();
        assert_eq!((days.len(), &days[29]["used"]), (30, &json!(1)), "{plan}");
    }
}

#[tokio::test]
async fn the_limit_of_a_day_is_told_only_where_the_period_is_a_day() {
    let server = TestServer::setup().plans(&[PlanSpec::limited("a", 9, "MONTH", 0)]).start().await;
    let ada = server.signed_in("ada").await;
    let (_, id) = ada.key_on("a").await;
    assert_eq!(usage(&ada, &id, today(), today()).await[0]["limit"], json!(null));
}

#[tokio::test]
async fn a_spreadsheet_gets_csv() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    key.chat("hello").send().await.expect(200);
    let today = today();
    let path = format!("/keys/{id}/usage?from={today}&to={today}");
    let answer = ada.get(&path).header("accept", "text/csv").send().await.expect(200);
    assert!(answer.header("content-type").starts_with("text/csv"), "{:?}", answer.headers);
    let rows: Vec<_> = answer.text().lines().map(str::to_owned).collect();
    assert_eq!(rows, ["date,used,refused,returned,limit".to_owned(), format!("{today},1,0,0,10")]);
    ada.get(&path).header("accept", "image/png").send().await.is_problem(406, "not_acceptable");

    // By a path of its own, for clients that can't choose by `Accept`.
    let path = format!("/keys/{id}/usage.csv?from={today}&to={today}");
    for accept in ["*/*", "application/json", "text/html"] {
        let file = ada.get(&path).header("accept", accept).send().await.expect(200);
        assert_eq!((file.body, &file.headers["content-type"]), (answer.body.clone(), &answer.headers["content-type"]));
    }
    let whole = ada.get(&format!("/keys/{id}/usage.csv")).send().await.expect(200);
    assert_eq!(whole.text().lines().count(), 31);
    ada.get(&format!("/keys/{id}/usage.csv?from=tomorrow")).send().await.names_fields(&["from"]);
    server.anonymous().get(&path).send().await.is_problem(401, "unauthenticated");
    server.signed_in("bob").await.get(&path).send().await.is_problem(404, "not_found");
}

#[tokio::test]
async fn the_type_that_is_liked_best_is_given() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (_, id) = ada.key_on("10RequestPerDay").await;
    for (accept, kind) in [
        ("", "application/json"),
        ("*/*", "application/json"),
        ("application/json, text/csv", "application/json"),
        ("text/csv, */*", "text/csv"),
        ("text/*;q=0.9, application/json;q=0.5", "text/csv"),
        ("text/csv;q=0.5, application/*", "application/json"),
        ("text/csv;q=0, */*", "application/json"),
        ("application/json;q=0, */*;q=0.1", "text/csv"),
        ("TEXT/CSV; header=present", "text/csv"),
        ("not a list of types", "application/json"),
    ] {
        let answer = ada.get(&format!("/keys/{id}/usage")).header("accept", accept).send().await.expect(200);
        assert!(answer.header("content-type").starts_with(kind), "{accept}: {}", answer.header("content-type"));
        assert_eq!(answer.header("vary"), "accept", "{accept}");
    }
    for accept in ["image/png", "text/csv;q=0, application/json;q=0"] {
        let answer = ada.get(&format!("/keys/{id}/usage")).header("accept", accept).send().await;
        answer.is_problem(406, "not_acceptable");
    }
}

#[tokio::test]
async fn a_range_that_can_not_be_is_refused_with_words() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (_, id) = ada.key_on("10RequestPerDay").await;
    let today = today();
    let long_ago = today.checked_sub(400.days()).unwrap();
    for query in [
        format!("from={today}&to={}", today.yesterday().unwrap()),
        format!("from={long_ago}&to={today}"),
        "from=2026-02-30&to=2026-03-01".to_owned(),
        "from=yesterday&to=today".to_owned(),
        "from=%00&to=%ff".to_owned(),
    ] {
        let answer = ada.get(&format!("/keys/{id}/usage?{query}")).send().await;
        assert!([400, 422].contains(&answer.status), "{query}: {}: {}", answer.status, answer.text());
        assert!(!answer.json()["detail"].as_str().unwrap().is_empty());
    }
}

#[tokio::test]
async fn rows_follow_the_plan_to_its_next_key() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    key.chat("hello").send().await.expect(200);
    ada.post(&format!("/keys/{id}/rotate"), &json!({})).send().await.expect(200);
    assert_eq!(usage(&ada, &id, today(), today()).await[0]["used"], 1);
}
