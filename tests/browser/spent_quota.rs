//! A spent quota says so wherever the key is shown, and leads somewhere.

use tests::{Identity, Script, chat_events};

use crate::{Visit, say};

#[tokio::test]
async fn a_spent_quota_leads_to_a_larger_plan_and_to_its_usage() {
    let (visit, value) = Visit::with_key("10RequestPerDay").await;
    let browser = &visit.browser;
    browser.reads("[data-testid=key-row] [data-testid=key-state]", "Active").await;
    visit.upstream.always(Script::stream(chat_events(&["done"])));
    let key = visit.server.anonymous().as_identity(Identity::Key(value));
    for _ in 0..9 {
        key.chat_stream("hello").stream().await.rest().await;
    }
    browser.click("[data-testid=key-done]").await;
    browser.click("a[href=playground]").await;
    browser.reads("[data-testid=remaining]", "1 of 10").await;
    say(browser, "the last one").await;
    browser.reads(".chat-bar [data-testid=key-state]", "Used up").await;
    say(browser, "one too many").await;
    browser.reads("[data-testid=chat-error]", "all 10 of 10").await;
    let left = browser.reads("[data-testid=countdown]", "Opens again in").await;
    tests::wait_until("the seconds change", || async {
        browser.text("[data-testid=countdown]").await.filter(|now| *now != left)
    })
    .await;

    browser.click("[data-testid=see-usage]").await;
    browser.at("/dashboard").await;
    browser.reads("dialog", "Usage of 10RequestPerDay").await;
    browser.click("dialog [aria-label=Close]").await;
    browser.gone("dialog").await;
    browser.reads("[data-testid=key-row] [data-testid=key-state]", "Used up").await;
    browser.reads("[data-testid=key-row] [data-testid=countdown]", "Opens again in").await;
    browser.reads("[data-testid=plan-card][data-plan='10RequestPerDay']", "used up").await;

    browser.click("a[href=playground]").await;
    // What was typed is still there.
    assert_eq!(browser.evaluate("document.querySelector('textarea').value").await, "one too many");
    browser.click("[data-testid=send]").await;
    browser.click("[data-testid=larger-plan]").await;
    browser.reads(".new-key", "Your key for 20RequestPerDay").await;
    visit.end(&[("/v1/chat/completions", 429)]).await;
}

#[tokio::test]
async fn a_key_that_was_disabled_elsewhere_reads_no_longer_active() {
    let (visit, _) = Visit::with_key("10RequestPerDay").await;
    let browser = &visit.browser;
    browser.click("[data-testid=try-in-chat]").await;
    browser.reads(".chat-bar [data-testid=key-state]", "Active").await;
    browser.open_tab("/dashboard").await;
    browser.click("[data-action=disable]").await;
    browser.see("[data-action=enable]").await;
    browser.to_tab(0).await;
    browser.evaluate("dispatchEvent(new Event('focus')), 0").await;
    browser.reads(".chat-bar [data-testid=key-state]", "Doesn't work").await;
    browser.reads("[data-testid=chat-error]", "disabled").await;
    visit.end(&[("/v1/key", 401)]).await;
}
