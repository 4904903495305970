//! The page in a real browser before API Gateway: what isn't exact is said to be so, and a new key is waited for.

use tests::{Browser, Identity, PASSWORD, TestServer, page_dir};

use crate::served::Served;

/// What a browser reports by itself: a key isn't known everywhere yet, a quota is spent.
const EXPECTED: [(&str, u16); 2] = [("/v1/chat/completions", 503), ("/v1/chat/completions", 429)];

const CHAT_STATE: &str = ".chat-bar [data-testid=key-state]";
const WAITING: &str = "[data-testid=activating]";
const FIELD: &str = "textarea[name=message]";

/// A server with the built page, whose model need not be asked for.
async fn server(served: &Served) -> TestServer {
    let dir = page_dir();
    assert!(dir.join("index.html").exists(), "no page in {}: run `cargo xtask test`, which builds it", dir.display());
    let setup = served.setup().set("server.page_dir", dir.to_str().unwrap());
    setup.set("upstream.default_model", "model-1").start().await
}

async fn sign_up(browser: &Browser) {
    browser.open("/sign-up").await;
    browser.fill("[name=email]", "ada@example.com").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.enter("[name=password]").await;
    browser.at("/dashboard").await;
}

async fn get_key(browser: &Browser, plan: &str) -> String {
    browser.click(&format!("[data-testid=plan-card][data-plan='{plan}'] [data-testid=get-key]")).await;
    browser.reads("[data-testid=key-value]", "tg_").await
}

/// Writes a message and sends it, by keyboard.
async fn say(browser: &Browser, message: &str) {
    browser.fill(FIELD, message).await;
    browser.enter(FIELD).await;
}

/// So many seconds pass for the page.
async fn pass(browser: &Browser, seconds: u32) {
    browser.evaluate(&format!("{{ const now = Date.now; Date.now = () => now() + {seconds} * 1000; 0 }}")).await;
}

fn row(plan: &str, part: &str) -> String {
    format!("[data-testid=key-row][data-plan='{plan}'] {part}")
}

