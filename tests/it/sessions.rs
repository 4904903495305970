//! `/sessions`: signing in, refreshing, signing out.

use serde_json::json;
use tests::{Answer, Caller, Identity, PASSWORD, TestServer};

fn cookies_of(answer: &Answer, caller: &Caller) -> Caller {
    let cookie = |name: &str| answer.cookie(name).unwrap_or_else(|| panic!("no {name}: {answer:?}")).0;
    let identity = Identity::Cookies { session: cookie("tollgate_session"), refresh: cookie("tollgate_refresh") };
    caller.as_identity(identity)
}

fn refresh_token(caller: &Caller) -> &str {
    let Identity::Cookies { refresh, .. } = &caller.identity else { panic!("no cookies") };
    refresh
}

fn refresh(caller: &Caller) -> tests::Call {
    caller.call(reqwest::Method::POST, "/sessions/refresh")
}

#[tokio::test]
async fn a_token_from_signing_in_opens_what_is_private() {
    let server = TestServer::start().await;
    server.signed_in("ada").await;
    let body = json!({"email": " Ada@Example.com", "password": PASSWORD});
    let answer = server.anonymous().post("/sessions", &body).send().await.expect(200);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.json()["token_type"], "Bearer");
    assert_eq!(answer.json()["expires_in"], 900);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let caller = server.anonymous().as_identity(Identity::Bearer(token));
    assert_eq!(caller.get("/me").send().await.expect(200).json()["email"], "ada@example.com");
    cookies_of(&answer, &caller).get("/me").send().await.expect(200);
}

