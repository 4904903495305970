//! Whose midnight a quota follows: said where it isn't the reader's own. The browser's clock is New York's.

use tests::{Browser, FakeUpstream};

use crate::{get_key, setup, sign_up};

/// Plans of two zones.
const PLANS: &str = "[{name = \"tokyo\", quota = {limit = 5, period = \"DAY\"}, time_zone = \"Asia/Tokyo\"}, \
                     {name = \"home\", quota = {limit = 5, period = \"DAY\"}, time_zone = \"America/New_York\"}]";

#[tokio::test]
async fn a_foreign_midnight_is_named_on_cards_at_the_reset_and_in_the_usage() {
    let upstream = FakeUpstream::start().await;
    let server = setup(&upstream).set("plans", PLANS).start().await;
    let browser = Browser::start(&server.origin()).await;
    browser.open("/").await;
    browser.reads("[data-plan=tokyo]", "every day at midnight in Asia/Tokyo").await;
    let home = browser.reads("[data-plan=home]", "every day at midnight").await;
    assert!(!home.contains("New"), "{home}");

    sign_up(&browser).await;
    for (plan, reset) in [("tokyo", ", midnight in Asia/Tokyo (in "), ("home", "tomorrow at 00:00 (in ")] {
        get_key(&browser, plan).await;
        browser.reads(&format!("[data-testid=key-row][data-plan={plan}] [data-testid=key-reset]"), reset).await;
        browser.click("[data-testid=key-done]").await;
    }
    browser.click("[data-testid=key-row][data-plan=tokyo] [data-action=usage]").await;
    browser.reads("dialog", "Days begin at midnight in Asia/Tokyo.").await;
    browser.close(&[]).await;
}
