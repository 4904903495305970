//! Bodies of the management calls that are no form: each gets its own answer, and nothing changes.

use reqwest::Method;
use tests::{Caller, TestServer};

/// Every call with a body that a session may make; the key's id is put in.
const CALLS: &[(&str, &str)] = &[
    ("POST", "/accounts"),
    ("POST", "/sessions"),
    ("POST", "/create_key"),
    ("PATCH", "/me"),
    ("PATCH", "/keys/{id}"),
    ("POST", "/keys/{id}/rotate"),
];

async fn a_signed_in_key_owner(server: &TestServer) -> (Caller, String) {
    let ada = server.signed_in("ada").await;
    let (_, id) = ada.key_on("10RequestPerDay").await;
    (ada, id)
}

async fn refused(kind: Option<&str>, body: Vec<u8>, status: u16, code: &str) {
    let server = TestServer::start().await;
    let (ada, id) = a_signed_in_key_owner(&server).await;
    let before = server.store().snapshot();
    for (method, path) in CALLS {
        let call = ada.call(method.parse::<Method>().unwrap(), &path.replace("{id}", &id));
        let call = match kind {
            Some(kind) => call.body(kind, body.clone()),
            None => call.body("application/octet-stream", body.clone()),
        };
        call.send().await.is_problem(status, code);
    }
    assert_eq!(server.store().snapshot(), before);
}

#[tokio::test]
async fn what_is_not_json_is_a_400() {
    refused(Some("application/json"), b"{\"plan_name\": ".to_vec(), 400, "invalid_json").await;
}

#[tokio::test]
async fn bytes_that_are_no_text_are_a_400() {
    refused(Some("application/json"), vec![b'"', 0xff, 0xfe, b'"'], 400, "invalid_json").await;
}

#[tokio::test]
async fn json_nested_without_end_is_a_400() {
    refused(Some("application/json"), vec![b'['; 50_000], 400, "invalid_json").await;
}

#[tokio::test]
async fn json_that_is_no_object_is_a_422() {
    refused(Some("application/json; charset=utf-8"), b"[1, 2]".to_vec(), 422, "invalid_fields").await;
}

#[tokio::test]
async fn another_media_type_is_a_415() {
    refused(Some("text/plain"), b"{}".to_vec(), 415, "unsupported_media_type").await;
    refused(None, b"{}".to_vec(), 415, "unsupported_media_type").await;
}

#[tokio::test]
async fn an_oversized_form_is_a_413() {
    let body = format!("{{\"plan_name\": \"{}\"}}", "x".repeat(64 * 1024)).into_bytes();
    refused(Some("application/json"), body, 413, "body_too_large").await;
}

#[tokio::test]
async fn an_unknown_method_names_those_that_there_are() {
    let server = TestServer::start().await;
    let (ada, _) = a_signed_in_key_owner(&server).await;
    for (method, path, allowed) in
        [("PUT", "/me", "PATCH"), ("GET", "/create_key", "POST"), ("DELETE", "/plans", "GET")]
    {
        let answer = ada.call(method.parse::<Method>().unwrap(), path).send().await;
        answer.is_problem(405, "method_not_allowed");
        assert!(answer.header("allow").contains(allowed), "{:?}", answer.headers);
    }
}

#[tokio::test]
async fn a_path_that_is_not_there_is_a_404_for_programs() {
    let server = TestServer::start().await;
    for path in ["/nothing", "/keys2", "/me/keys", "/create_key/"] {
        let answer = server.anonymous().get(path).header("accept", "application/json").send().await;
        answer.is_problem(404, "not_found");
    }
}
