//! A page of another origin that calls `/v1` with a key, in a real browser.

use serde_json::{Value, json};
use tests::{Browser, FakeUpstream, PlanSpec, Script, TestServer, unknown_key};

/// Another site with an empty page, and its origin.
async fn other_site() -> (FakeUpstream, String) {
    let site = FakeUpstream::start().await;
    site.lists(Script::answer(200, "text/html", &[], "<!doctype html><title>another site</title>"));
    let origin = site.base_url().trim_end_matches("/v1").to_owned();
    (site, origin)
}

/// What the page can read of the answer to a chat, sent as OpenAI's SDK for browsers does; `null` when the browser
/// gives it nothing.
async fn chat(browser: &Browser, server: &TestServer, key: &str) -> Value {
    let url = format!("{}/v1/chat/completions", server.origin());
    let request = json!({
        "method": "POST",
        "headers": {
            "authorization": format!("Bearer {key}"),
            "content-type": "application/json",
            "x-stainless-lang": "js",
            "x-stainless-retry-count": "0",
        },
        "body": json!({"model": "model-1", "stream": true, "messages": []}).to_string(),
    });
    let names = ["x-request-id", "retry-after", "x-should-retry", "x-ratelimit-remaining-requests"];
    browser
        .evaluate(&format!(
            "fetch('{url}', {request}).then(async answer => ({{status: answer.status, text: await answer.text(), \
             headers: Object.fromEntries({names:?}.map(name => [name, answer.headers.get(name)]))}}), () => null)"
        ))
        .await
}

#[tokio::test]
async fn a_page_of_an_allowed_origin_reads_answers_and_refusals() {
    let (_site, origin) = other_site().await;
    let upstream = FakeUpstream::start().await;
    let setup = TestServer::setup().upstream(&upstream).plans(&[PlanSpec::daily("plan", 1)]);
    let server = setup.set("cors.allowed_origins", format!("[\"{origin}\"]")).start().await;
    let key = server.with_key("plan").await;
    let browser = Browser::start(&origin).await;
    browser.open("/").await;

    let answer = chat(&browser, &server, key.secret()).await;
    assert_eq!(answer["status"], 200);
    assert!(answer["text"].as_str().unwrap().ends_with("data: [DONE]\n\n"), "{answer}");
    assert!(answer["headers"]["x-request-id"].as_str().unwrap().starts_with("req_"), "{answer}");
    assert_eq!(answer["headers"]["x-ratelimit-remaining-requests"], "0");

    let spent = chat(&browser, &server, key.secret()).await;
    assert_eq!((&spent["status"], &spent["headers"]["x-should-retry"]), (&json!(429), &json!("false")), "{spent}");
    assert!(spent["headers"]["retry-after"].as_str().unwrap().parse::<u64>().is_ok(), "{spent}");
    assert!(spent["text"].as_str().unwrap().contains("rate_limit_exceeded"), "{spent}");

    let wrong = chat(&browser, &server, &unknown_key(1)).await;
    assert_eq!(wrong["status"], 401, "{wrong}");
    // Not closed as the others are: the browser's console tells of the refusals, which are wanted here.
}

#[tokio::test]
async fn a_page_of_any_other_origin_reads_nothing_and_never_sends_the_call() {
    let (_site, origin) = other_site().await;
    let upstream = FakeUpstream::start().await;
    let browser = Browser::start(&origin).await;
    browser.open("/").await;
    for origins in ["[]", "[\"https://app.example.com\"]"] {
        let server = TestServer::setup().upstream(&upstream).set("cors.allowed_origins", origins).start().await;
        let key = server.with_key("10RequestPerDay").await;
        assert_eq!(chat(&browser, &server, key.secret()).await, Value::Null);
        assert_eq!((key.used().await, upstream.posts()), (0, 0));
    }
}
