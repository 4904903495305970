//! What can be done with a conversation: another answer, other words, other settings, and going on after an error.

use serde_json::{Value, json};
use tests::{FakeUpstream, Script, chat_events};

use crate::{Visit, get_key, say, sign_up};

/// What was said in the last request.
fn said(upstream: &FakeUpstream) -> Value {
    upstream.last().json()["messages"].clone()
}

#[tokio::test]
async fn an_answer_is_asked_for_again_and_a_question_put_otherwise() {
    let (visit, _) = Visit::chatting("10RequestPerDay").await;
    let Visit { upstream, browser, .. } = &visit;
    for (question, answer) in [("first", "one"), ("second", "two")] {
        upstream.next(Script::stream(chat_events(&[answer])));
        say(browser, question).await;
        browser.reads("[data-testid=answer]", answer).await;
    }
    upstream.next(Script::stream(chat_events(&["three"])));
    browser.click("[data-testid=again]").await;
    browser.reads("[data-testid=answer]", "three").await;
    let before = json!([{"role": "user", "content": "first"}, {"role": "assistant", "content": "one"},
        {"role": "user", "content": "second"}]);
    assert_eq!((said(upstream), browser.count(".turn").await), (before, 4));

    // Put otherwise while something else is being typed: that stays, and so does all of it where the request is refused.
    browser.fill("textarea[name=message]", "a thought").await;
    browser.see("[data-testid=edit]").await.click().await.unwrap();
    browser.fill("textarea[name=edited]", "other words").await;
    upstream.next(Script::error(503, "Too busy"));
    browser.click("[data-testid=send-edited]").await;
    browser.reads("[data-testid=chat-error]", "not available").await;
    assert_eq!(browser.evaluate("document.querySelector('[name=edited]').value").await, "other words");
    assert_eq!(browser.count(".turn").await, 4);
    upstream.next(Script::stream(chat_events(&["four"])));
    browser.click("[data-testid=send-again]").await;
    browser.reads("[data-testid=answer]", "four").await;
    assert_eq!(said(upstream), json!([{"role": "user", "content": "other words"}]));
    assert_eq!(browser.count(".turn").await, 2);
    assert_eq!(browser.evaluate("document.querySelector('[name=message]').value").await, "a thought");

    browser.click("[data-testid=edit]").await;
    browser.see("[name=edited]").await;
    browser.keeps_layout("a question being edited").await;
    browser.is_accessible("a question being edited").await;
    browser.see("[name=edited]").await.send_keys("\u{e00c}").await.unwrap();
    browser.see("[data-testid=edit]:focus").await;
    visit.end(&[("/v1/chat/completions", 503)]).await;
}

#[tokio::test]
async fn settings_go_along_and_the_request_stands_there_as_code_without_the_key() {
    let (visit, value) = Visit::chatting("10RequestPerDay").await;
    let Visit { upstream, browser, .. } = &visit;
    browser.click(".tuning summary").await;
    browser.fill("[name=system]", "Don't \"shout\".").await;
    browser.fill("[name=temperature]", "5").await;
    browser.reads("#temperature-error", "from 0 to 2").await;
    say(browser, "hello").await;
    assert_eq!((upstream.posts(), browser.count(".turn").await), (0, 0), "nothing wrong is sent");
    browser.fill("[name=temperature]", "0,7").await;
    upstream.by_hand();
    browser.click("[data-testid=send]").await;
    let mut exchange = upstream.exchange().await;
    let body = exchange.request.json();
    let messages = json!([{"role": "system", "content": "Don't \"shout\"."}, {"role": "user", "content": "hello"}]);
    assert_eq!((&body["messages"], &body["temperature"]), (&messages, &json!(0.7)));
    // What is left goes down with the answer's head, and its headers are shown.
    exchange.start_stream().await;
    exchange.send_text("Yes.").await;
    browser.reads("[data-testid=remaining]", "9 of 10").await;
    browser.click("[data-testid=headers] summary").await;
    browser.reads("[data-testid=x-ratelimit-remaining-requests]", "9").await;
    browser.reads("[data-testid=x-request-id]", "req_").await;
    exchange.finish_stream().await;
    browser.see("[data-testid=send]").await;
    browser.keeps_layout("the settings and headers of a chat").await;
    browser.is_accessible("the settings and headers of a chat").await;

    browser.click("[data-testid=show-code]").await;
    for (tab, code) in [("1", "curl-line"), ("2", "python-code"), ("3", "node-code")] {
        browser.click(&format!("dialog [role=tab]:nth-child({tab})")).await;
        let code = browser.reads(&format!("dialog [data-testid={code}]"), "0.7").await;
        assert!(code.contains("hello") && code.contains("shout") && !code.contains(&value), "{code}");
    }
    browser.keeps_layout("the request as code").await;
    browser.is_accessible("the request as code").await;
    visit.end(&[]).await;
}

#[tokio::test]
async fn a_throttled_request_is_offered_again_once_it_is_open() {
    let plans = "[{name = \"slow\", quota = \"unlimited\", throttle = {rate = 0.2, burst = 1}}]";
    let visit = Visit::with(|setup| setup.set("plans", plans)).await;
    let browser = &visit.browser;
    sign_up(browser).await;
    get_key(browser, "slow").await;
    visit.go_chatting().await;
    say(browser, "first").await;
    browser.reads("[data-testid=answer]", "three").await;
    say(browser, "second").await;
    browser.reads("[data-testid=chat-error]", "Too many requests at once").await;
    browser.see("[data-testid=send-again][aria-disabled=true]").await;
    browser.reads("[data-testid=countdown]", "Opens again in").await;
    browser.keeps_layout("a throttled chat").await;
    browser.is_accessible("a throttled chat").await;
    browser.see("[data-testid=send-again]:not([aria-disabled])").await.click().await.unwrap();
    browser.gone("[data-testid=chat-error]").await;
    browser.see("[data-testid=send]").await;
    assert_eq!(said(&visit.upstream)[2], json!({"role": "user", "content": "second"}));
    visit.end(&[("/v1/chat/completions", 429)]).await;
}

#[tokio::test]
async fn without_a_connection_nothing_is_lost_and_it_goes_on_by_one_button() {
    let (visit, _) = Visit::chatting("10RequestPerDay").await;
    let browser = &visit.browser;
    browser.reads("[data-testid=remaining]", "10 of 10").await;
    browser.offline(true).await;
    say(browser, "hello").await;
    browser.reads("[data-testid=chat-error]", "can't be reached").await;
    browser.reads("[data-testid=connection]", "You are offline").await;
    browser.see("[data-testid=send-again][aria-disabled=true]").await;
    assert_eq!(browser.evaluate("document.querySelector('[name=message]').value").await, "hello");
    browser.keeps_layout("a chat without a connection").await;
    browser.offline(false).await;
    browser.reads("[data-testid=connection]", "online again").await;
    browser.click("[data-testid=send-again]").await;
    browser.reads("[data-testid=answer]", "three").await;
    assert_eq!(browser.evaluate("document.querySelector('[name=message]').value").await, "");
    visit.end(&[("/v1/chat/completions", 0), ("/v1/key", 0)]).await;
}
