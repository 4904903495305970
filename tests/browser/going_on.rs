//! What somebody chose, typed or was shown isn't lost on the way, nor without a word.

use tests::{Browser, FakeUpstream, PASSWORD, unknown_key};

use crate::{Visit, get_key, say, server};

#[tokio::test]
async fn a_plan_chosen_on_the_first_page_is_there_after_signing_up() {
    let visit = Visit::start().await;
    let browser = &visit.browser;
    browser.open("/").await;
    browser.click("[data-plan='20RequestPerDay'] [data-testid=choose-plan]").await;
    browser.reads("[data-testid=wanted]", "20RequestPerDay").await;
    // Also after a reload.
    browser.open("/sign-up?plan=30RequestPerDay").await;
    browser.reads("[data-testid=wanted]", "30RequestPerDay").await;
    sign_up_here(browser).await;
    browser.reads(".new-key", "Your key for 30RequestPerDay").await;
    visit.end(&[]).await;
}

async fn sign_up_here(browser: &Browser) {
    browser.fill("[name=email]", "ada@example.com").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.enter("[name=password]").await;
    browser.at("/dashboard").await;
}

#[tokio::test]
async fn a_link_from_elsewhere_makes_no_key() {
    let visit = Visit::signed_up().await;
    let browser = &visit.browser;
    browser.open("/sign-up?plan=30RequestPerDay").await;
    browser.at("/dashboard").await;
    browser.see("[data-plan='30RequestPerDay'] [data-testid=get-key]:focus").await;
    assert_eq!(browser.count("[data-testid=key-row]").await, 0);
    visit.end(&[]).await;
}

#[tokio::test]
async fn whoever_has_an_account_is_led_to_it_with_the_address_typed() {
    let upstream = FakeUpstream::start().await;
    let server = server(&upstream).await;
    server.signed_in("ada").await;
    let browser = Browser::start(&server.origin()).await;
    browser.open("/sign-up").await;
    browser.fill("[name=email]", "ada@example.com").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.enter("[name=password]").await;
    browser.click("[data-testid=sign-in-instead]").await;
    browser.at("/sign-in").await;
    assert_eq!(browser.evaluate("document.querySelector('[name=email]').value").await, "ada@example.com");
    browser.fill("[name=password]", PASSWORD).await;
    browser.enter("[name=password]").await;
    browser.at("/dashboard").await;
    browser.close(&[("/accounts", 409)]).await;
}

#[tokio::test]
async fn a_wrong_key_is_refused_where_it_is_pasted() {
    let visit = Visit::start().await;
    let browser = &visit.browser;
    browser.open("/playground").await;
    browser.fill("[name=key]", &unknown_key(1)).await;
    browser.enter("[name=key]").await;
    browser.reads("[data-testid=error-key]", "doesn't work").await;
    assert_eq!(browser.count("textarea").await, 0);
    visit.end(&[("/v1/key", 401)]).await;
}

#[tokio::test]
async fn a_session_that_ended_elsewhere_is_told_and_nothing_typed_is_lost() {
    let (visit, _) = Visit::with_key("10RequestPerDay").await;
    let browser = &visit.browser;
    browser.click("[data-testid=key-done]").await;
    browser.click("a[href=playground]").await;
    browser.fill("textarea", "half a thought").await;
    // Signing out by another client of the same account.
    let ada = visit.server.signed_in("ada").await;
    ada.patch("/me", &serde_json::json!({"current_password": PASSWORD, "new_password": "another good password"}))
        .send()
        .await
        .expect(200);
    browser.click("a[href=dashboard]").await;
    browser.reads("main", "Your session has ended").await;
    browser.fill("[name=email]", "ada@example.com").await;
    browser.fill("[name=password]", "another good password").await;
    browser.enter("[name=password]").await;
    browser.see("[data-testid=key-row]").await;
    browser.click("a[href=playground]").await;
    browser.see("textarea").await;
    assert_eq!(browser.evaluate("document.querySelector('textarea').value").await, "half a thought");
    visit.end(&[("/keys", 401), ("/sessions/refresh", 401)]).await;
}

