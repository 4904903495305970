//! `/admin` by role: anonymous, person, waiting, blocked, operator; and the way back in through a link.

use serde_json::{Value, json};
use tests::{Caller, PASSWORD, TestServer};

use crate::openapi::{document, operations};

async fn id_of(caller: &Caller) -> String {
    caller.get("/me").send().await.expect(200).json()["id"].as_str().unwrap().to_owned()
}

async fn change(operator: &Caller, id: &str, body: Value) -> tests::Answer {
    operator.patch(&format!("/admin/people/{id}"), &body).send().await
}

async fn signs_in(server: &TestServer, name: &str, password: &str) -> tests::Answer {
    let credentials = json!({"email": format!("{name}@example.com"), "password": password});
    server.anonymous().post("/sessions", &credentials).send().await
}

/// The secret of a new link.
async fn link(operator: &Caller, id: &str) -> String {
    let path = format!("/admin/people/{id}/reset_link");
    let link = operator.call(reqwest::Method::POST, &path).send().await.expect(201).json();
    let (place, token) = link["url"].as_str().unwrap().split_once("/reset#").unwrap();
    assert!(place.starts_with("http://") && token.starts_with("tgl_"), "{link}");
    token.to_owned()
}

async fn reset(server: &TestServer, token: &str, password: &str) -> tests::Answer {
    let body = json!({"token": token, "new_password": password});
    server.anonymous().post("/password_resets", &body).send().await
}

#[tokio::test]
async fn only_operators_get_anywhere_below_admin() {
    let server = TestServer::start().await;
    let chief = server.operator("chief").await;
    let (ada, page) = (server.signed_in("ada").await, server.with_cookie("ada").await);
    let id = id_of(&ada).await;
    let document = document(&server).await;
    let mut asked = 0;
    let before = server.store().snapshot();
    for (method, path, _) in operations(&document) {
        let Some(path) = path.strip_prefix("/admin") else { continue };
        let path = format!("/admin{}", path.replace("key_aaaaaaaaaaaaaaaaaaaaaaaaaa", &id));
        for person in [&ada, &page] {
            let call = person.call(method.clone(), &path);
            let call = if method == reqwest::Method::PATCH { call.json(&json!({"operator": true})) } else { call };
            call.send().await.is_problem(403, "operators_only");
        }
        server.anonymous().call(method, &path).send().await.is_problem(401, "unauthenticated");
        asked += 1;
    }
    assert!(asked >= 10, "{asked}");
    assert_eq!(server.store().snapshot(), before);
    // Whoever is dismissed is a person again from the next request on.
    chief.get("/admin/people").send().await.expect(200);
    let (status, said) = server.command(&["operators", "remove", "chief@example.com"]).await;
    assert!(status.success(), "{said}");
    chief.get("/admin/people").send().await.is_problem(403, "operators_only");
}

