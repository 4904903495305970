//! Refreshing without a browser: the refresh token goes through bodies, by the same rules as through the page's cookie.

use reqwest::Method;
use serde_json::{Value, json};
use tests::{Answer, Call, Caller, Identity, PASSWORD, TestServer};

fn credentials(with: &Value) -> Value {
    json!({"email": "ada@example.com", "password": PASSWORD, "with_refresh_token": with})
}

/// Ada, signed in with tokens in the body.
async fn ada(server: &TestServer) -> (Caller, String) {
    server.signed_in("ada").await;
    tokens(server, &server.anonymous().post("/sessions", &credentials(&json!(true))).send().await)
}

/// The caller and the refresh token of an answer, which sets no cookie.
#[track_caller]
fn tokens(server: &TestServer, answer: &Answer) -> (Caller, String) {
    assert_eq!((answer.status, answer.header("cache-control")), (200, "no-store"), "{}", answer.text());
    assert!(!answer.headers.contains_key("set-cookie"), "the tokens come once");
    let text = |member: &str| answer.json()[member].as_str().unwrap().to_owned();
    (server.anonymous().as_identity(Identity::Bearer(text("access_token"))), text("refresh_token"))
}

fn refresh(server: &TestServer, token: &str) -> Call {
    server.anonymous().post("/sessions/refresh", &json!({"refresh_token": token}))
}

#[tokio::test]
async fn a_program_goes_on_without_its_password() {
    let server = TestServer::start().await;
    let (first, token) = ada(&server).await;
    first.get("/me").send().await.expect(200);
    let (second, successor) = tokens(&server, &refresh(&server, &token).send().await);
    assert_ne!(token, successor);
    second.get("/me").send().await.expect(200);
    // A lost reply.
    assert_eq!(tokens(&server, &refresh(&server, &token).send().await).1, successor);
    let (third, _) = tokens(&server, &refresh(&server, &successor).send().await);
    third.get("/me").send().await.expect(200);
}

#[tokio::test]
async fn a_token_used_again_later_ends_the_session() {
    let server = TestServer::start().await;
    let (owner, stolen) = ada(&server).await;
    let (_, successor) = tokens(&server, &refresh(&server, &stolen).send().await);
    server.store().age_rotations();
    for token in [stolen, successor] {
        refresh(&server, &token).send().await.is_problem(401, "unauthenticated");
    }
    owner.get("/me").send().await.is_problem(401, "unauthenticated");
}

#[tokio::test]
async fn signing_out_ends_it() {
    let server = TestServer::start().await;
    let (caller, token) = ada(&server).await;
    caller.delete("/sessions/current").send().await.expect(204);
    refresh(&server, &token).send().await.is_problem(401, "unauthenticated");
}

#[tokio::test]
async fn whoever_does_not_ask_gets_none() {
    let server = TestServer::start().await;
    server.signed_in("ada").await;
    for body in [credentials(&json!(false)), credentials(&json!(null))] {
        let answer = server.anonymous().post("/sessions", &body).send().await.expect(200);
        assert!(answer.json().get("refresh_token").is_none(), "{}", answer.text());
        assert!(answer.cookie("tollgate_refresh").is_some());
    }
    server
        .anonymous()
        .post("/sessions", &credentials(&json!("yes")))
        .send()
        .await
        .names_fields(&["with_refresh_token"]);
}

#[tokio::test]
async fn no_page_gets_one_or_uses_one() {
    let server = TestServer::start().await;
    let (_, token) = ada(&server).await;
    let origin = server.origin();
    let before = server.store().snapshot();
    let of_a_browser: [(&str, &str); 6] = [
        ("sec-fetch-site", "same-origin"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "none"),
        ("origin", &origin),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ];
    for (name, value) in of_a_browser {
        for call in [server.anonymous().post("/sessions", &credentials(&json!(true))), refresh(&server, &token)] {
            call.header(name, value).send().await.is_problem(403, "not_for_pages");
        }
    }
    assert_eq!(server.store().snapshot(), before);
    tokens(&server, &refresh(&server, &token).send().await);
}

#[tokio::test]
async fn what_is_no_refresh_token_refreshes_nothing() {
    let server = TestServer::start().await;
    let (caller, token) = ada(&server).await;
    let wrong = format!("{}{}", &token[..token.len() - 1], if token.ends_with('a') { 'b' } else { 'a' });
    for token in ["", "x", &wrong, caller.secret(), &"é".repeat(28)] {
        refresh(&server, token).send().await.is_problem(401, "unauthenticated");
    }
    for token in [json!(5), json!([]), json!(true)] {
        let call = server.anonymous().post("/sessions/refresh", &json!({"refresh_token": token}));
        call.send().await.names_fields(&["refresh_token"]);
    }
    for call in [
        server.anonymous().call(Method::POST, "/sessions/refresh"),
        server.anonymous().post("/sessions/refresh", &json!({})),
        server.anonymous().post("/sessions/refresh", &json!({"refresh_token": null})),
    ] {
        call.send().await.is_problem(401, "unauthenticated");
    }
    // What stands in the body is meant, whatever cookie comes along.
    let page = server.with_cookie("bob").await;
    let Identity::Cookies { refresh: cookie, .. } = &page.identity else { panic!("no cookies") };
    let both = refresh(&server, &wrong).header("cookie", &format!("tollgate_refresh={cookie}"));
    both.send().await.is_problem(401, "unauthenticated");
    tokens(&server, &refresh(&server, &token).send().await);
}
