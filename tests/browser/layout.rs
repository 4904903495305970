//! Every page and state of the page keeps its layout, on narrow phones as on a desktop, and can be used by everybody.

use tests::{Browser, FakeUpstream, Script, chat_events};

use crate::{Visit, get_key, say, server, sign_up};

/// The buttons that open dialogs about a key.
const DIALOGS: [&str; 4] = ["usage", "rename", "rotate", "revoke"];

/// Looks at the page as it is: its layout, its pictures, and whether everybody can use it.
async fn look(browser: &Browser, state: &str) {
    browser.keeps_layout(state).await;
    browser.is_accessible(state).await;
}

#[tokio::test]
async fn every_page_for_those_who_are_not_signed_in_keeps_its_layout() {
    let upstream = FakeUpstream::start().await;
    let server = server(&upstream).await;
    let browser = Browser::start(&server.origin()).await;
    browser.opens_in_place("/", ".promises").await;
    browser.opens_in_place("/sign-in", "[name=password]").await;
    browser.opens_in_place("/sign-up", "[name=password]").await;
    browser.opens_in_place("/dashboard", "[name=password]").await;
    browser.opens_in_place("/playground", "[name=key]").await;
    browser.opens_in_place("/not/there", "main a").await;
    browser.open("/sign-up").await;
    browser.fill("[name=email]", "ada@localhost").await;
    browser.enter("[name=email]").await;
    browser.see("[aria-invalid]").await;
    look(&browser, "sign-up with errors").await;

    browser.open("/").await;
    browser.click("[data-testid=choose-plan]").await;
    browser.see("[data-testid=wanted]").await;
    look(&browser, "sign-up with a plan").await;
    browser.close(&[]).await;
}

#[tokio::test]
async fn every_page_and_state_for_the_signed_in_keeps_its_layout() {
    let upstream = FakeUpstream::start().await;
    let server = server(&upstream).await;
    let browser = Browser::start(&server.origin()).await;
    sign_up(&browser).await;
    browser.opens_in_place("/dashboard", "[data-testid=get-key]").await;
    browser.opens_in_place("/account", "[data-testid=delete-account]").await;
    browser.click("[data-testid=delete-account]").await;
    browser.see("dialog[open]").await;
    look(&browser, "deleting the account").await;

    // With a key.
    browser.open("/dashboard").await;
    get_key(&browser, "10RequestPerDay").await;
    look(&browser, "a new key").await;
    browser.click("[data-testid=copy-key]").await;
    browser.reads("[data-testid=copy-key]", "Copied").await;
    look(&browser, "a copied key").await;
    browser.click("[data-testid=try-in-chat]").await;
    browser.see("textarea").await;
    look(&browser, "an empty chat").await;
    upstream.always(Script::stream(chat_events(&["many words ".repeat(300).as_str()])));
    for _ in 0..3 {
        say(&browser, "hello").await;
        browser.see("[data-testid=send]").await;
        browser.gone("[data-state=streaming]").await;
    }
    look(&browser, "a long chat").await;
    upstream.always(Script::stream(chat_events(&["done"])));
    for left in (0..7).rev() {
        say(&browser, "hello").await;
        browser.reads("[data-testid=remaining]", &format!("{left} of")).await;
    }
    say(&browser, "one too many").await;
    browser.see("[data-testid=chat-error]").await;
    look(&browser, "a spent quota in the chat").await;
    browser.opens_in_place("/playground", "[data-testid=rotate-here]").await;
    browser.opens_in_place("/dashboard", "[data-testid=key-row]").await;
    for dialog in DIALOGS {
        browser.click(&format!("[data-action={dialog}]")).await;
        browser.see("dialog[open]").await;
        if dialog == "usage" {
            browser.see("dialog table").await;
        }
        look(&browser, &format!("the dialog {dialog}")).await;
        browser.click("dialog [aria-label=Close]").await;
        browser.gone("dialog").await;
    }
    browser.click("[data-action=disable]").await;
    browser.reads("[data-testid=announcement]", "disabled").await;
    look(&browser, "a disabled key and its announcement").await;
    browser.click("[data-action=enable]").await;
    browser.see("[data-action=disable]").await;
    browser.click("[data-action=rotate]").await;
    browser.click("dialog [type=submit]").await;
    browser.see("[data-testid=key-value]").await;
    look(&browser, "a rotated key").await;
    browser.close(&[("/v1/chat/completions", 429)]).await;
}

#[tokio::test]
async fn on_a_phone_the_conversation_has_the_height() {
    let (visit, _) = Visit::chatting("10RequestPerDay").await;
    let browser = &visit.browser;
    say(browser, "hello").await;
    browser.reads("[data-testid=answer]", "three").await;
    for (width, height, part) in [(390, 844, 0.5), (320, 568, 0.35)] {
        browser.screen(width, height, true).await;
        let log = browser.evaluate("document.querySelector('.log').offsetHeight / innerHeight").await;
        assert!(log.as_f64().unwrap() >= part, "{log} of {height} px");
    }
    browser.whole_screen().await;
    visit.end(&[]).await;
}
