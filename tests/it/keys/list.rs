//! `GET /keys`: one's own keys and nobody else's.

use serde_json::json;
use tests::{Answer, Caller, PlanSpec, TestServer};

#[tokio::test]
async fn everyone_sees_their_own_keys_with_what_is_used() {
    let server = TestServer::start().await;
    let (ada, bob) = (server.signed_in("ada").await, server.with_cookie("bob").await);
    assert_eq!(ada.get("/keys").send().await.expect(200).json(), json!([]));
    let (key, id) = ada.key_on("20RequestPerDay").await;
    let _ = ada.key_on("10RequestPerDay").await;
    let _ = bob.key_on("30RequestPerDay").await;
    key.chat("hello").send().await.expect(200);

    let keys = ada.get("/keys").send().await.expect(200).json();
    let plans: Vec<_> = keys.as_array().unwrap().iter().map(|key| key["plan_name"].as_str().unwrap()).collect();
    assert_eq!(plans, ["20RequestPerDay", "10RequestPerDay"], "oldest first");
    let first = &keys[0];
    assert_eq!(first["id"], id);
    assert_eq!(first["state"], "active");
    assert_eq!(first["label"], "");
    assert_eq!(first["rotated_at"], json!(null));
    assert_eq!((&first["quota"]["used"], &first["quota"]["remaining"]), (&json!(1), &json!(19)));
    assert!(first["quota"]["reset_at"].as_str().unwrap() > first["created_at"].as_str().unwrap());

    let of_bob = bob.get("/keys").send().await.expect(200).json();
    assert_eq!(of_bob.as_array().unwrap().len(), 1);
    assert_eq!(of_bob[0]["plan_name"], "30RequestPerDay");
}

#[tokio::test]
async fn without_a_session_there_is_no_list() {
    let server = TestServer::start().await;
    let key = server.with_key("10RequestPerDay").await;
    for caller in [server.anonymous(), key] {
        caller.get("/keys").send().await.is_problem(401, "unauthenticated");
    }
}

fn plans_of(answer: &Answer) -> Vec<String> {
    let entries = answer.json();
    entries.as_array().unwrap().iter().map(|key| key["plan_name"].as_str().unwrap().to_owned()).collect()
}

/// Ada with a key on each of five plans.
async fn ada_with_five_keys() -> (TestServer, Caller, Vec<String>) {
    let plans = ["a", "b", "c", "d", "e"].map(|name| PlanSpec::daily(name, 10));
    let server = TestServer::setup().plans(&plans).start().await;
    let ada = server.signed_in("ada").await;
    for plan in ["c", "a", "e", "b", "d"] {
        ada.create_key(plan).send().await.expect(200);
    }
    let all = ada.get("/keys").send().await.expect(200);
    let next = (all.header("next-cursor"), all.header("link"));
    assert_eq!(next, ("", ""), "who asks for no part gets all");
    let order = plans_of(&all);
    (server, ada, order)
}

#[tokio::test]
async fn a_list_may_be_read_in_parts() {
    let (_server, ada, order) = ada_with_five_keys().await;
    for limit in 1..=6 {
        let mut seen = Vec::new();
        let mut path = format!("/keys?limit={limit}");
        loop {
            let part = ada.get(&path).send().await.expect(200);
            let plans = plans_of(&part);
            assert!(!plans.is_empty() && plans.len() <= limit, "{path}: {plans:?}");
            seen.extend(plans);
            let (cursor, link) = (part.header("next-cursor"), part.header("link"));
            if cursor.is_empty() {
                assert_eq!(link, "");
                break;
            }
            assert_eq!(link, format!("<keys?limit={limit}&cursor={cursor}>; rel=\"next\""));
            path = format!("/keys?limit={limit}&cursor={cursor}");
        }
        assert_eq!(seen, order, "{limit} at a time");
    }
}

#[tokio::test]
async fn a_cursor_goes_on_where_it_was_whatever_was_revoked_or_made() {
    let (_server, ada, order) = ada_with_five_keys().await;
    let first = ada.get("/keys?limit=2").send().await.expect(200);
    let cursor = first.header("next-cursor");
    let last_seen = first.json()[1]["id"].as_str().unwrap().to_owned();
    ada.delete(&format!("/keys/{last_seen}")).send().await.expect(204);
    ada.create_key(&order[1]).send().await.expect(200);
    let rest = ada.get(&format!("/keys?cursor={cursor}")).send().await.expect(200);
    assert_eq!(plans_of(&rest), [&order[2..], &order[1..2]].concat(), "the rest, the new one last");
    assert_eq!(rest.header("next-cursor"), "");
}

#[tokio::test]
async fn a_part_that_can_not_be_is_refused_at_its_field() {
    let (_server, ada, _) = ada_with_five_keys().await;
    for (query, field) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=two", "limit"),
        ("limit=", "limit"),
        ("limit=99999999999999999999", "limit"),
        ("cursor=", "cursor"),
        ("cursor=x", "cursor"),
        ("cursor=%00%ff", "cursor"),
        ("page=2", "page"),
    ] {
        ada.get(&format!("/keys?{query}")).send().await.names_fields(&[field]);
    }
    ada.get("/keys?limit=100").send().await.expect(200);
}
