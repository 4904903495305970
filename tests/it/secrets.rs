//! Secrets stay in their place. Every test's answers, output and data are searched for its secrets by the test server;
//! here are the stories that tempt it to tell them, and the proof that the search finds what is told.

use std::fs;

use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use reqwest::Method;
use serde_json::json;
use tests::{FakeUpstream, Identity, Kind, PASSWORD, Script, TestServer};

const NEW_PASSWORD: &str = "ten green hills";
const CREDENTIAL: &str = "sk-upstream-credential";

/// Secrets where others belong, and an upstream that repeats its credential. The search is the test server's.
async fn tempting_story(server: &TestServer, upstream: &FakeUpstream) {
    let anonymous = server.anonymous();
    let credentials = json!({"email": "ada@example.com", "password": PASSWORD});
    anonymous.post("/accounts", &credentials).send().await.expect(201);
    let signed_in = anonymous.post("/sessions", &credentials).send().await.expect(200);
    let cookie = |name: &str| signed_in.cookie(name).unwrap().0;
    let page = anonymous
        .as_identity(Identity::Cookies { session: cookie("tollgate_session"), refresh: cookie("tollgate_refresh") });
    page.call(Method::POST, "/sessions/refresh").send().await.expect(200);

    let created = page.create_key("10RequestPerDay").send().await.expect(200).json();
    let first_value = created["value"].as_str().unwrap();
    let rotate = format!("/keys/{}/rotate", created["id"].as_str().unwrap());
    let rotated = page.post(&rotate, &json!({"grace_seconds": 60})).send().await.expect(200).json();
    let key = page.as_identity(Identity::Key(rotated["value"].as_str().unwrap().to_owned()));

    for script in [
        Script::completion("hi"),
        Script::error(401, &format!("Incorrect API key provided: {CREDENTIAL}")),
        Script::error(500, &format!("failed for {CREDENTIAL}")),
        Script::raw(["garbage"]),
        Script::silence(),
        Script::open_stream([tests::event("one")]).then_reset(),
    ] {
        upstream.next(script);
        key.chat("hello").send().await;
    }
    upstream.next(Script::open_stream([tests::event("one")]).then_close());
    key.chat_stream("hello").stream().await.rest().await;
    for call in [
        key.get("/v1/key"),
        key.get("/v1/models"),
        key.chat("hello").header("x-api-key", first_value),
        key.get("/me"),
        page.get("/v1/key"),
        page.get("/me"),
        page.get("/keys"),
        page.create_key("10RequestPerDay"),
        page.post("/create_key", &json!({"plan_name": PASSWORD, "user": rotated["value"]})),
        anonymous.post("/accounts", &credentials),
        anonymous.post("/accounts", &json!({"email": PASSWORD, "password": PASSWORD, "mode": PASSWORD})),
        anonymous.post("/sessions", &json!({"email": "ada@example.com", "password": NEW_PASSWORD})),
        // The value pasted where an id belongs.
        page.delete(&format!("/keys/{first_value}")),
        key.get(&format!("/v1/{first_value}")),
        anonymous.get("/openapi.json"),
        anonymous.get("/about"),
    ] {
        call.send().await;
    }
    let broken = format!("{{\"email\": \"ada@example.com\", \"password\": \"{PASSWORD}\", ");
    let call = anonymous.call(Method::POST, "/sessions").body("application/json", broken);
    call.send().await.is_problem(400, "invalid_json");
    let change = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    page.patch("/me", &change).send().await.expect(200);
}

#[tokio::test]
async fn no_secret_leaves_its_place_even_in_the_wordiest_log() {
    let upstream = FakeUpstream::start().await;
    let setup = TestServer::setup().upstream(&upstream).set("log.level", "trace");
    let mut server = setup.set("upstream.first_byte_timeout_seconds", "0.3").start().await;
    tempting_story(&server, &upstream).await;
    // Two passwords, the credential, three keys, and the tokens of four sign-ins, refreshes and changes.
    assert!(server.secrets().len() >= 12, "{:?}", server.secrets());
    server.restart().await;
    let log = server.output().text();
    assert!(log.contains("/v1/chat/completions"), "the log tells what happened: {log}");
}

