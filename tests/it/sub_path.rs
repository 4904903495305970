//! Everything under a part of a host: `public_url` with a path, whether the proxy in front takes it off or leaves it on.

use std::{fs, path::Path};

use reqwest::Method;
use serde_json::json;
use tempfile::TempDir;
use tests::{Caller, Identity, PASSWORD, TestServer, free_port, nginx};

const INDEX: &str = "<!doctype html><base href=\"/\"><title>the page</title><script type=\"module\">1</script>";

fn page() -> TempDir {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("index.html"), INDEX).unwrap();
    fs::write(dir.path().join("index.html.br"), "a twin that knows of no path").unwrap();
    fs::write(dir.path().join("style-0123456789abcdef.css"), "body{}").unwrap();
    dir
}

async fn served_at(public_url: &str, page: &Path) -> TestServer {
    let setup = TestServer::setup().set("server.public_url", public_url);
    let setup = setup.set("server.trusted_proxies", "[\"127.0.0.1\"]");
    setup.set("server.page_dir", page.to_str().unwrap()).start().await
}

/// All that a client without a browser does, with paths as if there were no base.
async fn everything_works(outside: &Caller, base: &str) {
    outside.get("/plans").send().await.expect(200);
    outside.get("/nothing").send().await.is_problem(404, "not_found");
    outside.get("/v1/nothing").send().await.is_error(404, "unknown_url");

    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let answer = outside.post("/accounts", &body).send().await.expect(201);
    let cookie = |name: &str| answer.cookie(name).unwrap_or_else(|| panic!("no {name}"));
    let (session, attributes) = cookie("tollgate_session");
    assert!(attributes.split("; ").any(|attribute| attribute == format!("Path={base}")), "{attributes}");
    let (refresh, attributes) = cookie("tollgate_refresh");
    assert!(attributes.contains(&format!("Path={base}/sessions;")), "{attributes}");

    let page = outside.as_identity(Identity::Cookies { session, refresh });
    let (key, id) = page.key_on("10RequestPerDay").await;
    page.call(Method::POST, "/sessions/refresh").send().await.expect(200);
    page.patch(&format!("/keys/{id}"), &json!({"label": "kept"})).send().await.expect(200);
    key.chat("hello").send().await.expect(200);
    assert!(key.chat_stream("hello").stream().await.rest().await.last().is_some_and(|last| last.contains("[DONE]")));
    assert_eq!(key.used().await, 2);

    for path in ["/", "/dashboard", "/not/there"] {
        let answer = outside.get(path).header("accept", "text/html").header("accept-encoding", "br").send().await;
        assert_eq!(answer.expect(200).text(), INDEX.replace("\"/\"", &format!("\"{base}/\"")), "{path}");
    }
    assert_eq!(outside.get("/style-0123456789abcdef.css").send().await.expect(200).text(), "body{}");

    let document = outside.get("/openapi.json").send().await.expect(200).json();
    assert_eq!(document["servers"][0]["url"], base);
    let moved = outside.get("/docs").send().await;
    assert_eq!((moved.status, moved.header("location")), (308, "docs/"), "relative to whatever was asked for");
    outside.get("/docs/").send().await.expect(200);
    let script = outside.get("/docs/swagger-initializer.js").send().await.expect(200).text();
    assert!(script.contains("\"../openapi.json\""), "{script}");
    page.delete("/sessions/current").send().await.expect(204);
}

#[tokio::test]
async fn all_answers_with_the_base_and_without_it() {
    let page = page();
    for base in ["/llm", "/team-1/llm.v2"] {
        let server = served_at(&format!("https://example.com{base}/"), page.path()).await;
        server.anonymous().get(base).header("accept", "text/html").send().await.expect(200);
        for prefix in ["", base] {
            let asked = server.anonymous().through(&format!("{}{prefix}", server.origin()));
            asked.get("/plans").send().await.expect(200);
            asked.get("/v1/models").send().await.is_error(401, "invalid_api_key");
            asked.get("/healthz").send().await.expect(200);
            let html = asked.get("/sign-in").header("accept", "text/html").send().await.expect(200);
            assert!(html.text().contains(&format!("<base href=\"{base}/\">")), "{}", html.text());
            assert!(html.header("content-security-policy").contains("base-uri 'self'"));
        }
        server
            .anonymous()
            .through(&format!("{}{base}x", server.origin()))
            .get("/plans")
            .send()
            .await
            .is_problem(404, "not_found");
        let body = json!({"email": "ada@example.com", "password": PASSWORD});
        let answer = server.anonymous().post("/accounts", &body).send().await.expect(201);
        let (session, attributes) = answer.cookie("__Secure-tollgate_session").expect("__Host- asks for Path=/");
        assert!(attributes.contains("Secure") && attributes.contains(&format!("Path={base};")), "{attributes}");
        let me = server.anonymous().get("/me").header("cookie", &format!("__Secure-tollgate_session={session}"));
        me.send().await.expect(200);
    }
}

#[tokio::test]
async fn behind_nginx_that_takes_the_base_off() {
    let (page, port) = (page(), free_port());
    let server = served_at(&format!("http://127.0.0.1:{port}/llm"), page.path()).await;
    let front = nginx(port, &server.address(), |text| {
        text.replace("location / {", "location /llm/ {").replace("http://tollgate;", "http://tollgate/;")
    })
    .await;
    everything_works(&server.anonymous().through(&format!("{}/llm", front.origin())), "/llm").await;
}

#[tokio::test]
async fn behind_nginx_that_leaves_the_base_on() {
    let (page, port) = (page(), free_port());
    let server = served_at(&format!("http://127.0.0.1:{port}/llm"), page.path()).await;
    let front = nginx(port, &server.address(), |text| text.replace("location / {", "location /llm/ {")).await;
    everything_works(&server.anonymous().through(&format!("{}/llm", front.origin())), "/llm").await;
}

#[tokio::test]
async fn a_base_that_could_be_misread_is_refused_at_start() {
    for (path, word) in [("/v1", "/v1"), ("/keys/x", "/keys"), ("/a%20b", "letters"), ("/a//b", "letters")] {
        let setup = TestServer::setup().set("server.public_url", format!("https://example.com{path}"));
        let (status, said) = TestServer::run(&setup, &["check"]).await;
        assert!(!status.success() && said.contains(word) && said.contains("/llm"), "{said}");
    }
}
