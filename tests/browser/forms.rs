//! Forms: what is wrong stands at the field, in the server's own words.

use api_types::{NewAccount, read_form};
use serde_json::json;
use tests::{Browser, FakeUpstream, PASSWORD};

use crate::{server, sign_up};

#[tokio::test]
async fn field_errors_stand_at_their_field_in_the_servers_words() {
    let upstream = FakeUpstream::start().await;
    let server = server(&upstream).await;
    let browser = Browser::start(&server.origin()).await;
    browser.open("/sign-up").await;
    browser.fill("[name=email]", "ada@localhost").await;
    browser.fill("[name=password]", "qwertyuiop").await;
    browser.enter("[name=password]").await;
    let body = json!({"email": "ada@localhost", "password": "qwertyuiop"});
    for error in read_form::<NewAccount>(body).unwrap_err() {
        browser.reads("form", &error.detail).await;
    }
    assert_eq!(browser.path().await, "/sign-up");
    let marked =
        browser.evaluate("[...document.querySelectorAll('[aria-invalid=true]')].map(e => e.name).join()").await;
    assert_eq!(marked, "email,password");
    browser.pictures("sign-up-errors").await;
    browser.close(&[]).await;
}

#[tokio::test]
async fn a_wrong_password_is_told_and_a_right_one_gets_in() {
    let upstream = FakeUpstream::start().await;
    let server = server(&upstream).await;
    server.signed_in("ada").await;
    let browser = Browser::start(&server.origin()).await;
    browser.open("/sign-in").await;
    browser.fill("[name=email]", "ada@example.com").await;
    browser.fill("[name=password]", "a wrong password").await;
    browser.enter("[name=password]").await;
    browser.see("[role=alert]").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.enter("[name=password]").await;
    browser.at("/dashboard").await;
    browser.close(&[("/sessions", 401)]).await;
}

#[tokio::test]
async fn a_reload_keeps_one_signed_in_and_no_secret_stays_in_the_browser() {
    let upstream = FakeUpstream::start().await;
    let server = server(&upstream).await;
    let browser = Browser::start(&server.origin()).await;
    sign_up(&browser).await;
    let value = crate::get_key(&browser, "10RequestPerDay").await;
    let kept = browser.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])").await;
    let kept = kept.as_str().unwrap();
    assert!(!kept.contains(&value) && !kept.contains("eyJ"), "{kept}");
    browser.reload().await;
    browser.see("[data-testid=key-row]").await;
    assert_eq!(browser.count("[data-testid=key-value]").await, 0, "a key is shown once");
    browser.close(&[]).await;
}
