//! Whatever a client sends, nothing makes a 500 or a panic.

use proptest::{
    prelude::*,
    sample::select,
    test_runner::{Config, TestRunner},
};
use reqwest::Method;
use serde_json::Value;
use tests::{Caller, FakeUpstream, Identity, TestServer};
use tokio::runtime::Runtime;

use crate::openapi::{document, operations};

/// Asked for beside the paths of the document.
const MORE_PATHS: &[&str] = &[
    "/",
    "/keys/x",
    "/keys/x/rotate",
    "/keys/%ff%00/usage",
    "/keys/x/usage?from=2026-01-01&to=9999-12-31",
    "/openapi.json",
    "/docs/",
    "/docs/%2e%2e/x",
    "/v1/x",
];

const HEADERS: &[&str] = &[
    "accept",
    "accept-encoding",
    "authorization",
    "x-api-key",
    "cookie",
    "origin",
    "sec-fetch-site",
    "if-none-match",
    "range",
    "expect",
    "x-forwarded-for",
    "x-request-id",
    "content-encoding",
    "x-stainless-retry-count",
    "te",
];

struct Scene {
    runtime: Runtime,
    server: TestServer,
    callers: Vec<Caller>,
    document: Value,
    _upstream: FakeUpstream,
}

fn scene() -> Scene {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (upstream, server, callers, document) = runtime.block_on(async {
        let upstream = FakeUpstream::start().await;
        let many = "1000000";
        let setup = TestServer::setup().upstream(&upstream).set("accounts.failed_keys_per_source", many);
        let setup = setup.set("accounts.failed_sign_ins", many).set("accounts.failed_sign_ins_per_source", many);
        let server = setup.start().await;
        let ada = server.signed_in("ada").await;
        let (key, _) = ada.key_on("unlimited").await;
        let callers = vec![server.anonymous(), ada, server.with_cookie("bob").await, key];
        let document = document(&server).await;
        (upstream, server, callers, document)
    });
    Scene { runtime, server, callers, document, _upstream: upstream }
}

impl Scene {
    fn runner() -> TestRunner {
        TestRunner::new(Config { cases: 300, failure_persistence: None, max_shrink_iters: 40, ..Config::default() })
    }

    fn still_lives(&self) {
        let answer = self.runtime.block_on(self.server.anonymous().get("/readyz").send());
        assert_eq!(answer.status, 200);
        let said = self.server.output().text();
        assert!(!said.contains("panicked"), "{said}");
    }
}

/// A form of the document: how it is sent, and the names that it knows with two that none does.
type FormCall = (Method, String, Vec<String>);

fn forms(document: &Value) -> Vec<FormCall> {
    let with_body = operations(document).into_iter().filter(|(.., operation)| !operation["requestBody"].is_null());
    let forms = with_body.map(|(method, path, operation)| {
        let schema = operation.pointer("/requestBody/content/application~1json/schema/$ref").unwrap().as_str().unwrap();
        let properties = format!("{}/properties", schema.trim_start_matches('#'));
        let known = document.pointer(&properties).unwrap().as_object().unwrap().keys().cloned();
        (method, path, known.chain(["x", "\\u0000"].map(str::to_owned)).collect())
    });
    forms.collect()
}

/// JSON of any shape around the names of a form.
fn json_text(names: Vec<String>) -> impl Strategy<Value = String> {
    let name = select(names);
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("1e999".to_owned()),
        Just("-0.0".to_owned()),
        any::<i64>().prop_map(|number| number.to_string()),
        "\\PC{0,40}".prop_map(|text| serde_json::Value::from(text).to_string()),
        Just("\"\\ud800\"".to_owned()),
    ];
    let value = leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|all| format!("[{}]", all.join(","))),
            inner.prop_map(|value| format!("{{\"content\":{value}}}")),
        ]
    });
    prop::collection::vec((name, value), 0..5).prop_map(|members| {
        let members: Vec<_> = members.into_iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        format!("{{{}}}", members.join(","))
    })
}

#[test]
fn no_body_and_no_headers_make_a_500() {
    let scene = scene();
    let forms = forms(&scene.document);
    let mut paths: Vec<_> = operations(&scene.document).into_iter().map(|(_, path, _)| path).collect();
    paths.extend(MORE_PATHS.iter().map(|path| (*path).to_owned()));
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        select(forms).prop_flat_map(|(_, _, names)| json_text(names)).prop_map(String::into_bytes),
        "\\PC{0,80}".prop_map(String::into_bytes),
    ];
    let header = (select(HEADERS), "[ -~]{0,60}");
    let request = (
        select(&["GET", "POST", "PATCH", "DELETE", "PUT", "HEAD", "OPTIONS", "TRACE", "BREW"][..]),
        select(paths),
        0..scene.callers.len(),
        select(&["application/json", "text/plain", "application/json;charset=x", "*/*", ""][..]),
        prop::collection::vec(header, 0..4),
        body,
    );
    let result = Scene::runner().run(&request, |(method, path, caller, kind, headers, body)| {
        let mut call = scene.callers[caller].call(method.parse::<Method>().unwrap(), &path).body(kind, body);
        for (name, value) in &headers {
            call = call.header(name, value);
        }
        let answer = scene.runtime.block_on(call.send());
        // A new session ends with its account; make another where a request happened to do that.
        prop_assert!(answer.status < 500, "{} {}: {}", method, path, answer.text());
        Ok(())
    });
    scene.still_lives();
    result.unwrap();
}