/// Where parts of the page stand and how large they are, to see whether anything moved.
async fn places(browser: &Browser, css: &str) -> String {
    let script = format!(
        "JSON.stringify([...document.querySelectorAll(\"{css}\")].map(e => e.getBoundingClientRect()).map(r => \
         [r.x, r.y + scrollY, r.width, r.height]))"
    );
    browser.evaluate(&script).await.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn somebody_waits_for_a_key_chats_and_spends_a_quota_that_is_about_so_large() {
    let served = Served::provisioned().await;
    let server = server(&served).await;
    let browser = Browser::start(&server.origin()).await;

    browser.open("/").await;
    browser.reads("[data-testid=plan-card][data-plan='3RequestPerDay']", "about 3 requests per day").await;
    browser.reads(".promises", "Amazon API Gateway keeps a key's value").await;
    browser.pictures("aws-home").await;
    sign_up(&browser).await;
    let card = browser.reads("[data-testid=plan-card][data-plan='3RequestPerDay']", "about 3").await;
    assert!(!card.contains("Reset") && !card.contains("midnight"), "{card}");
    let caveats = browser.reads("[data-testid=plan-caveats]", "Amazon API Gateway counts").await;
    for told in ["may be off by a few", "Failed requests count too", "isn't known exactly"] {
        assert!(caveats.contains(told), "{caveats}");
    }
    browser.pictures("aws-dashboard-new").await;

    served.aws.hold_activation();
    let first = get_key(&browser, "10RequestPerDay").await;
    browser.reads("[data-testid=key-at-rest]", "people with access to its console can read it").await;
    browser.reads(".new-key [data-testid=key-state]", "Activating").await;
    browser.reads(".new-key [data-testid=state-note]", "A new key can take up to two minutes to work.").await;
    browser.reads(&row("10RequestPerDay", "[data-testid=key-state]"), "Activating").await;
    browser.reads(&row("10RequestPerDay", "[data-testid=state-note]"), "two minutes").await;
    browser.pictures("aws-key-made").await;
    browser.evaluate("document.querySelector('.new-key').hidden = true").await;
    browser.pictures("aws-key-row").await;
    browser.evaluate("document.querySelector('.new-key').hidden = false").await;
    let parts = "pre, h2, .key, .new-key button, .key button";
    let before = places(&browser, parts).await;
    served.aws.release_activation();
    let key = server.anonymous().as_identity(Identity::Key(first));
    key.chat("hello").send().await.expect(200);
    browser.reads("[data-testid=announcement]", "The key for 10RequestPerDay works now.").await;
    browser.reads(".new-key [data-testid=key-state]", "Active").await;
    browser.reads(".new-key [data-testid=state-note]", "It works now.").await;
    browser.reads(&row("10RequestPerDay", "[data-testid=key-state]"), "Active").await;
    assert_eq!(places(&browser, parts).await, before, "nothing moves when the key becomes active");
    browser.pictures("aws-key-active").await;
    browser.click(".new-key [data-testid=key-done]").await;
    browser.reads(&row("10RequestPerDay", "[data-testid=key-used]"), "used of about 10 per day").await;
    browser.reads(&row("10RequestPerDay", "[data-testid=key-reset]"), "isn't known exactly").await;

    served.aws.hold_activation();
    let second = get_key(&browser, "3RequestPerDay").await;
    browser.click("[data-testid=try-in-chat]").await;
    browser.reads(CHAT_STATE, "Activating").await;
    say(&browser, "hello").await;
    browser.reads(WAITING, "Your key is being activated… trying again in").await;
    browser.reads("[data-testid=question]", "hello").await;
    assert_eq!(browser.count("[data-testid=chat-error]").await, 0, "waiting is no error");
    browser.pictures("aws-chat-waiting").await;
    // Stop is the next thing after the field, and leads back to it.
    browser.see(FIELD).await.send_keys("\u{e004}").await.unwrap();
    assert_eq!(browser.evaluate("document.activeElement.dataset.testid").await, "stop");
    browser.enter("[data-testid=stop]").await;
    browser.gone(WAITING).await;
    browser.see("[data-testid=send]").await;
    assert_eq!(browser.evaluate("document.activeElement.name").await, "message");
    assert_eq!(browser.evaluate("document.activeElement.value").await, "hello");
    assert_eq!(browser.count("[data-testid=question], [data-testid=chat-error]").await, 0);
    browser.enter(FIELD).await;
    browser.reads(WAITING, "trying again in").await;
    served.aws.release_activation();
    pass(&browser, 10).await;
    browser.reads("[data-testid=answer]", "one two three").await;
    browser.gone(WAITING).await;
    browser.reads(CHAT_STATE, "Active").await;
    browser.reads("[data-testid=remaining]", "about 2 left of 3 per day").await;
    assert_eq!(browser.count("[data-testid=question]").await, 1, "sent once, however often it was tried");
    browser.pictures("aws-chat").await;

    let key = server.anonymous().as_identity(Identity::Key(second));
    key.chat("hello").send().await.expect(200);
    say(&browser, "the last one").await;
    browser.reads("[data-testid=remaining]", "0 left of 3 per day").await;
    say(&browser, "one too many").await;
    let sentence = browser.reads("[data-testid=chat-error]", "The quota of 3RequestPerDay is used up.").await;
    for told in ["3 of about 3 requests per day", "isn't known exactly", "use a key on another plan"] {
        assert!(sentence.contains(told), "{sentence}");
    }
    assert!(!sentence.contains(':') && !sentence.contains("resets"), "no time is told: {sentence}");
    browser.pictures("aws-chat-spent").await;

    browser.click("nav a[href='dashboard']").await;
    browser.reads(&row("3RequestPerDay", "[data-testid=key-used]"), "3 used of about 3 per day").await;
    browser.pictures("aws-dashboard").await;
    browser.click("[data-testid=key-done]").await;
    browser.click(&row("3RequestPerDay", "[data-action=usage]")).await;
    let days = browser.reads("dialog", "Amazon API Gateway counts them").await;
    assert!(!days.contains("Returned") && !days.contains("time zone"), "{days}");
    browser.pictures("aws-usage").await;
    browser.click("dialog .icon").await;
    browser.gone("dialog").await;
    browser.click(&row("3RequestPerDay", "[data-action=rotate]")).await;
    browser.reads("dialog", "up to two minutes").await;
    browser.pictures("aws-rotate").await;
    browser.click("dialog .icon").await;
    browser.gone("dialog").await;
    browser.click(&row("3RequestPerDay", "[data-action=revoke]")).await;
    browser.click("dialog [type=submit]").await;
    browser.gone(&row("3RequestPerDay", "")).await;
    key.chat("hello").send().await.is_error(401, "invalid_api_key");
    assert_eq!(served.aws.keys().len(), 1);
    browser.close(&EXPECTED).await;
}

#[tokio::test]
async fn a_message_outlives_the_wait_for_its_key_wherever_the_reader_goes() {
    let served = Served::provisioned().await;
    let server = server(&served).await;
    let browser = Browser::start(&server.origin()).await;
    sign_up(&browser).await;
    served.aws.hold_activation();
    get_key(&browser, "10RequestPerDay").await;
    browser.click("[data-testid=try-in-chat]").await;
    say(&browser, "a long thought").await;
    browser.reads(WAITING, "trying again in").await;
    browser.click("a[href='dashboard']").await;
    browser.see("[data-testid=key-row]").await;
    browser.click("a[href='playground']").await;
    browser.see("[data-testid=send]").await;
    assert_eq!(browser.evaluate(&format!("document.querySelector('{FIELD}').value")).await, "a long thought");

    // Two minutes without success: what was written comes back, with what to do.
    browser.enter(FIELD).await;
    browser.reads(WAITING, "trying again in").await;
    pass(&browser, 121).await;
    browser.reads("[data-testid=chat-error]", "still isn't active after two minutes").await;
    browser.gone(WAITING).await;
    assert_eq!(browser.evaluate(&format!("document.querySelector('{FIELD}').value")).await, "a long thought");
    browser.pictures("aws-chat-given-up").await;
    served.aws.release_activation();
    browser.enter(FIELD).await;
    browser.reads("[data-testid=answer]", "one two three").await;
    assert_eq!(browser.count("[data-testid=question]").await, 1);
    assert_eq!(served.upstream.posts(), 1);

    // API Gateway counts the list of models too, so that it is asked for by the reader alone.
    assert_eq!(served.upstream.received().len(), 1);
    browser.click("[data-testid=ask-for-models]").await;
    browser.reads("select[name=model]", "model-2").await;
    assert_eq!(browser.evaluate("document.activeElement.name").await, "model");
    assert_eq!(served.upstream.received().len(), 2);
    browser.close(&EXPECTED).await;
}

#[tokio::test]
async fn keys_that_come_after_the_first_frame_move_nothing() {
    let served = Served::provisioned().await;
    let server = server(&served).await;
    let ada = server.signed_in("ada").await;
    for plan in ["3RequestPerDay", "10RequestPerDay"] {
        ada.key_on(plan).await;
    }
    let browser = Browser::start(&server.origin()).await;
    browser.open("/sign-in").await;
    browser.fill("[name=email]", "ada@example.com").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.enter("[name=password]").await;
    browser.at("/dashboard").await;
    browser.opens_in_place("/dashboard", "[data-testid=key-row]").await;
    browser.close(&[]).await;
}
