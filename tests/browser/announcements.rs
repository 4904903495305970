//! What was just done is told for a moment, and never stands in the way of what comes next.

use crate::Visit;

const SAID: &str = "[data-testid=announcement]";

#[tokio::test]
async fn an_announcement_goes_with_the_next_thing_done_and_with_its_page() {
    let (visit, _) = Visit::with_key("10RequestPerDay").await;
    let browser = &visit.browser;
    browser.click("[data-testid=key-done]").await;

    // By its own button.
    browser.click("[data-action=disable]").await;
    browser.reads(SAID, "disabled").await;
    browser.click(".toast [aria-label=Dismiss]").await;
    assert_eq!(browser.text(SAID).await.as_deref(), Some(""));

    // By whatever is pressed next.
    browser.click("[data-action=enable]").await;
    browser.reads(SAID, "works again").await;
    browser.click("[data-action=usage]").await;
    assert_eq!(browser.text(SAID).await.as_deref(), Some(""));
    browser.click("dialog [aria-label=Close]").await;
    browser.gone("dialog").await;

    // By another page, also where nothing is pressed.
    browser.open("/account").await;
    browser.open("/dashboard").await;
    browser.click("[data-action=disable]").await;
    browser.reads(SAID, "disabled").await;
    browser
        .evaluate("history.pushState(null, '', 'playground'), dispatchEvent(new PopStateEvent('popstate')), 0")
        .await;
    browser.see("textarea, [name=key]").await;
    assert_eq!(browser.text(SAID).await.as_deref(), Some(""));

    // What is said of the way to another page is said there.
    browser.click("[data-testid=sign-out]").await;
    browser.at("/").await;
    browser.reads(SAID, "signed out").await;
    visit.end(&[]).await;
}
