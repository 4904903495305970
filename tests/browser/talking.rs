//! The chat page: stopping, and answers that break.

use tests::{Script, event};

use crate::{Visit, say};

#[tokio::test]
async fn stop_keeps_what_came_and_ends_the_upstream() {
    let (visit, _) = Visit::chatting("10RequestPerDay").await;
    let browser = &visit.browser;
    visit.upstream.by_hand();
    say(browser, "hello").await;
    let mut exchange = visit.upstream.exchange().await;
    exchange.start_stream().await;
    exchange.send_text("so far").await;
    browser.reads("[data-testid=answer]", "so far").await;
    browser.click("[data-testid=stop]").await;
    exchange.closed().await;
    assert!(browser.text("[data-testid=answer]").await.unwrap().contains("so far"));
    browser.see("[data-testid=send]").await;
    visit.end(&[]).await;
}

#[tokio::test]
async fn a_broken_answer_is_not_shown_as_a_whole_one() {
    let (visit, _) = Visit::chatting("10RequestPerDay").await;
    let browser = &visit.browser;
    visit.upstream.next(Script::open_stream([event("half an ans")]).then_close());
    say(browser, "hello").await;
    browser.see("[data-testid=interrupted]").await;
    browser.reads("[data-testid=answer]", "half an ans").await;
    browser.pictures("playground-interrupted").await;
    // The page goes on.
    say(browser, "again").await;
    browser.reads("[data-testid=answer]", "three").await;
    visit.end(&[]).await;
}

#[tokio::test]
async fn what_a_model_writes_is_text_and_never_runs() {
    let (visit, _) = Visit::chatting("10RequestPerDay").await;
    let browser = &visit.browser;
    let hostile = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>";
    visit.upstream.next(Script::stream(tests::chat_events(&[hostile, "end"])));
    say(browser, hostile).await;
    let shown = browser.reads("[data-testid=answer]", "end").await;
    assert!(shown.contains("<img src=x") && shown.contains("<script>"), "{shown}");
    assert_ne!(browser.evaluate("document.title").await, "owned");
    visit.end(&[]).await;
}