#[tokio::test]
async fn the_signing_key_stands_in_its_file_only() {
    let mut server = TestServer::setup().set("log.level", "trace").start().await;
    server.with_cookie("ada").await.get("/me").send().await.expect(200);
    server.restart().await;
    let key = fs::read(server.data_dir().join("session.key")).unwrap();
    let files = fs::read_dir(server.data_dir()).unwrap().map(|entry| entry.unwrap().path());
    let others: Vec<_> = files.filter(|path| path.is_file() && !path.ends_with("session.key")).collect();
    assert!(others.iter().any(|path| path.ends_with("tollgate.db")), "{others:?}");
    for path in others {
        let stands_in_it = fs::read(&path).unwrap().windows(key.len()).any(|window| window == key);
        assert!(!stands_in_it, "{}", path.display());
    }
    let log = server.output().text();
    for written in [BASE64.encode(&key), BASE64URL_NOPAD.encode(&key), HEXLOWER.encode(&key)] {
        assert!(!log.contains(&written));
    }
}

#[tokio::test]
async fn the_database_keeps_digests_that_differ_from_what_they_prove() {
    let server = TestServer::start().await;
    let key = server.with_key("10RequestPerDay").await;
    let rows = server.store().snapshot();
    let all: String = rows.values().flatten().cloned().collect();
    assert!(all.contains("$argon2id$v=19$"), "passwords are Argon2id: {all}");
    assert!(!all.contains(key.secret()));
}

#[tokio::test]
#[should_panic(expected = "a credential of the server's own leaked into line")]
async fn the_search_finds_what_is_logged() {
    let server = TestServer::start().await;
    // Stands in for a secret: it is printed when the server starts.
    server.secrets().note(Kind::Credential, &server.address());
}

#[tokio::test]
#[should_panic(expected = "leaked into line")]
async fn the_search_finds_what_was_logged_before_a_restart() {
    let mut server = TestServer::start().await;
    server.secrets().note(Kind::Credential, &server.address());
    server.restart().await;
    unreachable!("a restart over a leak");
}

#[tokio::test]
#[should_panic(expected = "a password leaked into /")]
async fn the_search_finds_what_is_stored() {
    let server = TestServer::start().await;
    server.signed_in("ada").await;
    server.secrets().note(Kind::Password, "ada@example.com");
}

#[tokio::test]
#[should_panic(expected = "an API key leaked into the body of GET /v1/key")]
async fn the_search_finds_a_part_of_a_key_in_an_answer() {
    let server = TestServer::start().await;
    let (key, id) = server.signed_in("ada").await.key_on("10RequestPerDay").await;
    // Stands in for a key whose random part is quoted by its first half: the id is in the answer.
    let id = id.trim_start_matches("key_");
    server.secrets().note(Kind::ApiKey, &format!("tg_{id}{id}"));
    key.get("/v1/key").send().await;
}

#[tokio::test]
#[should_panic(expected = "a password leaked into a stream")]
async fn the_search_finds_what_is_streamed() {
    let upstream = FakeUpstream::start().await;
    let server = TestServer::before(&upstream).await;
    let key = server.with_key("10RequestPerDay").await;
    server.secrets().note(Kind::Password, "nine red ducks");
    upstream.next(Script::stream(tests::chat_events(&["nine red ducks"])));
    key.chat_stream("hello").stream().await.rest().await;
}

#[tokio::test]
#[should_panic(expected = "a password leaked into the bytes of a connection")]
async fn the_search_finds_what_stands_on_a_bare_connection() {
    let server = TestServer::start().await;
    server.secrets().note(Kind::Password, "HTTP/1.1 200 OK");
    let mut client = server.raw().await;
    client.send("GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    client.answer().await;
}
