//! Requests that we refuse ourselves: they cost nothing and never reach the upstream.

use reqwest::Method;
use serde_json::json;
use tests::{Caller, FakeUpstream, Identity, TestServer, settled, unknown_key};

struct Scene {
    upstream: FakeUpstream,
    server: TestServer,
    key: Caller,
}

async fn scene() -> Scene {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    // Large enough for every refusal to be given back: there are at most as many returns as the quota is large.
    let key = server.with_key("30RequestPerDay").await;
    Scene { upstream, server, key }
}

impl Scene {
    async fn cost_nothing(&self) {
        settled(0, || self.key.used()).await;
        assert_eq!(self.upstream.posts(), 0);
    }
}

#[tokio::test]
async fn every_key_that_is_not_good_gets_one_and_the_same_answer() {
    let scene = scene().await;
    let ada = scene.server.signed_in("ada").await;
    let (revoked, id) = ada.key_on("20RequestPerDay").await;
    ada.delete(&format!("/keys/{id}")).send().await.expect(204);
    let good = scene.key.secret();
    let mistyped = format!("{}{}", &good[..88], if good.ends_with('a') { 'b' } else { 'a' });
    let keys =
        [revoked.secret(), &mistyped, &unknown_key(7), "tg_short", "sk-openai-looking-key-000000000", &good[..40]];
    let mut answers = Vec::new();
    for key in keys {
        let holder = scene.key.as_identity(Identity::Key(key.to_owned()));
        answers.push(holder.chat("hello").send().await);
        let by_header = scene.server.anonymous().chat("hello").header("x-api-key", key);
        answers.push(by_header.send().await);
    }
    answers.push(scene.server.anonymous().chat("hello").send().await);
    answers.push(scene.server.anonymous().chat("hello").header("authorization", "Basic dXNlcjpwYXNz").send().await);
    answers.push(scene.server.anonymous().chat("hello").header("x-api-key", "").send().await);
    let first = answers[0].is_error(401, "invalid_api_key");
    assert_eq!(first["type"], "invalid_request_error");
    for answer in &answers {
        assert_eq!(answer.is_error(401, "invalid_api_key"), first);
        assert_eq!(answer.header("www-authenticate"), "Bearer");
    }
    scene.cost_nothing().await;
}

#[tokio::test]
async fn a_session_never_opens_the_data_plane() {
    let scene = scene().await;
    for caller in [scene.server.signed_in("ada").await, scene.server.with_cookie("ada").await] {
        caller.chat("hello").send().await.is_error(401, "invalid_api_key");
        caller.get("/v1/key").send().await.is_error(401, "invalid_api_key");
        caller.get("/v1/models").send().await.is_error(401, "invalid_api_key");
    }
    scene.cost_nothing().await;
}

#[tokio::test]
async fn two_different_keys_are_a_400_and_twice_the_same_is_one() {
    let scene = scene().await;
    let other = scene.server.with_key("10RequestPerDay").await;
    let call = scene.key.chat("hello").header("x-api-key", other.secret());
    call.send().await.is_error(400, "conflicting_credentials");
    let two = scene.server.anonymous().chat("hello").header("x-api-key", other.secret());
    two.header("x-api-key", scene.key.secret()).send().await.is_error(400, "conflicting_credentials");
    scene.cost_nothing().await;
    assert_eq!(other.used().await, 0);
    let same = scene.key.chat("hello").header("x-api-key", scene.key.secret());
    same.send().await.expect(200);
    let alone = scene.server.anonymous().chat("hello").header("x-api-key", scene.key.secret());
    alone.send().await.expect(200);
    let other_case = scene.server.anonymous().chat("hello");
    other_case.header("authorization", &format!("bearer {}", scene.key.secret())).send().await.expect(200);
}

#[tokio::test]
async fn a_refusal_of_two_keys_says_which_headers_hold_them() {
    let scene = scene().await;
    let (one, other) = (scene.key.secret(), unknown_key(1));
    let bearer = |key: &str| ("authorization", format!("Bearer {key}"));
    let plain = |key: &str| ("x-api-key", key.to_owned());
    for (headers, told) in [
        ([plain(one), bearer(&other)], "x-api-key and Authorization: Bearer hold"),
        ([bearer(one), bearer(&other)], "Two Authorization: Bearer headers hold"),
        ([plain(one), plain(&other)], "Two x-api-key headers hold"),
        // Some SDKs want a key where there is none to give; it might be one all the same.
        ([plain(one), bearer("none")], "x-api-key and Authorization: Bearer hold"),
    ] {
        let call = scene.server.anonymous().chat("hello");
        let call = headers.iter().fold(call, |call, (name, value)| call.header(name, value));
        let error = call.send().await.is_error(400, "conflicting_credentials");
        assert!(error["message"].as_str().unwrap().starts_with(told), "{error}");
    }
    scene.cost_nothing().await;
}