#[tokio::test]
async fn one_browser_signs_the_other_out() {
    let visit = Visit::signed_up().await;
    let here = &visit.browser;
    let there = Browser::start(&visit.server.origin()).await;
    for _ in 0..2 {
        there.open("/sign-in").await;
        there.fill("[name=email]", "ada@example.com").await;
        there.fill("[name=password]", PASSWORD).await;
        there.enter("[name=password]").await;
        there.at("/dashboard").await;
        here.open("/account").await;
        here.reads("[data-testid=sessions]", "This browser").await;
        here.pictures("account-sessions").await;
        here.click("[data-testid=end-session]").await;
        here.gone("[data-testid=end-session]").await;
        assert_eq!(here.count("[data-testid=session]").await, 1);
        there.click("a[href=account]").await;
        there.reads("main", "Your session has ended").await;
    }
    // All others at once: a program's beside the browser's.
    visit.server.signed_in("ada").await;
    here.reload().await;
    here.click("[data-testid=end-other-sessions]").await;
    here.reads("[data-testid=announcement]", "everywhere else").await;
    here.gone("[data-testid=end-session]").await;
    here.click("a[href=dashboard]").await;
    here.see("[data-testid=plan-card]").await;
    there.close(&[("/me/sessions", 401), ("/sessions/refresh", 401)]).await;
    visit.end(&[]).await;
}

#[tokio::test]
async fn a_session_goes_on_after_its_token_and_says_when_it_is_over() {
    let visit = Visit::signed_up().await;
    let browser = &visit.browser;
    // An hour later: the refresh is asked for at once, so that nothing is refused first.
    browser.forget_cookie("tollgate_session").await;
    browser.open("/account").await;
    browser.reads("[data-testid=me]", "ada@example.com").await;

    let ada = visit.server.signed_in("ada").await;
    ada.patch("/me", &serde_json::json!({"current_password": PASSWORD, "new_password": "another good password"}))
        .send()
        .await
        .expect(200);
    browser.forget_cookie("tollgate_session").await;
    browser.open("/account").await;
    browser.reads("main", "Your session has ended").await;
    // Said once: whoever comes back later knows.
    browser.reload().await;
    browser.see("[name=password]").await;
    assert_eq!(browser.count("main .notice").await, 0);
    visit.end(&[("/sessions/refresh", 401)]).await;
}

#[tokio::test]
async fn signing_out_in_another_tab_is_told_and_leaves_nothing() {
    let (visit, _) = Visit::with_key("10RequestPerDay").await;
    let browser = &visit.browser;
    browser.click("[data-testid=try-in-chat]").await;
    browser.see("textarea").await;
    browser.open_tab("/account").await;
    browser.click("[data-testid=sign-out]").await;
    browser.at("/").await;
    browser.to_tab(0).await;
    browser.reads("[data-testid=announcement]", "another tab").await;
    browser.see("[name=key]").await;
    assert_eq!(browser.count("textarea").await, 0);
    visit.end(&[]).await;
}

#[tokio::test]
async fn what_a_reload_would_lose_is_asked_about_first() {
    let visit = Visit::signed_up().await;
    let browser = &visit.browser;
    assert!(!browser.asks_before_leaving().await);
    get_key(browser, "10RequestPerDay").await;
    assert!(browser.asks_before_leaving().await, "a key that nobody has saved");
    browser.click("[data-testid=key-done]").await;
    browser.gone("[data-testid=key-value]").await;
    assert!(!browser.asks_before_leaving().await);
    browser.click("a[href=playground]").await;
    say(browser, "hello").await;
    browser.reads("[data-testid=answer]", "three").await;
    assert!(browser.asks_before_leaving().await, "a conversation");
    browser.click("[data-testid=clear-chat]").await;
    assert!(!browser.asks_before_leaving().await);
    visit.end(&[]).await;
}

#[tokio::test]
async fn deleting_the_account_takes_its_password() {
    let visit = Visit::signed_up().await;
    let browser = &visit.browser;
    browser.open("/account").await;
    browser.click("[data-testid=delete-account]").await;
    browser.fill("dialog [name=password]", "not my password").await;
    browser.enter("dialog [name=password]").await;
    browser.reads("dialog [data-testid=error-password]", "isn't your current password").await;
    browser.fill("dialog [name=password]", PASSWORD).await;
    browser.enter("dialog [name=password]").await;
    browser.at("/").await;
    browser.reads("[data-testid=announcement]", "deleted").await;
    visit.end(&[("/me", 422)]).await;
}
