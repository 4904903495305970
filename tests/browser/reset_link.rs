//! Back in through a link that an operator made.

use serde_json::json;
use tests::{Browser, Caller};

use crate::Visit;

const NEW: &str = "quiet river 17";

/// A link for the caller, as their operator gets it: its path and its secret.
async fn link(operator: &Caller, person: &Caller) -> (String, String) {
    let id = person.get("/me").send().await.expect(200).json()["id"].as_str().unwrap().to_owned();
    let path = format!("/admin/people/{id}/reset_link");
    let made = operator.call(reqwest::Method::POST, &path).send().await.expect(201).json();
    let (_, secret) = made["url"].as_str().unwrap().split_once('#').unwrap();
    (format!("/reset#{secret}"), secret.to_owned())
}

async fn choose(browser: &Browser, password: &str) {
    browser.fill("[name=new_password]", password).await;
    browser.enter("[name=new_password]").await;
}

#[tokio::test]
async fn a_link_leads_to_a_new_password_and_shows_its_secret_nowhere() {
    let visit = Visit::start().await;
    let (server, browser) = (&visit.server, &visit.browser);
    let (chief, ada) = (server.operator("chief").await, server.signed_in("ada").await);
    let (path, secret) = link(&chief, &ada).await;

    browser.open(&path).await;
    browser.see("[name=new_password]").await;
    let shown = "JSON.stringify([location.href, history.state, {...localStorage}, {...sessionStorage}, document.cookie, \
                 document.documentElement.outerHTML])";
    let shown = browser.evaluate(shown).await;
    assert!(!shown.as_str().unwrap().contains(&secret), "{shown}");
    assert_eq!(browser.evaluate("location.href").await, format!("{}/reset", server.origin()));
    browser.keeps_layout("reset").await;
    browser.is_accessible("reset").await;

    // What the server says of the password stands at its field.
    choose(browser, "qwertyuiop").await;
    browser.see("[aria-invalid]").await;
    assert_eq!(browser.text("[data-testid=form-error]").await, None);
    choose(browser, "ada@example.com").await;
    browser.reads("[data-testid=error-new_password]", "email").await;

    // Loaded anew, the page has no secret any more and says what to do; the link is still good.
    browser.reload().await;
    browser.reads("[data-testid=no-link]", "again").await;
    browser.keeps_layout("reset without a link").await;
    browser.is_accessible("reset without a link").await;
    browser.evaluate(&format!("location.hash = '{secret}'")).await;
    choose(browser, NEW).await;
    browser.see("[data-testid=reset-done]").await;
    browser.keeps_layout("reset done").await;
    browser.is_accessible("reset done").await;
    browser.click("[data-testid=to-sign-in]").await;
    browser.at("/sign-in").await;
    browser.fill("[name=email]", "ada@example.com").await;
    browser.fill("[name=password]", NEW).await;
    browser.enter("[name=password]").await;
    browser.at("/dashboard").await;
    // The link is over: said in words, and nothing changes.
    browser.open(&path).await;
    choose(browser, "another fine lake").await;
    browser.reads("[data-testid=form-error]", "Ask for a new one").await;
    let credentials = json!({"email": "ada@example.com", "password": NEW});
    server.anonymous().post("/sessions", &credentials).send().await.expect(200);
    visit.end(&[("/password_resets", 422), ("/password_resets", 404)]).await;
}

#[tokio::test]
async fn whoever_is_signed_in_is_signed_out_by_their_link() {
    let visit = Visit::signed_up().await;
    let (server, browser) = (&visit.server, &visit.browser);
    let chief = server.operator("chief").await;
    let (path, _) = link(&chief, &server.signed_in("ada").await).await;
    browser.open(&path).await;
    choose(browser, NEW).await;
    browser.see("[data-testid=reset-done]").await;
    browser.gone("[data-testid=sign-out]").await;
    browser.click("[data-testid=to-sign-in]").await;
    browser.see("[name=password]").await;
    visit.end(&[("/me", 401), ("/sessions/refresh", 401)]).await;
}
