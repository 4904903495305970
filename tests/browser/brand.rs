//! The operator's name, mark, colour and line of contact, on the page and in the documentation.

use std::fs;

use tempfile::TempDir;
use tests::{Browser, FakeUpstream};

use crate::setup;

const LOGO: &str = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 8 8\"><circle cx=\"4\" cy=\"4\" r=\"4\" fill=\"#7a1fa2\"/></svg>";

#[tokio::test]
async fn the_page_and_the_documentation_carry_the_operators_name_mark_and_colour() {
    let files = TempDir::new().unwrap();
    let logo = files.path().join("logo.svg");
    fs::write(&logo, LOGO).unwrap();
    let upstream = FakeUpstream::start().await;
    let server = setup(&upstream)
        .set("page.name", "Ada & <Sons>")
        .set("page.logo", logo.to_str().unwrap())
        .set("page.accent", "#7a1fa2")
        .set("page.contact", "Questions? help@example.com or https://example.com/help.")
        .start()
        .await;
    let browser = Browser::start(&server.origin()).await;
    browser.open("/").await;
    browser.reads(".brand", "Ada & <Sons>").await;
    assert_eq!(browser.evaluate("document.title").await, "Ada & <Sons>: keys and quotas for OpenAI-compatible APIs");
    let og = "document.querySelector('[property=\"og:title\"]').content";
    assert_eq!(browser.evaluate(og).await, "Ada & <Sons>");
    let shown = "document.querySelector('.brand img').decode().then(() => true)";
    assert_eq!(browser.evaluate(shown).await, true, "the logo is a picture");
    let ground = "getComputedStyle(document.querySelector('.hero .primary')).backgroundColor";
    assert_eq!(browser.evaluate(ground).await, "rgb(122, 31, 162)");
    let links = "[...document.querySelectorAll('[data-testid=contact] a')].map(a => a.href).join(' ')";
    assert_eq!(browser.evaluate(links).await, "mailto:help@example.com https://example.com/help");
    browser.keeps_layout("an operator's page").await;

    browser.click("footer a[href='docs/']").await;
    browser.at("/docs/").await;
    browser.see(".opblock").await;
    browser.reads("header .brand", "Ada & <Sons>").await;
    assert_eq!(browser.evaluate("getComputedStyle(document.querySelector('.back')).color").await, "rgb(122, 31, 162)");
    browser.pictures("docs").await;
    browser.click(".back").await;
    browser.at("/").await;
    browser.see(".hero").await;
    browser.close(&[]).await;
}