#[tokio::test]
async fn what_is_no_key_of_ours_beside_one_is_passed_over() {
    let scene = scene().await;
    let key = scene.key.secret();
    let beside_x_api_key = [
        // A proxy's own sign-in, which it passes on.
        ("authorization", "Basic dXNlcjpwYXNz"),
        ("authorization", "Negotiate YII="),
        ("authorization", "Digest username=\"u\", realm=\"r\""),
        ("authorization", ""),
        ("authorization", "Bearer"),
        ("authorization", "Bearer "),
        ("authorization", "Bearer   "),
        // A scheme of its own, as no scheme is named.
        ("authorization", key),
        ("authorization", &unknown_key(1)),
        ("x-api-key", ""),
        ("x-api-key", key),
    ];
    for (name, value) in beside_x_api_key {
        let call = scene.server.anonymous().get("/v1/key").header("x-api-key", key);
        call.header(name, value).send().await.expect(200);
        let call = scene.server.anonymous().get("/v1/key").header(name, value);
        call.header("x-api-key", key).send().await.expect(200);
    }
    for (name, value) in [("x-api-key", ""), ("x-api-key", " "), ("authorization", "Basic dXNlcjpwYXNz")] {
        scene.key.get("/v1/key").header(name, value).send().await.expect(200);
    }
    // Alone it opens nothing.
    for value in ["Basic dXNlcjpwYXNz", "Bearer", "Bearer ", "", key] {
        let call = scene.server.anonymous().get("/v1/key").header("authorization", value);
        call.send().await.is_error(401, "invalid_api_key");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_object_is_a_400_in_openais_words() {
    let scene = scene().await;
    let deep = "[".repeat(100_000);
    for body in ["", "{", "[]", "null", "\"text\"", "{\"model\": \"m\"} x", "{'model': 'm'}", "\u{0}", &deep] {
        let call = scene.key.call(Method::POST, "/v1/chat/completions").body("application/json", body.to_owned());
        let error = call.send().await.is_envelope(400);
        assert_eq!(error["type"], "invalid_request_error", "{body:.20}: {error}");
    }
    let bytes = [b"{\"model\": \"".as_slice(), &[0xff, 0xfe], b"\"}"].concat();
    let call = scene.key.call(Method::POST, "/v1/chat/completions").body("application/json", bytes);
    call.send().await.is_envelope(400);
    for body in
        [json!({"model": "m", "messages": [], "stream": "yes"}), json!({"model": "m", "messages": [], "stream": 1})]
    {
        let error = scene.key.post("/v1/chat/completions", &body).send().await.is_envelope(400);
        assert_eq!(error["param"], "stream");
    }
    scene.cost_nothing().await;
}

#[tokio::test]
async fn a_bad_key_is_told_before_a_bad_body() {
    let scene = scene().await;
    let call = scene.server.anonymous().call(Method::POST, "/v1/chat/completions");
    call.body("application/json", "{").send().await.is_error(401, "invalid_api_key");
    let call = scene.server.anonymous().call(Method::POST, "/v1/chat/completions");
    call.body("application/json", vec![b'x'; 21 * 1024 * 1024]).send().await.is_error(401, "invalid_api_key");
}

#[tokio::test]
async fn a_body_over_the_bound_is_a_413() {
    let upstream = FakeUpstream::start().await;
    let setup = TestServer::setup().upstream(&upstream).set("limits.chat_body_max_bytes", "100000");
    let server = setup.start().await;
    let key = server.with_key("10RequestPerDay").await;
    for message in ["x".repeat(100_000), "x".repeat(3_000_000)] {
        key.chat(&message).send().await.is_error(413, "request_too_large");
    }
    // The same without a length said beforehand.
    let mut client = server.raw().await;
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nx-api-key: {}\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n",
        key.secret()
    );
    client.send(head).await.unwrap();
    for _ in 0..20 {
        client.send(tests::chunk(vec![b' '; 10_000])).await.unwrap();
    }
    client.send("0\r\n\r\n").await.unwrap();
    assert_eq!(client.answer().await.unwrap().status, 413);
    settled(0, || key.used()).await;
    key.chat(&"x".repeat(99_000)).send().await.expect(200);
    assert_eq!(upstream.posts(), 1);
}

#[tokio::test]
async fn a_base_url_without_v1_is_told_so() {
    let server = TestServer::start().await;
    let key = server.with_key("10RequestPerDay").await;
    let body = json!({"messages": [{"role": "user", "content": "hello"}]});
    let answer = key.post("/chat/completions", &body).send().await;
    let error = answer.is_error(404, "unknown_url");
    assert!(error["message"].as_str().unwrap().contains("base URL end in /v1"), "{error}");
    key.get("/models").send().await.is_error(404, "unknown_url");
    assert_eq!(key.used().await, 0);
}

#[tokio::test]
async fn an_unknown_path_of_the_data_plane_is_a_404_in_openais_words() {
    let scene = scene().await;
    for path in ["/v1/nothing", "/v1", "/v1/chat", "/v1/chat/completions/", "/v1/key/x", "/v1/../me", "/v1/%2e%2e/me"] {
        let answer = scene.key.post(path, &json!({})).send().await;
        if path.starts_with("/v1/.") || path.contains("%2e") {
            // The client resolves dots itself; what matters is that no session route opens to a key.
            assert!([401, 404, 405].contains(&answer.status), "{path}: {}", answer.status);
            continue;
        }
        let error = answer.is_error(404, "unknown_url");
        assert_eq!(error["type"], "invalid_request_error", "{path}");
    }
    scene.key.get("/v1/chat/completions").send().await.is_error(405, "method_not_allowed");
    scene.cost_nothing().await;
}
