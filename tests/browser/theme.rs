//! Light and dark, by the system's preference and by choice.

use tests::{Browser, FakeUpstream};

use crate::server;

const GROUND: &str = "getComputedStyle(document.documentElement).backgroundColor";

#[tokio::test]
async fn the_colours_that_somebody_chose_are_there_before_the_page_runs() {
    let upstream = FakeUpstream::start().await;
    let server = server(&upstream).await;
    let browser = Browser::start(&server.origin()).await;
    browser.open("/").await;
    browser.see("[data-testid=theme-auto][aria-pressed=true]").await;
    let light = browser.evaluate(GROUND).await;
    browser.click("[data-testid=theme-dark]").await;
    browser.see("[data-testid=theme-dark][aria-pressed=true]").await;
    let dark = browser.evaluate(GROUND).await;
    assert_ne!(light, dark);
    let frame = browser.evaluate("document.querySelector('[name=theme-color]').content").await;
    assert_eq!(frame, dark, "the browser's own frame goes along");

    let cookie = browser.evaluate("document.cookie").await;
    let document = server.anonymous().get("/").header("cookie", cookie.as_str().unwrap()).send().await.expect(200);
    assert!(document.text().contains("<html lang=\"en\" data-theme=\"dark\""), "{}", document.text());
    browser.reload().await;
    browser.see("[data-testid=theme-dark][aria-pressed=true]").await;
    assert_eq!(browser.evaluate(GROUND).await, dark);

    browser.click("[data-testid=theme-auto]").await;
    assert_eq!(browser.evaluate(GROUND).await, light);
    assert_eq!(browser.evaluate("document.cookie").await, "");
    // Whatever else stands in the cookie stays out of the document.
    let odd = server.anonymous().get("/").header("cookie", "tollgate_theme=x\"onload=1").send().await.expect(200);
    assert!(odd.text().contains("<html lang=\"en\">"), "{}", odd.text());
    browser.close(&[]).await;
}
