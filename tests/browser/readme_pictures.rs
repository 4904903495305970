//! The two pictures that README opens with, as the page looks at present.

use std::{env, fs, path::PathBuf};

use tests::{Browser, FakeUpstream, Identity, Script, chat_events, screenshot_dir};

use crate::{get_key, say, setup, sign_up};

const PLANS: &str = "[{name = \"Starter\", description = \"For trying things out.\", quota = {limit = 100, period = \"DAY\"}, \
                     throttle = {rate = 20, burst = 50}}, \
                     {name = \"Side project\", description = \"For something that people use.\", \
                     quota = {limit = 5000, period = \"MONTH\"}, throttle = {rate = 20, burst = 50}}, \
                     {name = \"Team\", description = \"As much as you like.\", quota = \"unlimited\"}]";

const ANSWER: &str = "A toll gate stands between the road and those who travel it. Here the road is a language model:\n\n\
                      1. You show your key.\n2. The gate looks what is left of your plan.\n\
                      3. It counts one request and lets you through.\n\n\
                      What comes back streams to you word by word. A request that fails is given back.";

/// Where they are kept: beside the other pictures, or in the repository where `TOLLGATE_PICTURES` says so.
fn folder() -> PathBuf {
    env::var_os("TOLLGATE_PICTURES").map_or_else(screenshot_dir, PathBuf::from)
}

#[tokio::test]
async fn pictures_of_the_dashboard_and_of_the_playground() {
    let upstream = FakeUpstream::start().await;
    let server = setup(&upstream).set("plans", PLANS).start().await;
    let browser = Browser::start(&server.origin()).await;
    browser.plain_screen(1200, 750).await;
    sign_up(&browser).await;
    upstream.always(Script::stream(chat_events(&["done"])));
    for (plan, requests) in [("Starter", 37), ("Side project", 12)] {
        let value = get_key(&browser, plan).await;
        let key = server.anonymous().as_identity(Identity::Key(value));
        for _ in 0..requests {
            key.chat_stream("hello").stream().await.rest().await;
        }
        browser.click("[data-testid=key-done]").await;
    }
    browser.open("/dashboard").await;
    browser.see("[data-testid=key-row]").await;
    fs::write(folder().join("dashboard.png"), browser.picture().await).unwrap();

    get_key(&browser, "Team").await;
    browser.click("[data-testid=try-in-chat]").await;
    upstream.always(Script::stream(chat_events(&[ANSWER])));
    say(&browser, "What does a toll gate do?").await;
    browser.reads("[data-testid=answer]", "given back").await;
    browser.see("[data-testid=send]").await;
    browser.evaluate("scrollTo(0, 0)").await;
    fs::write(folder().join("playground.png"), browser.picture().await).unwrap();
    browser.close(&[]).await;
}
