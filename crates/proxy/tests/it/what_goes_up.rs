//! What the upstream gets to see: our credential, few headers, and the caller's bytes.

use std::sync::Arc;

use crate::support::*;
use http::header::{HeaderMap, HeaderName, HeaderValue};
use proxy::{Body, Client, Credential, Endpoint, ModelPolicy, Request, Secret, Upstream, relay};

const JSON: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";

#[actix_rt::test]
async fn the_body_is_untouched_and_only_listed_headers_pass() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(LONG);
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("authorization", "Bearer tg_callers"),
        ("x-api-key", "tg_callers"),
        ("cookie", "tollgate_session=x"),
        ("forwarded", "for=1.2.3.4"),
        ("x-forwarded-for", "1.2.3.4"),
        ("openai-organization", "org-other"),
        ("idempotency-key", "guessed"),
        ("accept-encoding", "gzip"),
        ("user-agent", "caller/1"),
        ("x-stainless-os", "Linux"),
        ("content-encoding", "gzip"),
        ("transfer-encoding", "chunked"),
        ("connection", "upgrade"),
        ("expect", "100-continue"),
        ("host", "evil"),
        ("openai-beta", "assistants=v2"),
    ] {
        headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    let text = "{ \"messages\": [\"\\u00e8\"],\n\"model\":\"m\" }";
    let body = Body::parse(Endpoint::ChatCompletions, text.into(), &ModelPolicy::default()).unwrap();
    let (follow, _) = follow();
    let upstream = async {
        let mut up = fake.accept().await;
        let received = up.request().await;
        up.send(JSON).await;
        received
    };
    let request = Request::new(body).with_headers(headers.iter());
    let (answer, received) = tokio::join!(relay(&client, request, follow, proxy::never()), upstream);
    assert!(answer.is_ok());
    assert_eq!(received.body, text.as_bytes());
    let mut lines: Vec<&str> =
        received.head.trim_end().split("\r\n").filter(|line| !line.starts_with("date: ")).collect();
    assert_eq!(lines.remove(0), "POST /v1/chat/completions HTTP/1.1");
    lines.sort_unstable();
    let (host, authorization) = (format!("host: {}", fake.addr), format!("authorization: Bearer {CREDENTIAL}"));
    let agent = concat!("user-agent: tollgate/", env!("CARGO_PKG_VERSION"));
    let length = format!("content-length: {}", text.len());
    let expected = [
        "accept-encoding: identity",
        "accept: application/json",
        &authorization,
        &length,
        "content-type: application/json",
        &host,
        "openai-beta: assistants=v2",
        agent,
    ];
    assert_eq!(lines, expected);
}

#[actix_rt::test]
async fn the_callers_key_goes_up_only_where_that_is_the_credential() {
    let fake = FakeUpstream::start().await;
    for (credential, expected) in [(Credential::CallerKey, true), (Credential::None, false)] {
        let client = Client::new(Arc::new(Upstream::new(&fake.base_url("http"), credential, LONG).unwrap()));
        let (follow, _) = follow();
        let request = chat(false).with_caller_key(Secret::new("tg_callers").unwrap());
        let upstream = async {
            let mut up = fake.accept().await;
            let received = up.request().await;
            up.send(JSON).await;
            received
        };
        let (answer, received) = tokio::join!(relay(&client, request, follow, proxy::never()), upstream);
        assert!(answer.is_ok());
        assert_eq!(received.head.contains("x-api-key: tg_callers\r\n"), expected);
        assert!(!received.head.contains("authorization"));
    }
}

#[actix_rt::test]
async fn twenty_megabytes_go_up_and_the_connection_is_used_again() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(LONG);
    let text = format!("{{\"model\":\"m\",\"messages\":[\"{}\"]}}", "x".repeat(20 << 20));
    let upstream = async {
        let mut up = fake.accept().await;
        let mut received = Vec::new();
        for _ in 0..2 {
            received.push(up.request().await.body.len());
            up.send(JSON).await;
        }
        received
    };
    let caller = async {
        for _ in 0..2 {
            let body = Body::parse(Endpoint::ChatCompletions, text.clone().into(), &ModelPolicy::default()).unwrap();
            let (follow, _) = follow();
            take(relay(&client, Request::new(body), follow, proxy::never()).await.unwrap()).await;
        }
    };
    let (received, ()) = tokio::join!(upstream, caller);
    assert_eq!(received, [text.len(), text.len()]);
}

#[actix_rt::test]
async fn models_are_asked_for_and_cut_to_the_list() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(LONG);
    let list = r#"{"object":"list","data":[{"id":"a"},{"id":"b"}]}"#;
    let upstream = async {
        let mut up = fake.accept().await;
        let received = up.request().await;
        up.send(format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{list}", list.len())).await;
        received
    };
    let allowed = ["b".to_owned()];
    let (models, received) = tokio::join!(proxy::models(&client, Some(&allowed), None), upstream);
    assert!(received.head.starts_with("GET /v1/models HTTP/1.1\r\n"));
    assert!(received.head.contains(CREDENTIAL));
    assert_eq!(models.unwrap(), r#"{"data":[{"id":"b"}],"object":"list"}"#);
}

#[actix_rt::test]
async fn a_list_of_models_that_is_none_is_a_failure() {
    let fake = FakeUpstream::start().await;
    let client = fake.client(LONG);
    for answer in [
        "HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\n<html>",
        "HTTP/1.1 200 OK\r\ncontent-length: 60\r\n\r\n{\"data\":[]}",
        "HTTP/1.1 401 X\r\ncontent-length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 1\r\n\r\nx",
        "",
    ] {
        let upstream = async {
            let mut up = fake.accept().await;
            up.request().await;
            up.send(answer).await;
        };
        let (models, ()) = tokio::join!(proxy::models(&client, None, None), upstream);
        assert!(models.is_err(), "{answer}");
    }
}
