//! Who may not just sign up is told so before they try, and whoever waits sees what comes next.

use serde_json::json;
use tests::{PASSWORD, TestServer};

use crate::{Visit, sign_up};

const NOTE: &str = "[data-testid=sign-up-note]";

async fn run(server: &TestServer, arguments: &[&str]) {
    let (status, said) = server.command(arguments).await;
    assert!(status.success(), "{said}");
}

#[tokio::test]
async fn a_closed_server_offers_no_sign_up_and_says_whom_to_ask() {
    let visit = Visit::with(|setup| setup.set("sign_up.mode", "closed").set("page.contact", "help@example.com")).await;
    let browser = &visit.browser;
    for path in ["/", "/sign-in", "/sign-up"] {
        browser.open(path).await;
        browser.reads(NOTE, "help@example.com").await;
        assert_eq!(browser.count("a[href^='sign-up']").await, 0, "{path}");
        browser.keeps_layout(&format!("closed{path}")).await;
        browser.is_accessible(path).await;
    }
    assert_eq!(browser.count("[name=password]").await, 0);
    browser.open("/").await;
    browser.click("[data-testid=choose-plan]").await;
    browser.at("/sign-in").await;
    visit.end(&[]).await;
}

#[tokio::test]
async fn the_domains_that_are_taken_are_told_before_somebody_tries() {
    let domains = r#"["example.com", "b.example.org"]"#;
    let change =
        |setup: tests::ServerSetup| setup.set("sign_up.mode", "domains").set("sign_up.allowed_domains", domains);
    let visit = Visit::with(change).await;
    let browser = &visit.browser;
    browser.open("/sign-up").await;
    browser.reads(NOTE, "example.com or b.example.org").await;
    browser.keeps_layout("sign-up by domains").await;
    browser.fill("[name=email]", "eve@example.net").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.enter("[name=password]").await;
    browser.reads("[data-testid=form-error]", "example.com or b.example.org").await;
    sign_up(browser).await;
    visit.end(&[("/accounts", 403)]).await;
}

#[tokio::test]
async fn an_invitation_opens_the_form_once_and_its_secret_is_shown_nowhere() {
    let visit = Visit::with(|setup| setup.set("sign_up.mode", "invite")).await;
    let (server, browser) = (&visit.server, &visit.browser);
    browser.open("/sign-up").await;
    browser.reads(NOTE, "open the link that you were given").await;
    assert_eq!(browser.count("[name=password]").await, 0);
    let (status, said) = server.command(&["invites", "add", "--for", "ada@example.com"]).await;
    assert!(status.success(), "{said}");
    let secret = said.lines().next().unwrap().split_once('#').unwrap().1;
    browser.open(&format!("/sign-up#{secret}")).await;
    browser.reads("[data-testid=invited]", "makes one account").await;
    assert_eq!(browser.evaluate("location.href").await, format!("{}/sign-up", server.origin()));
    browser.keeps_layout("invited").await;
    browser.is_accessible("invited").await;
    browser.fill("[name=email]", "eve@example.com").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.enter("[name=password]").await;
    browser.reads("[data-testid=form-error]", "for another address").await;
    browser.fill("[name=email]", "ada@example.com").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.enter("[name=password]").await;
    browser.at("/dashboard").await;
    let shown = browser.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])").await;
    assert!(!shown.as_str().unwrap().contains(secret), "{shown}");
    visit.end(&[("/accounts", 403)]).await;
}

#[tokio::test]
async fn whoever_waits_sees_it_and_gets_a_key_once_approved() {
    let visit = Visit::with(|setup| setup.set("sign_up.mode", "approval")).await;
    let (server, browser) = (&visit.server, &visit.browser);
    browser.open("/").await;
    browser.reads(NOTE, "approved").await;
    browser.click("[data-testid=choose-plan]").await;
    browser.reads("[data-testid=wanted]", "once you are approved").await;
    browser.fill("[name=email]", "ada@example.com").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.enter("[name=password]").await;
    browser.at("/dashboard").await;
    browser.reads("[data-testid=waiting]", "waits for approval").await;
    browser.see("[data-testid=plan-card]").await;
    assert_eq!(browser.count("[data-testid=get-key], [data-testid=dashboard-error]").await, 0);
    browser.keeps_layout("waiting").await;
    browser.is_accessible("waiting").await;
    // The page notices as soon as it is looked at again.
    run(server, &["accounts", "approve", "ada@example.com"]).await;
    browser.evaluate("dispatchEvent(new Event('focus'))").await;
    browser.gone("[data-testid=waiting]").await;
    // The key that was asked for before.
    browser.reads("[data-testid=key-value]", "tg_").await;
    browser.see("[data-testid=get-key]").await;
    visit.end(&[]).await;
}

#[tokio::test]
async fn whoever_is_blocked_is_told_when_they_sign_in() {
    let visit = Visit::signed_up().await;
    let (server, browser) = (&visit.server, &visit.browser);
    run(server, &["accounts", "block", "ada@example.com"]).await;
    browser.reload().await;
    browser.see("[name=password]").await;
    browser.fill("[name=email]", "ada@example.com").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.enter("[name=password]").await;
    browser.reads("[data-testid=form-error]", "This account is blocked. Ask whoever runs this server.").await;
    let credentials = json!({"email": "ada@example.com", "password": PASSWORD});
    server.anonymous().post("/sessions", &credentials).send().await.is_problem(403, "account_blocked");
    visit.end(&[("/sessions", 403), ("/sessions/refresh", 401)]).await;
}
