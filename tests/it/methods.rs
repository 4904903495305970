//! What a path answers to methods that it doesn't take, to `OPTIONS` and to `HEAD`; and to types that it doesn't.

use std::{collections::BTreeMap, fs};

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use tests::{Answer, Caller, TestServer};

use crate::openapi::{document, operations};

const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// The methods that `Allow` names.
#[track_caller]
fn allowed(answer: &Answer) -> Vec<&str> {
    let mut methods: Vec<_> = answer.header("allow").split(", ").collect();
    methods.sort_unstable();
    methods
}

async fn asks(caller: &Caller, method: &str, path: &str) -> Answer {
    caller.call(method.parse::<Method>().unwrap(), path).send().await
}

/// Asserts that a path takes these and says so, and nothing else.
async fn takes(caller: &Caller, path: &str, methods: &[&str]) {
    let mut expected = methods.to_vec();
    expected.push("OPTIONS");
    if methods.contains(&"GET") {
        expected.push("HEAD");
    }
    expected.sort_unstable();
    for method in METHODS {
        let answer = asks(caller, method, path).await;
        if method == "OPTIONS" {
            assert_eq!((answer.status, allowed(&answer)), (204, expected.clone()), "OPTIONS {path}");
        } else if expected.contains(&method) {
            assert_ne!(answer.status, 405, "{method} {path}");
            assert!(!answer.headers.contains_key("allow"), "{method} {path}");
        } else {
            assert_eq!(allowed(&answer), expected, "{method} {path}: {}", answer.status);
            if method == "HEAD" {
                assert_eq!((answer.status, answer.text().as_str()), (405, ""), "{path}");
            } else if path.starts_with("/v1/") {
                answer.is_error(405, "method_not_allowed");
            } else {
                answer.is_problem(405, "method_not_allowed");
            }
        }
    }
}

#[tokio::test]
async fn every_documented_path_tells_its_methods_to_whoever_asks_by_another() {
    let server = TestServer::start().await;
    let mut paths: BTreeMap<String, Vec<Method>> = BTreeMap::new();
    for (method, path, _) in operations(&document(&server).await) {
        paths.entry(path).or_default().push(method);
    }
    assert!(paths.len() >= 18, "{}", paths.len());
    for (path, methods) in &paths {
        let methods: Vec<_> = methods.iter().map(Method::as_str).collect();
        takes(&server.anonymous(), path, &methods).await;
    }
    // An id with slashes is one of them too.
    takes(&server.anonymous(), "/v1/models/meta/llama-3", &["GET"]).await;
}

#[tokio::test]
async fn the_page_and_the_documentation_are_for_reading_only() {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("index.html"), "<!doctype html><title>the page</title>").unwrap();
    fs::write(dir.path().join("style-0123456789abcdef.css"), "body{}").unwrap();
    let server = TestServer::setup().set("server.page_dir", dir.path().to_str().unwrap()).start().await;
    for path in ["/", "/style-0123456789abcdef.css", "/openapi.json", "/docs", "/docs/"] {
        takes(&server.anonymous(), path, &["GET"]).await;
    }
    for path in ["/dashboard", "/style-aaaaaaaaaaaaaaaa.css", "/nothing"] {
        for method in ["POST", "OPTIONS"] {
            asks(&server.anonymous(), method, path).await.is_problem(404, "not_found");
        }
    }
    asks(&server.anonymous(), "OPTIONS", "/v1/nothing").await.is_error(404, "unknown_url");
}

#[tokio::test]
async fn a_method_that_nobody_knows_is_refused_like_one_that_the_path_does_not_take() {
    let server = TestServer::start().await;
    asks(&server.anonymous(), "BREW", "/plans").await.is_problem(405, "method_not_allowed");
    asks(&server.anonymous(), "BREW", "/v1/models").await.is_error(405, "method_not_allowed");
    asks(&server.anonymous(), "BREW", "/v1/nothing").await.is_error(404, "unknown_url");
}

#[tokio::test]
async fn the_whole_server_tells_what_it_takes() {
    let server = TestServer::start().await;
    let mut client = server.raw().await;
    client.send("OPTIONS * HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let answer = client.answer().await.unwrap();
    assert_eq!(answer.status, 204);
    assert!(answer.head.contains("allow: get, head, post, patch, delete, options\r\n"), "{}", answer.head);
}

#[tokio::test]
async fn a_body_of_the_data_plane_that_is_marked_as_something_else_is_a_415() {
    let server = TestServer::start().await;
    let key = server.with_key("10RequestPerDay").await;
    let body = json!({"messages": [{"role": "user", "content": "hello"}]}).to_string();
    let send = |kind: &str| key.call(Method::POST, "/v1/chat/completions").body(kind, body.clone()).send();
    for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json"] {
        let error = send(kind).await.is_error(415, "unsupported_content_type");
        assert!(error["message"].as_str().unwrap().contains("application/json"), "{error}");
    }
    for kind in ["application/json", "Application/JSON; charset=utf-8", "application/vnd.api+json", ""] {
        send(kind).await.expect(200);
    }
    let unmarked = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
        key.secret(),
        body.len()
    );
    let mut client = server.raw().await;
    client.send(unmarked).await.unwrap();
    assert_eq!(client.answer().await.unwrap().status, 200, "who doesn't mark it means JSON");
    assert_eq!(key.used().await, 5);
}