#[test]
fn no_form_makes_a_500() {
    let scene = scene();
    let form = select(forms(&scene.document));
    let request = form.prop_flat_map(|(method, path, names)| (Just(method), Just(path), json_text(names)));
    let result = Scene::runner().run(&(request, 0..scene.callers.len()), |((method, path, body), caller)| {
        let call = scene.callers[caller].call(method, &path).body("application/json", body.clone());
        let answer = scene.runtime.block_on(call.send());
        prop_assert!(answer.status < 500, "{} {}: {}", path, body, answer.text());
        Ok(())
    });
    scene.still_lives();
    result.unwrap();
}

#[test]
fn no_credential_makes_a_500() {
    let scene = scene();
    let good = scene.callers[3].secret().to_owned();
    let text = prop_oneof![
        "[!-~]{0,150}",
        "tg_[a-z2-7]{26}_[a-z2-7]{59}",
        (0..good.len(), "[a-z2-7_]").prop_map(move |(at, other)| {
            let mut text = good.clone();
            text.replace_range(at..=at, &other);
            text
        }),
        "[A-Za-z0-9_-]{1,40}\\.[A-Za-z0-9_-]{1,80}\\.[A-Za-z0-9_-]{0,43}",
    ];
    let result = Scene::runner().run(&text, |text| {
        for path in ["/v1/key", "/me"] {
            let caller = scene.server.anonymous();
            let by_bearer = caller.as_identity(Identity::Bearer(text.clone())).get(path);
            let by_header =
                caller.get(path).header("x-api-key", &text).header("cookie", &format!("tollgate_session={text}"));
            for call in [by_bearer, by_header] {
                let answer = scene.runtime.block_on(call.send());
                prop_assert!([200, 400, 401].contains(&answer.status), "{}: {}", path, answer.text());
            }
        }
        Ok(())
    });
    scene.still_lives();
    result.unwrap();
}

#[test]
fn no_bytes_on_the_socket_make_a_500() {
    let scene = scene();
    let head = "(GET|POST|\\PC{1,8}) (/|/v1/key|/accounts|\\PC{0,20}) HTTP/(1\\.1|1\\.0|2|9\\.9)\r\n";
    let lines = prop::collection::vec(
        "(host: x|content-length: [0-9a-f-]{1,12}|transfer-encoding: (chunked|x)|\\PC{0,30}: \\PC{0,30}|\\PC{0,9})\r\n",
        0..6,
    );
    let structured = (head, lines, prop::collection::vec(any::<u8>(), 0..100))
        .prop_map(|(head, lines, body)| [head.as_bytes(), lines.concat().as_bytes(), b"\r\n", &body].concat());
    let bytes = prop_oneof![prop::collection::vec(any::<u8>(), 0..300), structured];
    let result = Scene::runner().run(&bytes, |bytes| {
        let answer = scene.runtime.block_on(async {
            let mut client = scene.server.raw().await;
            let _ = client.send(&bytes).await;
            client.finish().await;
            client.rest().await
        });
        let text = String::from_utf8_lossy(&answer).into_owned();
        prop_assert!(!text.contains("HTTP/1.1 5"), "{}", text);
        Ok(())
    });
    scene.still_lives();
    result.unwrap();
}

#[tokio::test]
async fn huge_heads_are_refused_and_hurt_nobody() {
    let server = TestServer::start().await;
    for line in [
        format!("GET /{} HTTP/1.1\r\n", "x".repeat(300_000)),
        format!("GET / HTTP/1.1\r\nx: {}\r\n", "y".repeat(300_000)),
        format!("GET / HTTP/1.1\r\n{}", "a: b\r\n".repeat(5000)),
    ] {
        let mut client = server.raw().await;
        let _ = client.send(format!("{line}\r\n")).await;
        client.finish().await;
        let text = String::from_utf8_lossy(&client.rest().await).into_owned();
        assert!(!text.contains("HTTP/1.1 5") && !text.contains("HTTP/1.1 2"), "{text}");
    }
    server.anonymous().get("/readyz").send().await.expect(200);
}
