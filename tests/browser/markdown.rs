//! Answers in Markdown: shown as they are meant, safely, and without flicker while they grow.

use tests::{Script, chat_events};

use crate::{Visit, say};

const ANSWER: &str = "# Tolls\n\nA *gate* takes `one` coin:\n\n1. **Stop**\n   - show it\n2. Go\n\n| Road | Toll |\n|---|--:|\n\
                      | North | 2 |\n\n```rust\nfn main() {\n    let toll = \"<b>2</b>\";\n}\n```\n\n> See [the map](https://example.com/map), \
                      [not this](javascript:alert(1)), ![a picture](https://example.com/a.png).\n\n<img src=x onerror=\"document.title='owned'\">";

#[tokio::test]
async fn an_answer_in_markdown_is_shown_as_it_is_meant() {
    let (visit, _) = Visit::chatting("10RequestPerDay").await;
    let Visit { upstream, browser, .. } = &visit;
    let characters: Vec<char> = ANSWER.chars().collect();
    let pieces: Vec<String> = characters.chunks(5).map(|piece| piece.iter().collect()).collect();
    upstream.next(Script::stream(chat_events(&pieces.iter().map(String::as_str).collect::<Vec<_>>())));
    say(browser, "What does a toll gate do?").await;
    browser.see("[data-state=complete]").await;
    browser.reads("[data-testid=answer]", "<img src=x onerror").await;
    for (part, says) in [
        ("h2", "Tolls"),
        ("p em", "gate"),
        ("p code", "one"),
        ("ol > li strong", "Stop"),
        ("ol > li > ul > li", "show it"),
        ("thead th[scope=col]", "Toll"),
        ("tbody td.right", "2"),
        ("blockquote", "not this"),
        (".code pre", "let toll = \"<b>2</b>\";"),
    ] {
        browser.reads(&format!("[data-testid=answer] {part}"), says).await;
    }
    let links = "[...document.querySelectorAll('.answer a')].map(a => `${a.href} ${a.rel} ${a.target}`).join()";
    assert_eq!(
        browser.evaluate(links).await,
        "https://example.com/map noopener nofollow noreferrer _blank,\
         https://example.com/a.png noopener nofollow noreferrer _blank"
    );
    assert_eq!(browser.count(".answer img, .answer b, .answer script").await, 0);
    assert_ne!(browser.evaluate("document.title").await, "owned");

    browser.click(".copy-code").await;
    browser.reads(".copy-code", "Copied").await;
    let copied = browser.evaluate("navigator.clipboard.readText()").await;
    assert_eq!(copied, "fn main() {\n    let toll = \"<b>2</b>\";\n}");
    browser.keeps_layout("an answer in Markdown").await;
    browser.is_accessible("an answer in Markdown").await;
    visit.end(&[]).await;
}

/// What is taken out of the answer from now on, as `taken`.
const WATCH: &str = "globalThis.taken = []; new MutationObserver(seen => seen.forEach(change => \
                     change.removedNodes.forEach(node => taken.push(node.nodeName)))) \
                     .observe(document.querySelector('.answer'), { childList: true, subtree: true }); 0";

#[tokio::test]
async fn a_growing_answer_keeps_what_is_there_and_what_somebody_marked() {
    let (visit, _) = Visit::chatting("10RequestPerDay").await;
    let Visit { upstream, browser, .. } = &visit;
    upstream.by_hand();
    say(browser, "hello").await;
    let mut exchange = upstream.exchange().await;
    exchange.start_stream().await;
    exchange.send_text("Some words.\n\n```\nlet first").await;
    browser.reads(".answer pre", "let first").await;
    browser.evaluate(WATCH).await;
    let mark =
        "(text => getSelection().setBaseAndExtent(text, 0, text, 9))(document.querySelector('.answer pre').firstChild)";
    browser.evaluate(mark).await;
    for word in (0..300).map(|word| format!(" {word}")) {
        exchange.send_text(&word).await;
    }
    exchange.send_text("\n```\n\n- one\n- two").await;
    exchange.finish_stream().await;
    browser.reads(".answer li", "two").await;
    browser.reads(".answer pre", "298 299").await;
    assert_eq!(browser.evaluate("taken.join()").await, "");
    assert_eq!(browser.evaluate("getSelection().toString()").await, "let first");
    visit.end(&[]).await;
}
