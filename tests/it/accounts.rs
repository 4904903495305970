//! `POST /accounts`: signing up.

use serde_json::json;
use tests::{PASSWORD, TestServer};

#[tokio::test]
async fn signing_up_signs_in() {
    let server = TestServer::start().await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let answer = server.anonymous().post("/accounts", &body).send().await.expect(201);
    let tokens = answer.json();
    assert_eq!(tokens["token_type"], "Bearer");
    assert_eq!(tokens["expires_in"], 900);
    assert_eq!(answer.header("cache-control"), "no-store");

    let me = server.signed_in("ada").await.get("/me").send().await.expect(200).json();
    assert_eq!(me["email"], "ada@example.com");
}

#[tokio::test]
async fn the_session_cookies_are_out_of_scripts_and_other_sites_reach() {
    let server = TestServer::start().await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let answer = server.anonymous().post("/accounts", &body).send().await.expect(201);
    for (name, path) in [("tollgate_session", "Path=/"), ("tollgate_refresh", "Path=/sessions")] {
        let (value, attributes) = answer.cookie(name).unwrap();
        let attributes: Vec<_> = attributes.split(';').map(str::trim).collect();
        assert!(!value.is_empty());
        for wanted in ["HttpOnly", "SameSite=Strict", path] {
            assert!(attributes.contains(&wanted), "{name}: {attributes:?}");
        }
        assert!(!attributes.contains(&"Secure"), "plain http would lose the cookie: {attributes:?}");
    }
}

#[tokio::test]
async fn behind_https_the_cookies_are_secure_and_bound_to_the_host() {
    let server = TestServer::setup().set("server.public_url", "https://llm.example.com").start().await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let answer = server.anonymous().post("/accounts", &body).send().await.expect(201);
    let (_, session) = answer.cookie("__Host-tollgate_session").unwrap();
    assert!(session.contains("Secure") && session.contains("Path=/") && !session.contains("Domain"), "{session}");
    let (refresh, attributes) = answer.cookie("__Secure-tollgate_refresh").unwrap();
    assert!(attributes.contains("Secure") && attributes.contains("Path=/sessions;"), "{attributes}");
    assert!(answer.cookie("tollgate_session").is_none() && answer.cookie("tollgate_refresh").is_none());

    let ask = |name: &str| {
        let call = server.anonymous().call(reqwest::Method::POST, "/sessions/refresh");
        call.header("cookie", &format!("{name}={refresh}")).header("origin", "https://llm.example.com").send()
    };
    ask("tollgate_refresh").await.is_problem(401, "unauthenticated");
    let answer = ask("__Secure-tollgate_refresh").await.expect(200);
    assert!(answer.cookie("__Host-tollgate_session").is_some() && answer.cookie("__Secure-tollgate_refresh").is_some());
}

#[tokio::test]
async fn one_address_is_one_account_however_it_is_spelled() {
    let server = TestServer::start().await;
    server.signed_in("ada").await;
    let before = server.store().snapshot();
    for email in ["ada@example.com", "ADA@Example.COM", "  ada@example.com "] {
        let body = json!({"email": email, "password": "another fine lake"});
        let answer = server.anonymous().post("/accounts", &body).send().await;
        answer.is_problem(409, "email_taken");
        assert!(answer.cookie("tollgate_session").is_none());
    }
    assert_eq!(server.store().snapshot(), before);
}

#[tokio::test]
async fn two_sign_ups_at_once_give_one_account() {
    let server = TestServer::start().await;
    let body = json!({"email": "ada@example.com", "password": PASSWORD});
    let anonymous = server.anonymous();
    let sign_up = || anonymous.post("/accounts", &body).send();
    let answers: [_; 4] = tokio::join!(sign_up(), sign_up(), sign_up(), sign_up()).into();
    let mut statuses = answers.map(|answer| answer.status);
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409]);
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once_and_nothing_is_stored() {
    let server = TestServer::start().await;
    let before = server.store().snapshot();
    let body = json!({"email": "no address", "password": "short", "admin": true, "extra": null});
    server.anonymous().post("/accounts", &body).send().await.names_fields(&["email", "password", "admin", "extra"]);
    let missing = server.anonymous().post("/accounts", &json!({})).send().await;
    missing.names_fields(&["email", "password"]);
    let wrong_types = json!({"email": ["a@example.com"], "password": 1234567890});
    server.anonymous().post("/accounts", &wrong_types).send().await.names_fields(&["email", "password"]);
    assert_eq!(server.store().snapshot(), before);
}