#[tokio::test]
async fn signing_in_does_not_tell_whether_an_address_exists() {
    let server = TestServer::start().await;
    server.signed_in("ada").await;
    let before = server.store().snapshot();
    let mut answers = Vec::new();
    for email in ["ada@example.com", "nobody@example.com"] {
        let body = json!({"email": email, "password": "a wrong password"});
        let answer = server.anonymous().post("/sessions", &body).send().await;
        let mut problem = answer.is_problem(401, "wrong_credentials");
        problem["request_id"] = json!(null);
        let mut names: Vec<_> = answer.headers.keys().map(|name| name.as_str().to_owned()).collect();
        names.sort();
        answers.push((problem, names));
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(server.store().snapshot(), before);
}

#[tokio::test]
async fn wrong_fields_are_named_at_sign_in_too() {
    let server = TestServer::start().await;
    let long = "x".repeat(129);
    for (email, password, fields) in [
        ("", "", vec!["email", "password"]),
        ("ada@example.com", &long, vec!["password"]),
        ("a", "secret", vec!["email"]),
    ] {
        let body = json!({"email": email, "password": password});
        server.anonymous().post("/sessions", &body).send().await.names_fields(&fields);
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_at_once() {
    let server = TestServer::start().await;
    let (here, elsewhere) = (server.signed_in("ada").await, server.signed_in("ada").await);
    let page = server.with_cookie("ada").await;
    for caller in [&here, &page] {
        caller.delete("/sessions/current").send().await.expect(204);
        caller.get("/me").send().await.is_problem(401, "unauthenticated");
    }
    refresh(&page).send().await.is_problem(401, "unauthenticated");
    elsewhere.get("/me").send().await.expect(200);
}

#[tokio::test]
async fn signing_out_takes_the_cookies_back() {
    let server = TestServer::start().await;
    let answer = server.with_cookie("ada").await.delete("/sessions/current").send().await.expect(204);
    for name in ["tollgate_session", "tollgate_refresh"] {
        let (value, attributes) = answer.cookie(name).unwrap();
        assert!(value.is_empty() && attributes.contains("Max-Age=0"), "{name}={value};{attributes}");
    }
}

#[tokio::test]
async fn refreshing_rotates_the_refresh_token_and_keeps_the_session() {
    let server = TestServer::start().await;
    let first = server.with_cookie("ada").await;
    let second = cookies_of(&refresh(&first).send().await.expect(200), &first);
    assert_ne!(refresh_token(&first), refresh_token(&second));
    second.get("/me").send().await.expect(200);
    let third = cookies_of(&refresh(&second).send().await.expect(200), &first);
    assert_ne!(refresh_token(&second), refresh_token(&third));
    third.get("/me").send().await.expect(200);
}

#[tokio::test]
async fn two_tabs_that_refresh_at_once_both_stay_signed_in() {
    let server = TestServer::start().await;
    let page = server.with_cookie("ada").await;
    let (one, two) = tokio::join!(refresh(&page).send(), refresh(&page).send());
    let (one, two) = (cookies_of(&one.expect(200), &page), cookies_of(&two.expect(200), &page));
    assert_eq!(refresh_token(&one), refresh_token(&two), "the just-rotated token gets the same successor");
    refresh(&one).send().await.expect(200);
}

#[tokio::test]
async fn a_refresh_token_used_again_later_ends_the_session() {
    let server = TestServer::start().await;
    let stolen = server.with_cookie("ada").await;
    let owner = cookies_of(&refresh(&stolen).send().await.expect(200), &stolen);
    server.store().age_rotations();
    refresh(&stolen).send().await.is_problem(401, "unauthenticated");
    owner.get("/me").send().await.is_problem(401, "unauthenticated");
    refresh(&owner).send().await.is_problem(401, "unauthenticated");
    server.signed_in("ada").await.get("/me").send().await.expect(200);
}

#[tokio::test]
async fn only_the_refresh_cookie_refreshes() {
    let server = TestServer::start().await;
    let page = server.with_cookie("ada").await;
    let bearer = server.signed_in("ada").await;
    let as_bearer = page.as_identity(Identity::Bearer(refresh_token(&page).to_owned()));
    let swapped = Identity::Cookies { session: refresh_token(&page).to_owned(), refresh: page.secret().to_owned() };
    for caller in [&bearer, &as_bearer, &server.anonymous(), &page.as_identity(swapped)] {
        refresh(caller).send().await.is_problem(401, "unauthenticated");
    }
    as_bearer.get("/me").send().await.is_problem(401, "unauthenticated");
    refresh(&page).send().await.expect(200);
}

#[tokio::test]
async fn a_cookie_from_another_sites_page_changes_nothing() {
    let server = TestServer::start().await;
    let page = server.with_cookie("ada").await;
    let Identity::Cookies { session, refresh } = &page.identity else { panic!("no cookies") };
    let cookies = format!("tollgate_session={session}; tollgate_refresh={refresh}");
    let origin = server.origin();
    let before = server.store().snapshot();
    let refused: [&[(&str, &str)]; 7] = [
        &[],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none"), ("origin", "https://evil.example")],
        &[("origin", "https://evil.example")],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site"), ("origin", &origin)],
    ];
    let changes = [
        (reqwest::Method::POST, "/create_key", json!({"plan_name": "10RequestPerDay"})),
        (reqwest::Method::DELETE, "/me", json!({})),
        (reqwest::Method::POST, "/sessions/refresh", json!({})),
        (reqwest::Method::DELETE, "/sessions/current", json!({})),
    ];
    for headers in refused {
        for (method, path, body) in &changes {
            let mut call = server.anonymous().call(method.clone(), path).json(body).header("cookie", &cookies);
            for (name, value) in headers {
                call = call.header(name, value);
            }
            call.send().await.is_problem(403, "cross_origin");
        }
    }
    assert_eq!(server.store().snapshot(), before);

    for (name, value) in [("sec-fetch-site", "same-origin"), ("origin", origin.as_str())] {
        let call = server.anonymous().patch("/me", &json!({})).header("cookie", &cookies).header(name, value);
        assert_eq!(call.send().await.status, 422, "{name}: {value} is our own page");
    }
}
