//! What the document and the pages below `/docs` show to be sent is sent, and does what is said.

use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, Call, Caller, FakeUpstream, Identity, Script, TestServer};

use crate::document::{Document, Operation};

/// The operations in an order in which each can succeed, as somebody new would call them, and what no example can know.
const STORY: &[&str] = &[
    "get_about",
    "get_health",
    "get_readiness",
    "get_metrics",
    "list_plans",
    "create_account",
    "create_session",
    "refresh_session",
    "get_me",
    "create_key",
    "list_keys",
    "get_key_status",
    "list_models",
    "get_model",
    "create_chat_completion",
    "create_completion",
    "create_embeddings",
    "create_response",
    "list_usage",
    "list_usage_csv",
    "change_key",
    "rotate_key",
    "revoke_key",
    "list_people",
    "get_person",
    "list_keys_of_person",
    "create_reset_link",
    "reset_password",
    "change_person",
    "delete_person",
    "create_invite",
    "list_invites",
    "delete_invite",
    "list_audit",
    "delete_session",
    // Another one beside it, which can be ended from there.
    "create_session",
    "list_sessions",
    "end_session",
    "end_other_sessions",
    "change_password",
    "delete_account",
];

/// Whoever lives through the story: what answers gave so far.
struct Reader {
    anonymous: Caller,
    /// Of the session that signing up began, and that signing out ends.
    first_access_token: String,
    access_token: String,
    refresh_token: String,
    key: String,
    key_id: String,
    /// Somebody else, whom an operator sees.
    person_id: String,
    reset_token: String,
    invite_id: String,
    /// A session that isn't the one that asks.
    other_session: String,
}

impl Reader {
    /// The operation's request as its examples show it.
    fn call(&self, operation: &Operation) -> Call {
        let caller = if operation.id == "delete_session" {
            self.anonymous.as_identity(Identity::Bearer(self.first_access_token.clone()))
        } else if operation.takes(Some("api_key")) {
            self.anonymous.as_identity(Identity::Key(self.key.clone()))
        } else if operation.takes(Some("session")) {
            self.anonymous.as_identity(Identity::Bearer(self.access_token.clone()))
        } else {
            self.anonymous.clone()
        };
        let (mut path, mut query, mut headers) = (operation.path.clone(), Vec::new(), Vec::new());
        for parameter in operation.said["parameters"].as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().unwrap();
            let example = parameter["example"].as_str().map(str::to_owned);
            match parameter["in"].as_str().unwrap() {
                // A key's id is the reader's own, a person's the other's.
                "path" => {
                    let id = match path.as_str() {
                        path if path.starts_with("/admin/invites") => &self.invite_id,
                        path if path.starts_with("/admin") => &self.person_id,
                        _ if operation.id == "end_session" => &self.other_session,
                        _ => &self.key_id,
                    };
                    path = path.replace(&format!("{{{name}}}"), example.as_ref().unwrap_or(id));
                }
                "query" => query.extend(example.map(|example| format!("{name}={example}"))),
                "header" => headers.extend(example.map(|example| (name.to_owned(), example))),
                place => panic!("{}: a parameter in {place}", operation.id),
            }
        }
        if !query.is_empty() {
            path = format!("{path}?{}", query.join("&"));
        }
        let mut call = caller.call(operation.method.parse::<Method>().unwrap(), &path);
        for (name, value) in headers {
            call = call.header(&name, &value);
        }
        match operation.said.pointer("/requestBody/content/application~1json/example") {
            Some(example) => call.json(&self.own(operation, example)),
            None => call,
        }
    }

    /// The example with the reader's own values in the place of those that it makes up.
    fn own(&self, operation: &Operation, example: &Value) -> Value {
        let mut body = example.clone();
        match operation.id.as_str() {
            "reset_password" => body["token"] = self.reset_token.clone().into(),
            "refresh_session" => body["refresh_token"] = self.refresh_token.clone().into(),
            // As the story changed it before.
            "delete_account" => body["password"] = "quiet river 17".into(),
            // What the next call of the story needs.
            "create_session" => body["with_refresh_token"] = true.into(),
            _ => {}
        }
        body
    }

    fn notes(&mut self, operation: &Operation, answer: &Answer) {
        let given = |member: &str| answer.json()[member].as_str().map(str::to_owned);
        match operation.id.as_str() {
            "create_account" => self.first_access_token = given("access_token").unwrap(),
            "create_session" | "refresh_session" | "change_password" => {
                self.access_token = given("access_token").unwrap();
                self.refresh_token = given("refresh_token").unwrap_or_default();
            }
            "create_key" => (self.key, self.key_id) = (given("value").unwrap(), given("id").unwrap()),
            "create_invite" => self.invite_id = given("id").unwrap(),
            "create_reset_link" => {
                self.reset_token = given("url").and_then(|url| Some(url.split_once('#')?.1.to_owned())).unwrap();
            }
            "list_sessions" => {
                let listed = answer.json();
                let other = listed.as_array().unwrap().iter().find(|entry| entry["current"] == false).unwrap();
                self.other_session = other["id"].as_str().unwrap().to_owned();
            }
            "rotate_key" => self.key = given("value").unwrap(),
            _ => {}
        }
    }
}

