//! The OpenAPI document as a list of routes: whatever is not on the short list of open ones is closed.

use reqwest::Method;
use serde_json::Value;
use tests::{Caller, ServerSetup, TestServer};

/// Routes that need no credential: signing up and in, reading plans, and telling how the service is.
const OPEN: &[(&str, &str)] = &[
    ("GET", "/plans"),
    ("GET", "/about"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    // To callers on the same machine, as these tests are.
    ("GET", "/metrics"),
    ("POST", "/accounts"),
    ("POST", "/sessions"),
    // By the secret of a link.
    ("POST", "/password_resets"),
];

pub(crate) async fn document(server: &TestServer) -> Value {
    server.anonymous().get("/openapi.json").send().await.expect(200).json()
}

/// Method, path with parameters filled in, and the operation.
pub(crate) fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            if operation.get("responses").is_some() {
                all.push((method, path.replace("{id}", "key_aaaaaaaaaaaaaaaaaaaaaaaaaa"), operation.clone()));
            }
        }
    }
    all
}

fn is_open(method: &Method, path: &str) -> bool {
    OPEN.contains(&(method.as_str(), path))
}

async fn asks(caller: &Caller, method: &Method, path: &str) -> tests::Answer {
    let call = caller.call(method.clone(), path);
    if *method == Method::GET { call.send().await } else { call.json(&serde_json::json!({})).send().await }
}

#[tokio::test]
async fn every_route_that_is_not_open_answers_401_to_the_anonymous() {
    let server = TestServer::start().await;
    let document = document(&server).await;
    let operations = operations(&document);
    assert!(operations.len() >= 20, "{}", operations.len());
    let before = server.store().snapshot();
    for (method, path, operation) in &operations {
        let answer = asks(&server.anonymous(), method, path).await;
        if is_open(method, path) {
            assert_ne!(answer.status, 401, "{method} {path}");
            // Not a list with an empty need, which generators of clients take for a need.
            assert_eq!(operation["security"], serde_json::json!([]), "{method} {path}");
            continue;
        }
        assert_eq!(answer.status, 401, "{method} {path}: {}", answer.text());
        assert!(operation["responses"].get("401").is_some(), "{method} {path} doesn't document its 401");
        // Who refreshes a session proves it by the body, which no security scheme describes.
        let is_proved_by_body = operation["operationId"] == "refresh_session";
        assert!(
            operation["security"].as_array().is_some_and(|all| all.is_empty() == is_proved_by_body),
            "{method} {path}"
        );
    }
    assert_eq!(server.store().snapshot(), before);
}

#[tokio::test]
async fn a_session_opens_no_data_plane_and_a_key_no_management() {
    let server = TestServer::start().await;
    let ada = server.signed_in("ada").await;
    let page = server.with_cookie("ada").await;
    let (key, _) = ada.key_on("10RequestPerDay").await;
    let document = document(&server).await;
    let before = server.store().snapshot();
    for (method, path, _) in operations(&document) {
        if is_open(&method, &path) {
            continue;
        }
        if path.starts_with("/v1/") {
            for caller in [&ada, &page] {
                asks(caller, &method, &path).await.is_error(401, "invalid_api_key");
            }
        } else {
            let answer = asks(&key, &method, &path).await;
            answer.is_problem(401, "unauthenticated");
        }
    }
    assert_eq!(server.store().snapshot(), before);
}

#[tokio::test]
async fn every_operation_is_described_and_named_once() {
    let server = TestServer::start().await;
    let document = document(&server).await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut names = Vec::new();
    for (method, path, operation) in operations(&document) {
        let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no name"));
        names.push(name.to_owned());
        for member in ["summary", "description", "tags"] {
            assert!(!operation[member].is_null(), "{method} {path} has no {member}");
        }
        for (status, response) in operation["responses"].as_object().unwrap() {
            let shared = response["$ref"].as_str().and_then(|place| document.pointer(place.trim_start_matches('#')));
            let text = shared.unwrap_or(response)["description"].as_str().unwrap_or_default();
            assert!(!text.is_empty(), "{method} {path} {status} has no description");
        }
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
}

#[tokio::test]
async fn the_command_prints_the_document_that_is_served() {
    let server = TestServer::start().await;
    let (status, printed) = TestServer::run(&ServerSetup::bare(), &["openapi"]).await;
    assert!(status.success());
    let printed: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed, document(&server).await);
}
