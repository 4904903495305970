//! What passes and what doesn't: headers by lists both ways, bodies untouched.

use tests::{FakeUpstream, Script, TestServer};

#[tokio::test]
async fn nothing_of_the_caller_but_the_listed_headers_goes_upstream() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let mut call = key.chat("hello").header("x-api-key", key.secret());
    for (name, value) in [
        ("cookie", "tollgate_session=secret-cookie"),
        ("x-forwarded-for", "192.0.2.7"),
        ("forwarded", "for=192.0.2.7"),
        ("x-real-ip", "192.0.2.7"),
        ("accept-encoding", "gzip, br"),
        ("x-private", "secret-header"),
        ("openai-organization", "somebody-elses"),
        ("referer", "http://secret-page.example/"),
        ("proxy-authorization", "Basic secret-proxy"),
        ("x-request-id", "callers-own-id"),
        ("te", "trailers"),
    ] {
        call = call.header(name, value);
    }
    let answer = call.send().await.expect(200);
    assert_ne!(answer.header("x-request-id"), "callers-own-id");
    let sent = upstream.last();
    assert_eq!(sent.header("authorization"), Some("Bearer sk-upstream-credential"));
    assert_eq!(sent.header("accept-encoding"), Some("identity"));
    assert_eq!(sent.header("content-type"), Some("application/json"));
    assert!(sent.header("host").unwrap().starts_with("127.0.0.1:"));
    let listed = [
        "accept",
        "accept-encoding",
        "authorization",
        "content-length",
        "content-type",
        "date",
        "host",
        "openai-beta",
        "user-agent",
        "x-request-id",
    ];
    for (name, value) in &sent.headers {
        assert!(listed.contains(&name.as_str()), "{name}: {value} went upstream");
        for secret in [key.secret(), "secret-", "192.0.2.7", "callers-own-id", "somebody-elses"] {
            assert!(!value.contains(secret), "{name}: {value} went upstream");
        }
    }
}

#[tokio::test]
async fn nothing_of_the_upstream_but_the_listed_headers_comes_down() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let headers = [
        "set-cookie: upstream=1",
        "x-ratelimit-limit-requests: 999",
        "x-ratelimit-remaining-tokens: 5",
        "server: secret-server",
        "x-request-id: upstream-id",
        "openai-organization: ours",
        "openai-processing-ms: 12",
        "access-control-allow-origin: *",
        "strict-transport-security: max-age=1",
        "x-should-retry: true",
        "www-authenticate: Basic",
        "alt-svc: h3=\":443\"",
        "cf-ray: 1",
    ];
    upstream.next(Script::answer(200, "application/json", &headers, "{\"choices\": []}"));
    let answer = key.chat("hello").send().await.expect(200);
    // The list of headers is checked on each answer; here that none of these had the upstream's value.
    assert_eq!(answer.header("x-ratelimit-limit-requests"), "10");
    assert_eq!(answer.header("openai-processing-ms"), "12");
    for name in ["set-cookie", "server", "x-should-retry", "www-authenticate", "openai-organization"] {
        assert_eq!(answer.header(name), "", "{name}");
    }
    assert!(answer.header("x-request-id").starts_with("req_"));
}

#[tokio::test]
async fn a_request_body_reaches_the_upstream_byte_for_byte() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let body = " {\"model\":\"m\",\n\t\"messages\" : [ {\"content\":\"\\ud83e\\udd86 ä\"} ], \"big\": 123456789012345678901234567890 } \n";
    let path = "/v1/chat/completions";
    key.call(reqwest::Method::POST, path).body("application/json", body).send().await.expect(200);
    assert_eq!(String::from_utf8(upstream.last().body).unwrap(), body);
    assert_eq!(upstream.last().path, path);
}

#[tokio::test]
async fn a_large_body_within_the_bound_passes() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let message = "x".repeat(8 * 1024 * 1024);
    key.chat(&message).send().await.expect(200);
    assert_eq!(upstream.last().message().len(), message.len());
}

#[tokio::test]
async fn a_base_url_with_a_path_is_kept_and_one_without_credential_sends_none() {
    let upstream = FakeUpstream::start().await;
    let base = upstream.base_url().replace("/v1", "/some/where/v1/");
    let server = TestServer::setup().set("upstream.base_url", base).start().await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.next(Script::completion("hi"));
    key.chat("hello").send().await.expect(200);
    assert_eq!(upstream.last().path, "/some/where/v1/chat/completions");
    assert_eq!(upstream.last().header("authorization"), None);
}