/// A server with the plans and models that the examples name.
async fn server(upstream: &FakeUpstream) -> TestServer {
    let model = |id: &str| json!({"id": id, "object": "model", "created": 1, "owned_by": "fake"});
    upstream.lists(Script::json(200, &json!({"object": "list", "data": [model("tollgate-demo")]})));
    TestServer::before(upstream).await
}

#[tokio::test]
async fn every_example_of_the_document_does_what_it_shows() {
    let upstream = FakeUpstream::start().await;
    let server = server(&upstream).await;
    let document = Document::of(&server).await;
    let mut left: Vec<_> = document.operations.iter().map(|operation| operation.id.as_str()).collect();
    let (anonymous, none) = (server.anonymous(), String::new);
    let mut reader = Reader {
        anonymous,
        first_access_token: none(),
        access_token: none(),
        refresh_token: none(),
        key: none(),
        key_id: none(),
        person_id: server.signed_in("grace").await.get("/me").send().await.json()["id"].as_str().unwrap().to_owned(),
        reset_token: none(),
        invite_id: none(),
        other_session: none(),
    };
    // Another one, so that the reader may leave.
    server.operator("chief").await;
    for step in STORY {
        let operation = document.operation(step);
        left.retain(|id| id != step);
        let answer = reader.call(operation).send().await;
        assert!((200..300).contains(&answer.status), "{step}: {} {}", answer.status, answer.text());
        assert!(document.response(operation, &answer.status.to_string()).is_some(), "{step}: {}", answer.status);
        reader.notes(operation, &answer);
        if *step == "create_account" {
            // What the story's last part takes.
            let (status, said) = server.command(&["operators", "add", "ada@example.com"]).await;
            assert!(status.success(), "{said}");
        }
    }
    assert!(left.is_empty(), "no step runs {left:?}");
}

/// The shell commands that a page shows, as a reader copies them.
fn shown_commands(page: &str) -> Vec<String> {
    let blocks = page.split("<pre>").skip(1).filter_map(|rest| rest.split("</pre>").next());
    let plain = |block: &str| {
        block
            .replace("&lt;", "<")
            .replace("&gt;", ">")
            .replace("&quot;", "\"")
            .replace("&#39;", "'")
            .replace("&amp;", "&")
    };
    blocks.map(plain).filter(|block| block.starts_with("curl ")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_curl_line_of_the_pages_below_docs_runs() {
    // The demo model answers, as for whoever has just started the server.
    let server = TestServer::start().await;
    let holder = server.signed_in("holder").await;
    let (key, _) = holder.key_on("unlimited").await;
    let bob = server.signed_in("bob").await;
    let (mut ran, mut shown) = (0, 0);
    for page in ["", "quick-start", "portal", "data-plane", "limits", "errors"] {
        let text = server.anonymous().get(&format!("/docs/{page}")).send().await.expect(200).text();
        shown += text.matches("\ncurl ").count() + text.matches("<pre>curl ").count();
        for block in shown_commands(&text) {
            let mut shell = Command::new("bash");
            // Fails where the answer isn't a success, and asks no proxy of the machine's.
            let curl = "curl() { command curl --disable --silent --show-error --fail-with-body --noproxy '*' \"$@\"; }";
            shell.args(["-euc", &format!("{curl}\n{block}")]).env_clear().env("PATH", "/usr/bin:/bin");
            shell.env("OPENAI_API_KEY", key.secret()).env("ACCESS_TOKEN", bob.secret());
            let output = tokio::task::spawn_blocking(move || shell.output()).await.unwrap().unwrap();
            let (said, complaints) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
            assert!(output.status.success(), "/docs/{page}: {block}\n{said}{complaints}");
            ran += block.matches("curl ").count();
        }
    }
    assert_eq!(ran, shown, "commands");
}