#[tokio::test]
async fn people_are_listed_in_parts_found_and_shown_with_their_keys() {
    let server = TestServer::start().await;
    let chief = server.operator("chief").await;
    for name in ["ada", "bob", "eve"] {
        server.signed_in(name).await.key_on("10RequestPerDay").await;
    }
    let emails = |answer: &tests::Answer| {
        let people = answer.json();
        people.as_array().unwrap().iter().map(|person| person["email"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let first = chief.get("/admin/people?limit=3").send().await.expect(200);
    assert_eq!(emails(&first), ["eve@example.com", "bob@example.com", "ada@example.com"]);
    let next = format!("/admin/people?limit=3&cursor={}", first.header("next-cursor"));
    let last = chief.get(&next).send().await.expect(200);
    assert_eq!(emails(&last), ["chief@example.com"]);
    assert_eq!(last.json()[0]["operator"], true);
    let found = chief.get("/admin/people?search=BOB%40&standing=active").send().await.expect(200);
    assert_eq!(emails(&found), ["bob@example.com"]);
    let bob = &found.json()[0];
    assert_eq!((&bob["keys"], &bob["standing"], &bob["operator"]), (&json!(1), &json!("active"), &json!(false)));
    let path = format!("/admin/people/{}", bob["id"].as_str().unwrap());
    assert_eq!(chief.get(&path).send().await.expect(200).json(), *bob);
    let keys = chief.get(&format!("{path}/keys")).send().await.expect(200).json();
    assert_eq!(keys[0]["plan_name"], "10RequestPerDay");
    for wrong in ["limit=0", "limit=101", "cursor=x", "standing=good", "operators=1", "x=y"] {
        let name = wrong.split('=').next().unwrap();
        chief.get(&format!("/admin/people?{wrong}")).send().await.names_fields(&[name]);
    }
    for nobody in ["acc_aaaaaaaaaaaaaaaaaaaaaaaaaa", "x", "%00"] {
        chief.get(&format!("/admin/people/{nobody}")).send().await.is_problem(404, "not_found");
        chief.get(&format!("/admin/people/{nobody}/keys")).send().await.is_problem(404, "not_found");
        change(&chief, nobody, json!({"blocked": true})).await.is_problem(404, "not_found");
        chief.delete(&format!("/admin/people/{nobody}")).send().await.is_problem(404, "not_found");
    }
}

#[tokio::test]
async fn a_block_ends_sessions_and_keys_at_once_and_tells_whoever_proves_to_be_the_owner() {
    let server = TestServer::start().await;
    let chief = server.operator("chief").await;
    let ada = server.signed_in("ada").await;
    let id = id_of(&ada).await;
    let (key, _) = ada.key_on("10RequestPerDay").await;
    let (off, off_id) = ada.key_on("20RequestPerDay").await;
    ada.patch(&format!("/keys/{off_id}"), &json!({"enabled": false})).send().await.expect(200);
    key.chat("hello").send().await.expect(200);
    let note = "shares the key in public";
    let blocked = change(&chief, &id, json!({"blocked": true, "note": note})).await.expect(200).json();
    assert_eq!((&blocked["standing"], &blocked["keys"]), (&json!("blocked"), &json!(2)));
    key.chat("hello").send().await.is_error(401, "invalid_api_key");
    ada.get("/me").send().await.is_problem(401, "unauthenticated");
    signs_in(&server, "ada", PASSWORD).await.is_problem(403, "account_blocked");
    signs_in(&server, "ada", "another fine lake").await.is_problem(401, "wrong_credentials");

    let unblocked = change(&chief, &id, json!({"blocked": false})).await.expect(200).json();
    assert_eq!(unblocked["standing"], "active");
    key.chat("hello").send().await.expect(200);
    off.chat("hello").send().await.is_error(401, "invalid_api_key");
    ada.get("/me").send().await.is_problem(401, "unauthenticated");
    let again = server.signed_in("ada").await;
    assert_eq!(again.get("/me").send().await.expect(200).json()["standing"], "active");

    let audit = chief.get(&format!("/admin/audit?subject={id}")).send().await.expect(200).json();
    let told: Vec<_> = audit.as_array().unwrap().iter().map(|entry| (&entry["action"], &entry["note"])).collect();
    assert_eq!(told, [(&json!("unblocked"), &Value::Null), (&json!("blocked"), &json!(note))], "{audit}");
    assert_eq!(audit[1]["actor_email"], "chief@example.com");
    assert!(audit[1]["request_id"].as_str().unwrap().starts_with("req_"), "{audit}");
}

#[tokio::test]
async fn the_last_operator_can_not_be_taken_away_by_an_operator() {
    let server = TestServer::start().await;
    let chief = server.operator("chief").await;
    let id = id_of(&chief).await;
    for body in [json!({"blocked": true}), json!({"operator": false})] {
        change(&chief, &id, body).await.is_problem(409, "last_operator");
    }
    chief.delete(&format!("/admin/people/{id}")).send().await.is_problem(409, "last_operator");
    chief.delete_account().send().await.is_problem(409, "last_operator");
    chief.get("/me").send().await.expect(200);
    let third = server.operator("third").await;
    let third_id = id_of(&third).await;
    third.delete_account().send().await.expect(204);
    let audit = chief.get(&format!("/admin/audit?subject={third_id}&limit=1")).send().await.expect(200);
    assert_eq!((&audit.json()[0]["action"], &audit.json()[0]["actor"]), (&json!("deleted"), &json!(third_id)));
    assert!(audit.header("link").contains(&format!("subject={third_id}")), "{}", audit.header("link"));
    let other = server.operator("other").await;
    change(&chief, &id_of(&other).await, json!({"operator": false})).await.expect(200);
    other.get("/admin/people").send().await.is_problem(403, "operators_only");
    change(&chief, &id, json!({"note": "x".repeat(201)})).await.names_fields(&["note"]);
}

#[tokio::test]
async fn a_deleted_person_is_gone_with_their_keys() {
    let server = TestServer::start().await;
    let chief = server.operator("chief").await;
    let ada = server.signed_in("ada").await;
    let (id, (key, _)) = (id_of(&ada).await, ada.key_on("10RequestPerDay").await);
    key.chat("hello").send().await.expect(200);
    chief.delete(&format!("/admin/people/{id}")).send().await.expect(204);
    key.chat("hello").send().await.is_error(401, "invalid_api_key");
    ada.get("/me").send().await.is_problem(401, "unauthenticated");
    chief.get(&format!("/admin/people/{id}")).send().await.is_problem(404, "not_found");
    // The address may sign up again, and its count stays.
    let again = server.signed_in("ada").await;
    again.key_on("10RequestPerDay").await;
    let keys = again.get("/keys").send().await.expect(200).json();
    assert_eq!(keys[0]["quota"]["used"], 1, "{keys}");
    let audit = chief.get(&format!("/admin/audit?subject={id}&limit=1")).send().await.expect(200).json();
    assert_eq!((&audit[0]["action"], &audit[0]["subject_email"]), (&json!("deleted"), &Value::Null), "{audit}");
}

#[tokio::test]
async fn a_link_sets_a_password_once_and_ends_every_session() {
    let server = TestServer::start().await;
    let chief = server.operator("chief").await;
    let ada = server.signed_in("ada").await;
    let id = id_of(&ada).await;
    let (first, token) = (link(&chief, &id).await, link(&chief, &id).await);
    reset(&server, &first, "quiet river 17").await.is_problem(404, "link_over");
    reset(&server, &token, "ada@example.com").await.names_fields(&["new_password"]);
    reset(&server, &token, "short").await.names_fields(&["new_password"]);
    ada.get("/me").send().await.expect(200);
    reset(&server, &token, "quiet river 17").await.expect(204);
    ada.get("/me").send().await.is_problem(401, "unauthenticated");
    signs_in(&server, "ada", PASSWORD).await.is_problem(401, "wrong_credentials");
    signs_in(&server, "ada", "quiet river 17").await.expect(200);
    for over in [token.as_str(), "tgl_", "x", &format!("tgl_{}", "a".repeat(52))] {
        reset(&server, over, "quiet river 18").await.is_problem(404, "link_over");
    }
    // Neither log, nor audit, nor store has the secret.
    let audit = chief.get("/admin/audit").send().await.expect(200).text();
    let store = format!("{:?}", server.store().snapshot());
    for place in [&audit, &store, &server.output().text()] {
        assert!(!place.contains(&token) && !place.contains(&first));
    }
}

#[tokio::test]
async fn a_link_is_void_after_a_change_of_the_password() {
    let server = TestServer::start().await;
    let chief = server.operator("chief").await;
    let ada = server.signed_in("ada").await;
    let token = link(&chief, &id_of(&ada).await).await;
    let body = json!({"current_password": PASSWORD, "new_password": "quiet river 17"});
    ada.patch("/me", &body).send().await.expect(200);
    reset(&server, &token, "quiet river 18").await.is_problem(404, "link_over");
}

#[tokio::test]
async fn guesses_at_links_are_limited_by_their_source() {
    let server = TestServer::setup().set("accounts.failed_sign_ins_per_source", "3").start().await;
    for _ in 0..3 {
        reset(&server, "x", "quiet river 17").await.is_problem(404, "link_over");
    }
    let refused = reset(&server, "x", "quiet river 17").await;
    refused.is_problem(429, "too_many_attempts");
    assert!(refused.number("retry-after") > 0);
}
