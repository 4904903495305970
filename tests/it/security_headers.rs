//! What every answer tells a browser: that only the page and the documentation are for looking at, and that who came by
//! https never comes without it.

use std::fs;

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use tests::{Answer, TestServer};

use crate::openapi::{document, operations};

const NOTHING: &str = "default-src 'none'; frame-ancestors 'none'";

/// An answer of every kind, and whether it is one to look at.
async fn answers(server: &TestServer) -> Vec<(Answer, bool)> {
    let key = server.with_key("10RequestPerDay").await;
    let anonymous = server.anonymous();
    let html = |path: &str| anonymous.get(path).header("accept", "text/html").send();
    let mut all = vec![(html("/").await, true), (html("/dashboard").await, true), (html("/docs/").await, true)];
    let known = anonymous.get("/").header("accept", "text/html").header("if-none-match", all[0].0.header("etag"));
    all.push((known.send().await.expect(304), true));
    all.push((html("/docs").await, false));
    for path in ["/plans", "/me", "/nothing", "/openapi.json", "/healthz", "/style-0123456789abcdef.css", "/v1/models"]
    {
        all.push((anonymous.get(path).send().await, false));
    }
    all.push((anonymous.call(Method::HEAD, "/plans").send().await, false));
    all.push((anonymous.post("/sessions", &json!({})).send().await.expect(422), false));
    all.push((anonymous.post("/plans", &json!({})).send().await.expect(405), false));
    all.push((key.chat("hello").send().await.expect(200), false));
    all.push((key.get("/v1/nothing").send().await.expect(404), false));
    all
}

#[tokio::test]
async fn only_what_is_a_page_may_do_anything_in_a_browser() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("index.html"), "<!doctype html><title>the page</title>").unwrap();
    fs::write(dir.path().join("style-0123456789abcdef.css"), "body{}").unwrap();
    let setup = TestServer::setup().set("server.page_dir", dir.path().to_str().unwrap());
    for (public_url, wanted) in
        [(None, ""), (Some("http://llm.example.com"), ""), (Some("https://llm.example.com"), "max-age=31536000")]
    {
        let setup = public_url.map_or(setup.clone(), |url| setup.clone().set("server.public_url", url));
        let server = setup.start().await;
        for (answer, is_page) in answers(&server).await {
            let policies: Vec<_> = answer.headers.get_all("content-security-policy").iter().collect();
            assert_eq!(policies.len(), 1, "{}", answer.asked);
            assert_eq!(policies[0] != NOTHING, is_page, "{}: {:?}", answer.asked, policies[0]);
            assert!(policies[0].to_str().unwrap().contains("frame-ancestors 'none'"), "{}", answer.asked);
            assert_eq!(answer.header("strict-transport-security"), wanted, "{}", answer.asked);
        }
    }
}

/// What a page's policy may not allow: scripts and styles that stand in it, and code made of text.
const UNSAFE: [&str; 3] = ["'unsafe-inline'", "'unsafe-eval'", "'unsafe-hashes'"];

#[tokio::test]
async fn every_route_says_the_same_of_its_answers() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("index.html"), "<!doctype html><title>the page</title><script>1</script>").unwrap();
    fs::write(dir.path().join("style-0123456789abcdef.css"), "body{}").unwrap();
    let server = TestServer::setup().set("server.page_dir", dir.path().to_str().unwrap()).start().await;
    let (ada, key) = (server.signed_in("ada").await, server.with_key("10RequestPerDay").await);
    let mut answers = Vec::new();
    for (method, path, _) in operations(&document(&server).await) {
        for caller in [&server.anonymous(), &ada, &key] {
            // The last one would end the session for all that follow.
            if method != Method::DELETE {
                answers.push(caller.call(method.clone(), &path).json(&json!({})).send().await);
            }
        }
        answers.push(server.anonymous().call(Method::OPTIONS, &path).send().await);
        answers.push(server.anonymous().call(Method::PUT, &path).send().await);
    }
    for path in ["/", "/style-0123456789abcdef.css", "/openapi.json", "/docs", "/docs/", "/nothing", "/v1/nothing"] {
        answers.push(server.anonymous().get(path).header("accept", "text/html, */*").send().await);
    }
    assert!(answers.len() > 100, "{}", answers.len());
    for answer in answers {
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{}: {name}", answer.asked);
        }
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src ") && policy.contains("frame-ancestors 'none'"), "{}", answer.asked);
        // The documentation's page styles itself in its HTML.
        if !answer.asked.starts_with("GET /docs/") {
            assert!(!UNSAFE.iter().any(|word| policy.contains(word)), "{}: {policy}", answer.asked);
        }
        assert_ne!(answer.header("cache-control"), "", "{}", answer.asked);
        assert_eq!(answer.header("access-control-allow-origin"), "", "{}: no origin is configured", answer.asked);
    }
}
