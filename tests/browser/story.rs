//! From signing up to the sentence that tells a spent quota.

use tests::{Browser, FakeUpstream, Identity};

use crate::{get_key, say, server, sign_up};

#[tokio::test]
async fn somebody_signs_up_gets_a_key_chats_and_reads_when_the_quota_is_spent() {
    let upstream = FakeUpstream::start().await;
    let server = server(&upstream).await;
    let browser = Browser::start(&server.origin()).await;

    browser.open("/").await;
    browser.see("a[href='sign-up']").await;
    browser.pictures("home").await;
    browser.open("/sign-in").await;
    browser.see("[name=password]").await;
    browser.pictures("sign-in").await;
    browser.open("/sign-up").await;
    browser.see("[name=password]").await;
    browser.pictures("sign-up").await;
    sign_up(&browser).await;
    browser.see("[data-testid=plan-card]").await;
    browser.pictures("dashboard-new").await;

    let value = get_key(&browser, "10RequestPerDay").await;
    assert!(value.starts_with("tg_") && value.len() == 89, "{value}");
    browser.click("[data-testid=copy-key]").await;
    let copied = browser.evaluate("navigator.clipboard.readText()").await;
    assert_eq!(copied.as_str().unwrap(), value);
    let curl = browser.reads("[data-testid=curl-line]", "curl").await;
    assert!(curl.contains(&value) && curl.contains(&format!("{}/v1/chat/completions", server.origin())), "{curl}");
    browser.pictures("key-made").await;

    browser.click("[data-testid=try-in-chat]").await;
    browser.at("/playground").await;
    upstream.by_hand();
    say(&browser, "hello").await;
    let mut exchange = upstream.exchange().await;
    assert_eq!(exchange.request.message(), "hello");
    exchange.start_stream().await;
    let mut shown = Vec::new();
    for word in ["alpha ", "beta ", "gamma"] {
        exchange.send_text(word).await;
        shown.push(browser.reads("[data-testid=answer]", word.trim()).await);
    }
    assert!(!shown[0].contains("beta") && !shown[1].contains("gamma"), "the text grows: {shown:?}");
    exchange.finish_stream().await;
    browser.reads("[data-testid=remaining]", "9").await;
    browser.pictures("playground").await;

    let key = server.anonymous().as_identity(Identity::Key(value));
    upstream.always(tests::Script::stream(tests::chat_events(&["done"])));
    for _ in 0..8 {
        key.chat_stream("hello").stream().await.rest().await;
    }
    say(&browser, "the last one").await;
    browser.reads("[data-testid=answer]", "done").await;
    browser.reads("[data-testid=remaining]", "0").await;
    say(&browser, "one too many").await;
    let sentence = browser.reads("[data-testid=chat-error]", "10").await;
    let reset = key.get("/v1/key").send().await.expect(200).json()["quota"]["reset_at"].clone();
    let hour = browser.evaluate(&format!("new Date({reset}).getHours()")).await.as_u64().unwrap();
    let twelve = if hour % 12 == 0 { 12 } else { hour % 12 };
    let tells_time = [format!("{hour}:00"), format!("{hour:02}:00"), format!("{twelve}:00")];
    assert!(tells_time.iter().any(|time| sentence.contains(time)), "{sentence:?} doesn't tell one of {tells_time:?}");
    assert!(sentence.contains("10RequestPerDay") || sentence.contains("day"), "{sentence}");
    browser.pictures("playground-spent").await;

    browser.open("/dashboard").await;
    browser.see("[data-testid=key-row]").await;
    browser.reads("[data-testid=key-used]", "10").await;
    browser.pictures("dashboard").await;
    browser.open("/account").await;
    browser.see("[data-testid=sign-out]").await;
    browser.pictures("account").await;
    browser.click("[data-testid=sign-out]").await;
    browser.gone("[data-testid=sign-out]").await;
    browser.open("/dashboard").await;
    browser.see("[name=password]").await;
    assert_eq!(browser.count("[data-testid=key-row]").await, 0);
    browser.close(&[("/v1/chat/completions", 429)]).await;
}

#[tokio::test]
async fn figures_follow_by_themselves_what_is_used_elsewhere() {
    let upstream = FakeUpstream::start().await;
    let server = server(&upstream).await;
    let browser = Browser::start(&server.origin()).await;
    sign_up(&browser).await;
    let value = get_key(&browser, "10RequestPerDay").await;
    browser.reads("[data-testid=key-remaining]", "10 left").await;
    browser.reads("[data-testid=key-row]", "never used").await;
    server.anonymous().as_identity(Identity::Key(value)).chat_stream("hello").stream().await.rest().await;
    // Nothing is touched: the page looks every half minute.
    browser.reads("[data-testid=key-remaining]", "9 left").await;
    browser.reads("[data-testid=key-row]", "last used").await;
    browser.close(&[]).await;
}
