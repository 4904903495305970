//! After a full story no secret stands in the log, the database, or an answer that isn't its own.

use std::{fs, path::Path};

use serde_json::json;
use tests::{Answer, FakeUpstream, Identity, PASSWORD, Script, TestServer};

const NEW_PASSWORD: &str = "ten green hills";
const CREDENTIAL: &str = "sk-upstream-credential";

/// Every answer of the story, and the secrets that it handed out.
#[derive(Default)]
struct Story {
    answers: Vec<Answer>,
    secrets: Vec<String>,
}

impl Story {
    fn told(&mut self, answer: Answer) -> &Answer {
        self.answers.push(answer);
        self.answers.last().unwrap()
    }

    /// An answer whose own secrets may stand in it.
    fn handed_out(&mut self, answer: &Answer) {
        let body = answer.json();
        for member in ["value", "access_token"] {
            self.secrets.extend(body[member].as_str().map(str::to_owned));
        }
        for name in ["tollgate_session", "tollgate_refresh"] {
            self.secrets.extend(answer.cookie(name).map(|(value, _)| value).filter(|value| !value.is_empty()));
        }
    }
}

fn stands_in(haystack: &[u8], secret: &str) -> bool {
    haystack.windows(secret.len()).any(|window| window == secret.as_bytes())
}

async fn story(server: &TestServer, upstream: &FakeUpstream) -> Story {
    let mut story =
        Story { secrets: vec![PASSWORD.into(), NEW_PASSWORD.into(), CREDENTIAL.into()], ..Story::default() };
    let anonymous = server.anonymous();
    let credentials = json!({"email": "ada@example.com", "password": PASSWORD});
    let signed_up = anonymous.post("/accounts", &credentials).send().await.expect(201);
    story.handed_out(&signed_up);
    let signed_in = anonymous.post("/sessions", &credentials).send().await.expect(200);
    story.handed_out(&signed_in);
    let cookie = |name: &str| signed_in.cookie(name).unwrap().0;
    let page = anonymous
        .as_identity(Identity::Cookies { session: cookie("tollgate_session"), refresh: cookie("tollgate_refresh") });
    let refreshed = page.call(reqwest::Method::POST, "/sessions/refresh").send().await.expect(200);
    story.handed_out(&refreshed);

    let created = page.create_key("10RequestPerDay").send().await.expect(200);
    story.handed_out(&created);
    let rotate = format!("/keys/{}/rotate", created.json()["id"].as_str().unwrap());
    let rotated = page.post(&rotate, &json!({"grace_seconds": 60})).send().await.expect(200);
    story.handed_out(&rotated);
    let key = page.as_identity(Identity::Key(rotated.json()["value"].as_str().unwrap().to_owned()));

    for script in [
        Script::completion("hi"),
        Script::error(401, &format!("Incorrect API key provided: {CREDENTIAL}")),
        Script::error(500, &format!("failed for {CREDENTIAL}")),
        Script::raw(["garbage"]),
        Script::silence(),
        Script::open_stream([tests::event("one")]).then_reset(),
    ] {
        upstream.next(script);
        story.told(key.chat("hello").send().await);
    }
    upstream.next(Script::open_stream([tests::event("one")]).then_close());
    key.chat_stream("hello").stream().await.rest().await;
    for call in [
        key.get("/v1/key"),
        key.get("/v1/models"),
        key.chat("hello").header("x-api-key", created.json()["value"].as_str().unwrap()),
        key.get("/me"),
        page.get("/v1/key"),
        page.get("/me"),
        page.get("/keys"),
        page.create_key("10RequestPerDay"),
        page.post("/create_key", &json!({"plan_name": PASSWORD, "user": rotated.json()["value"]})),
        anonymous.post("/accounts", &credentials),
        anonymous.post("/accounts", &json!({"email": PASSWORD, "password": PASSWORD, "mode": PASSWORD})),
        anonymous.post("/sessions", &json!({"email": "ada@example.com", "password": NEW_PASSWORD})),
        // The value pasted where an id belongs.
        page.delete(&format!("/keys/{}", created.json()["value"].as_str().unwrap())),
        key.get(&format!("/v1/{}", created.json()["value"].as_str().unwrap())),
        anonymous.get("/openapi.json"),
        anonymous.get("/about"),
    ] {
        story.told(call.send().await);
    }
    let broken = format!("{{\"email\": \"ada@example.com\", \"password\": \"{PASSWORD}\", ");
    let call = anonymous.call(reqwest::Method::POST, "/sessions").body("application/json", broken);
    story.told(call.send().await).is_problem(400, "invalid_json");
    let change = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    let changed = page.patch("/me", &change).send().await.expect(200);
    story.handed_out(&changed);
    story
}

fn every_file(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect()
}

#[tokio::test]
async fn no_secret_leaves_its_place() {
    let upstream = FakeUpstream::start().await;
    let setup = TestServer::setup().upstream(&upstream).set("log.level", "trace");
    let mut server = setup.set("upstream.first_byte_timeout_seconds", "0.3").start().await;
    let story = story(&server, &upstream).await;
    let signing_key = fs::read(server.data_dir().join("session.key")).unwrap();
    let running = every_file(server.data_dir());
    server.restart().await;
    server.sigterm();
    server.ended().await;

    // A refresh token's and a key's telling part is enough to hunt for, wherever it is quoted.
    let mut places = running;
    places.extend(every_file(server.data_dir()));
    places.retain(|(name, _)| !name.ends_with("session.key"));
    places.push(("the server's output".to_owned(), server.output().text().into_bytes()));
    for answer in &story.answers {
        places.push((answer.asked.clone(), answer.body.to_vec()));
        places.push((answer.asked.clone(), format!("{:?}", answer.headers).into_bytes()));
    }
    assert!(story.secrets.len() >= 12, "{}", story.secrets.len());
    assert!(places.iter().all(|(_, bytes)| !bytes.windows(32).any(|window| window == signing_key)));
    for secret in &story.secrets {
        let tail = secret.get(30..).filter(|tail| tail.len() >= 20).unwrap_or(secret);
        for (place, bytes) in &places {
            let whole = stands_in(bytes, secret) || stands_in(bytes, tail);
            assert!(!whole, "a secret ({} bytes, {:.4}…) stands in {place}", secret.len(), secret);
        }
    }
    let log = server.output().text();
    assert!(log.contains("/v1/chat/completions"), "the log tells what happened: {log}");
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
