//! The chat page: stopping, and answers that break.

use tests::{Browser, FakeUpstream, Script, event};

use crate::{get_key, say, server, sign_up};

async fn chatting(browser: &Browser) {
    sign_up(browser).await;
    get_key(browser, "10RequestPerDay").await;
    browser.click("[data-testid=try-in-chat]").await;
    browser.at("/playground").await;
}

#[tokio::test]
async fn stop_keeps_what_came_and_ends_the_upstream() {
    let upstream = FakeUpstream::start().await;
    let server = server(&upstream).await;
    let browser = Browser::start(&server.origin()).await;
    chatting(&browser).await;
    upstream.by_hand();
    say(&browser, "hello").await;
    let mut exchange = upstream.exchange().await;
    exchange.start_stream().await;
    exchange.send_text("so far").await;
    browser.reads("[data-testid=answer]", "so far").await;
    browser.click("[data-testid=stop]").await;
    exchange.closed().await;
    assert!(browser.text("[data-testid=answer]").await.unwrap().contains("so far"));
    browser.see("[data-testid=send]").await;
    browser.close(&[]).await;
}

#[tokio::test]
async fn a_broken_answer_is_not_shown_as_a_whole_one() {
    let upstream = FakeUpstream::start().await;
    let server = server(&upstream).await;
    let browser = Browser::start(&server.origin()).await;
    chatting(&browser).await;
    upstream.next(Script::open_stream([event("half an ans")]).then_close());
    say(&browser, "hello").await;
    browser.see("[data-testid=interrupted]").await;
    browser.reads("[data-testid=answer]", "half an ans").await;
    browser.pictures("playground-interrupted").await;
    // The page goes on.
    say(&browser, "again").await;
    browser.reads("[data-testid=answer]", "three").await;
    browser.close(&[]).await;
}

#[tokio::test]
async fn what_a_model_writes_is_text_and_never_runs() {
    let upstream = FakeUpstream::start().await;
    let server = server(&upstream).await;
    let browser = Browser::start(&server.origin()).await;
    chatting(&browser).await;
    let hostile = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
    upstream.next(Script::stream(tests::chat_events(&[hostile, "end"])));
    say(&browser, hostile).await;
    let shown = browser.reads("[data-testid=answer]", "end").await;
    assert!(shown.contains("<img src=x") && shown.contains("<script>"), "{shown}");
    assert_ne!(browser.evaluate("document.title").await, "owned");
    browser.close(&[]).await;
}
