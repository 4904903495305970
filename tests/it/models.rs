//! `GET /v1/models`: the upstream's list, cut to what is offered.

use serde_json::json;
use tests::{FakeUpstream, Script, TestServer, settled, unknown_key};

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

#[tokio::test]
async fn a_bare_list_is_wrapped() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    upstream.lists(Script::json(200, &json!([{"id": "a", "type": "chat"}, {"id": "b"}])));
    let list = key.get("/v1/models").send().await.expect(200).json();
    assert_eq!(list, json!({"object": "list", "data": [{"id": "a", "type": "chat"}, {"id": "b"}]}));
}

#[tokio::test]
async fn one_model_is_shown_whatever_slashes_its_id_has() {
    let upstream = FakeUpstream::start().await;
    let server =
        TestServer::setup().upstream(&upstream).set("upstream.models", "[\"meta/llama:3 é\", \"gone\"]").start().await;
    let key = server.with_key("10RequestPerDay").await;
    let model = json!({"id": "meta/llama:3 é", "object": "model", "owned_by": "fake"});
    upstream.lists(Script::json(200, &json!({"object": "list", "data": [model, {"id": "hidden"}]})));
    for path in [
        "/v1/models/meta/llama:3%20%C3%A9",
        "/v1/models/meta%2Fllama:3%20%C3%A9",
        "/v1/models/meta%2fllama%3A3%20%C3%A9",
    ] {
        assert_eq!(key.get(path).send().await.expect(200).json(), model, "{path}");
    }
    let asked = upstream.received().len();
    for hidden in ["hidden", "meta%252Fllama:3%20%C3%A9", "a/../b", "%FF"] {
        let error = key.get(&format!("/v1/models/{hidden}")).send().await.is_error(404, "model_not_found");
        assert_eq!(error["param"], "model");
    }
    assert_eq!(upstream.received().len(), asked, "what isn't offered isn't asked for");
    key.get("/v1/models/gone").send().await.is_error(404, "model_not_found");
    server.anonymous().get("/v1/models/hidden").send().await.is_error(401, "invalid_api_key");
    settled(0, || key.used()).await;
}

#[tokio::test]
async fn the_demo_model_is_shown_by_its_name() {
    let server = TestServer::setup().start().await;
    let key = server.with_key("10RequestPerDay").await;
    let list = key.get("/v1/models").send().await.expect(200).json();
    let id = ids(&list)[0].to_owned();
    let shown = key.get(&format!("/v1/models/{id}")).send().await.expect(200).json();
    assert_eq!((&shown["id"], &shown["object"]), (&json!(id), &json!("model")));
    key.get("/v1/models/other").send().await.is_error(404, "model_not_found");
}
