//! The page in a real browser: the whole story, and what goes wrong in it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod announcements;
mod brand;
mod conversation;
mod first_answer;
mod forms;
mod going_on;
mod layout;
mod lighthouse;
mod markdown;
mod operators;
mod other_origin;
mod readme_pictures;
mod reset_link;
mod sign_up_modes;
mod spent_quota;
mod story;
mod sub_path;
mod talking;
mod theme;
mod time_zone;
mod usage;

use tests::{Browser, FakeUpstream, PASSWORD, ServerSetup, TestServer, page_dir};

/// A server with the built page.
async fn server(upstream: &FakeUpstream) -> TestServer {
    setup(upstream).start().await
}

/// The same, to be changed.
fn setup(upstream: &FakeUpstream) -> ServerSetup {
    let dir = page_dir();
    assert!(dir.join("index.html").exists(), "no page in {}: run `cargo xtask test`, which builds it", dir.display());
    TestServer::setup().upstream(upstream).set("server.page_dir", dir.to_str().unwrap())
}

/// Somebody at the page: a browser at a server with a fake upstream.
struct Visit {
    upstream: FakeUpstream,
    server: TestServer,
    browser: Browser,
}

impl Visit {
    /// Nobody that the server knows, and no page yet.
    async fn start() -> Self {
        Self::with(|setup| setup).await
    }

    /// The same at a server that is set up otherwise.
    async fn with(change: impl FnOnce(ServerSetup) -> ServerSetup) -> Self {
        let upstream = FakeUpstream::start().await;
        let server = change(setup(&upstream)).start().await;
        let browser = Browser::start(&server.origin()).await;
        Self { upstream, server, browser }
    }

    /// Ada, who signed up a moment ago, on the dashboard.
    async fn signed_up() -> Self {
        let visit = Self::start().await;
        sign_up(&visit.browser).await;
        visit
    }

    /// The same with a key on this plan, whose value is on show.
    async fn with_key(plan: &str) -> (Self, String) {
        let visit = Self::signed_up().await;
        let value = get_key(&visit.browser, plan).await;
        (visit, value)
    }

    /// The same in the playground, with the key in use.
    async fn chatting(plan: &str) -> (Self, String) {
        let (visit, value) = Self::with_key(plan).await;
        visit.go_chatting().await;
        (visit, value)
    }

    /// From the new key to the playground.
    async fn go_chatting(&self) {
        self.browser.click("[data-testid=try-in-chat]").await;
        self.browser.see("textarea[name=message]").await;
    }

    /// Ends it, as [`Browser::close`] does.
    async fn end(self, expected: &[(&str, u16)]) {
        self.browser.close(expected).await;
    }
}

/// Signs up as somebody new and waits for the dashboard.
async fn sign_up(browser: &Browser) {
    browser.open("/sign-up").await;
    browser.fill("[name=email]", "ada@example.com").await;
    browser.fill("[name=password]", PASSWORD).await;
    browser.enter("[name=password]").await;
    browser.at("/dashboard").await;
}

/// Gets a key on the plan from the dashboard and gives its value.
async fn get_key(browser: &Browser, plan: &str) -> String {
    let card = format!("[data-testid=plan-card][data-plan='{plan}']");
    browser.click(&format!("{card} [data-testid=get-key]")).await;
    browser.reads("[data-testid=key-value]", "tg_").await
}

/// Writes a message on the chat page and sends it.
async fn say(browser: &Browser, message: &str) {
    browser.fill("textarea[name=message]", message).await;
    browser.click("[data-testid=send]").await;
}
