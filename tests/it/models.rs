//! `GET /v1/models`: the upstream's list, cut to what is offered.

use serde_json::json;
use tests::{FakeUpstream, Script, TestServer, unknown_key};

fn ids(list: &serde_json::Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_key_holder_sees_the_upstreams_models() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    let list = key.get("/v1/models").send().await.expect(200).json();
    assert_eq!(list["object"], "list");
    assert_eq!(ids(&list), ["model-1", "model-2"]);
    assert_eq!(upstream.last().header("authorization"), Some("Bearer sk-upstream-credential"));
}

#[tokio::test]
async fn an_allow_list_cuts_it() {
    let upstream = FakeUpstream::start().await;
    let setup = TestServer::setup().upstream(&upstream).set("upstream.models", "[\"model-2\", \"model-7\"]");
    let server = setup.start().await;
    let key = server.with_key("10RequestPerDay").await;
    let list = key.get("/v1/models").send().await.expect(200).json();
    assert_eq!(ids(&list), ["model-2"]);
}

#[tokio::test]
async fn without_a_good_key_there_is_no_list() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let unknown = server.anonymous().as_identity(tests::Identity::Key(unknown_key(1)));
    for caller in [server.anonymous(), server.signed_in("ada").await, unknown] {
        caller.get("/v1/models").send().await.is_error(401, "invalid_api_key");
    }
    assert!(upstream.received().is_empty());
}

#[tokio::test]
async fn a_list_that_can_not_be_read_is_a_502() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    for script in [
        Script::json(200, &json!({"data": "nothing"})),
        Script::json(200, &json!([])),
        Script::answer(200, "text/html", &[], "<html>"),
        Script::answer(200, "application/json", &[], "{"),
        Script::error(401, "no"),
        Script::error(500, "no"),
    ] {
        upstream.lists(script);
        let answer = key.get("/v1/models").send().await;
        assert!((502..=504).contains(&answer.status), "{}", answer.text());
        answer.is_envelope(answer.status);
    }
}