#[tokio::test]
async fn a_refusal_is_told_by_field_rule_and_words_and_never_by_value() {
    let server = TestServer::start().await;
    let body = json!({"email": "sekret-mail", "password": "sekret", "sekret-no": "sekret"});
    let problem = server.anonymous().post("/accounts", &body).send().await.is_problem(422, "invalid_fields");
    let told: Vec<_> = problem["errors"].as_array().unwrap().iter().map(|e| (&e["field"], &e["code"])).collect();
    let (email, password) = (json!("email"), json!("password"));
    assert_eq!(
        told,
        [(&email, &email), (&password, &json!("length")), (&json!("sekret-no"), &json!("unknown"))],
        "{problem}"
    );
    let words = problem["errors"].as_array().unwrap().iter().map(|e| e["detail"].to_string()).collect::<String>();
    assert!(!words.contains("sekret"), "{words}");
    assert!(problem["errors"].as_array().unwrap().iter().all(|e| e.as_object().unwrap().len() == 3), "{problem}");
}

#[tokio::test]
async fn weak_and_overlong_passwords_are_refused_at_their_field() {
    let server = TestServer::start().await;
    let before = server.store().snapshot();
    let (long, huge) = ("x1 ".repeat(43), "x1 ".repeat(10_000));
    let weak =
        ["", "short", "nine char", "aaaaaaaaaaaa", "1234567890", "Password2026!", "qwertyuiop", "ada@example.com"];
    for password in weak.into_iter().chain([long.as_str(), huge.as_str()]) {
        let body = json!({"email": "ada@example.com", "password": password});
        server.anonymous().post("/accounts", &body).send().await.names_fields(&["password"]);
    }
    assert_eq!(server.store().snapshot(), before);
}

#[tokio::test]
async fn a_password_is_as_long_as_it_has_characters() {
    let server = TestServer::start().await;
    let before = server.store().snapshot();
    let body = |password: &str| json!({"email": "ada@example.com", "password": password});
    // Ten bytes and more, but not ten characters; 129 characters in any script.
    let (long, long_in_greek) = ("x1 ".repeat(43), "λό ".repeat(43));
    for password in ["äöüßé", "пароль-да", "🐢🐇🦊", long.as_str(), &long_in_greek] {
        server.anonymous().post("/accounts", &body(password)).send().await.names_fields(&["password"]);
        let unknown = server.anonymous().post("/sessions", &body(password)).send().await;
        if password.chars().count() > 128 {
            unknown.names_fields(&["password"]);
        } else {
            unknown.is_problem(401, "wrong_credentials");
        }
    }
    assert_eq!(server.store().snapshot(), before);
    // 128 characters of four bytes each, the most that fits.
    let longest = "🐢🐇🦊🦉".repeat(32);
    server.anonymous().post("/accounts", &body(&longest)).send().await.expect(201);
    server.anonymous().post("/sessions", &body(&longest)).send().await.expect(200);
    let almost = longest.replacen('🦉', "🐢", 1);
    server.anonymous().post("/sessions", &body(&almost)).send().await.is_problem(401, "wrong_credentials");
}

#[tokio::test]
async fn what_is_no_email_address_is_refused_at_its_field() {
    let server = TestServer::start().await;
    let before = server.store().snapshot();
    let long = format!("{}@example.com", "a".repeat(300));
    for email in
        ["", "ada", "ada@", "@example.com", "ada@localhost", "a b@example.com", "a@x..com", "ä@example.com", &long]
    {
        let body = json!({"email": email, "password": PASSWORD});
        server.anonymous().post("/accounts", &body).send().await.names_fields(&["email"]);
    }
    assert_eq!(server.store().snapshot(), before);
}
