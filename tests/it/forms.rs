//! Bodies of the management calls that are no form: each gets its own answer, and nothing changes.

use api_types::limits::{
    IDEMPOTENCY_KEY_MAX_BYTES, KEY_LABEL_MAX_CHARS, LIST_PART_MAX, PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS,
    ROTATION_GRACE_MAX_SECONDS, USAGE_MAX_DAYS,
};
use reqwest::Method;
use serde_json::json;
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
async fn a_sentence_about_a_bound_names_the_bound() {
    let server = TestServer::start().await;
    let (ada, id) = a_signed_in_key_owner(&server).await;
    let at_key = |path: &str| format!("/keys/{id}{path}");
    let text = |length: usize| "x".repeat(length);
    let sign_in = json!({"email": "bob@example.com", "password": text(PASSWORD_MAX_CHARS + 1)});
    let change = json!({"current_password": text(PASSWORD_MAX_CHARS + 1), "new_password": "plain lake 42"});
    let create = ada.post("/create_key", &json!({"plan_name": "20RequestPerDay"}));
    let cases = [
        (
            server.anonymous().post("/accounts", &json!({"email": "bob@example.com", "password": "short"})),
            PASSWORD_MIN_CHARS,
        ),
        (server.anonymous().post("/accounts", &sign_in), PASSWORD_MAX_CHARS),
        (server.anonymous().post("/sessions", &sign_in), PASSWORD_MAX_CHARS),
        (ada.patch("/me", &change), PASSWORD_MAX_CHARS),
        (ada.patch(&at_key(""), &json!({"label": text(KEY_LABEL_MAX_CHARS + 1)})), KEY_LABEL_MAX_CHARS),
        (ada.post(&at_key("/rotate"), &json!({"grace_seconds": u32::MAX})), ROTATION_GRACE_MAX_SECONDS as usize),
        (ada.get("/keys?limit=0"), LIST_PART_MAX as usize),
        (ada.get(&at_key("/usage?from=2020-01-01&to=2026-01-01")), USAGE_MAX_DAYS.unsigned_abs() as usize),
        (create.header("idempotency-key", &text(IDEMPOTENCY_KEY_MAX_BYTES + 1)), IDEMPOTENCY_KEY_MAX_BYTES),
    ];
    for (call, bound) in cases {
        let problem = call.send().await.is_problem(422, "invalid_fields");
        let said = problem["errors"][0]["detail"].as_str().unwrap();
        let numbers: Vec<_> = said.split(|c: char| !c.is_ascii_digit()).collect();
        assert!(numbers.contains(&bound.to_string().as_str()), "{bound}: {said}");
    }
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
