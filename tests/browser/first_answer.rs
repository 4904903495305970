//! From the first page to the first word of an answer, here and in other people's programs.

use std::process::{Command, Stdio};

use tempfile::TempDir;
use tests::{Browser, FakeUpstream, PASSWORD, sdk_program};

use crate::{Visit, get_key, say, setup, sign_up};

#[tokio::test]
async fn three_clicks_lead_from_the_first_page_to_the_first_word() {
    let visit = Visit::start().await;
    let browser = &visit.browser;
    browser.open("/").await;
    browser.see(".sample").await;
    browser.click("[data-plan='10RequestPerDay'] [data-testid=choose-plan]").await;
    browser.fill("[name=email]", "ada@example.com").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.click("main [type=submit]").await;
    browser.click("[data-testid=try-in-chat]").await;
    browser.fill("textarea", "hello").await;
    browser.enter("textarea").await;
    browser.reads("[data-testid=answer]", "one two three").await;
    visit.end(&[]).await;
}

/// What a program printed once it has ended well.
async fn printed(mut command: Command) -> String {
    let run = move || command.stdin(Stdio::null()).output().expect("a program that starts");
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    let (said, complained) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}\n{complained}");
    said.into_owned()
}

async fn shown(browser: &Browser, tab: &str, text: &str) -> String {
    browser.click(&format!("[role=tab]:nth-child({tab})")).await;
    browser.reads(&format!("[data-testid={text}]"), "v1").await
}

#[tokio::test]
async fn the_programs_beside_a_new_key_run_as_they_stand() {
    let upstream = FakeUpstream::start().await;
    let server = setup(&upstream).set("upstream.default_model", "model-1").start().await;
    let browser = Browser::start(&server.origin()).await;
    sign_up(&browser).await;
    let value = get_key(&browser, "unlimited").await;

    let mut curl = Command::new("sh");
    curl.arg("-c").arg(shown(&browser, "1", "curl-line").await);
    assert!(printed(curl).await.contains("data: [DONE]"));

    let mut python = Command::new(sdk_program("TOLLGATE_SDKS_PYTHON", "python", "bin/python"));
    python.arg("-c").arg(shown(&browser, "2", "python-code").await);
    assert_eq!(printed(python).await, "one two three");

    let node = sdk_program("TOLLGATE_SDKS_NODE", "node", "bin/node");
    // It finds packages beside a program's file or above.
    let beside = TempDir::new_in(node.ancestors().nth(2).unwrap()).unwrap();
    let file = beside.path().join("shown.mjs");
    std::fs::write(&file, shown(&browser, "3", "node-code").await).unwrap();
    let mut run = Command::new(node);
    run.arg(file);
    assert_eq!(printed(run).await, "one two three");

    let settings = shown(&browser, "4", "any-client").await;
    assert!(settings.contains(&value) && settings.contains(&format!("{}/v1", server.origin())), "{settings}");

    // By the keyboard alone: the arrows move between the tabs.
    browser.see("[role=tab][aria-selected=true]").await.send_keys("\u{e014}").await.unwrap();
    browser.see("[data-testid=curl-line]").await;
    browser.close(&[]).await;
}

#[tokio::test]
async fn a_new_key_can_be_saved_as_a_file_and_stays_usable_without_being_shown() {
    let visit = Visit::start().await;
    let browser = &visit.browser;
    let downloads = TempDir::new().unwrap();
    browser.downloads_to(downloads.path()).await;
    sign_up(browser).await;
    let value = get_key(browser, "10RequestPerDay").await;
    browser.click("[data-testid=download-env]").await;
    let file = downloads.path().join("tollgate.env");
    tests::wait_until("the file is there", || async { file.exists().then_some(()) }).await;
    let expected = format!("OPENAI_BASE_URL={}/v1\nOPENAI_API_KEY={value}\n", visit.server.origin());
    assert_eq!(std::fs::read_to_string(&file).unwrap(), expected);

    browser.click("[data-testid=key-done]").await;
    let line = browser.reads("[data-testid=curl-line]", "$OPENAI_API_KEY").await;
    assert!(!line.contains("tg_"), "{line}");
    browser.click("a[href=playground]").await;
    say(browser, "hello").await;
    browser.reads("[data-testid=answer]", "three").await;
    visit.end(&[]).await;
}
