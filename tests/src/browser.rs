//! A headless Chromium that a test drives through chromedriver; both end with the test.

use std::{
    fs,
    io::{BufRead, BufReader},
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
};

use fantoccini::{Client, ClientBuilder, Locator, elements::Element};
use hyper_util::client::legacy::connect::HttpConnector;
use nix::{
    sys::signal::{Signal, killpg},
    unistd::Pid,
};
use serde_json::{Value, json};

use crate::{screenshot_dir, wait::found};

/// Flags for a machine without display, GPU or user namespaces, and nothing that asks the network by itself.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--lang=en-US",
];

/// Width, height and name of the screens that pictures are taken of.
const SCREENS: &[(u32, u32, &str)] = &[(390, 844, "phone"), (1280, 800, "desktop")];

/// Gathers what moves, from the document's first frame on, as `shifts`: how far, and which parts.
const WATCH: &str = "globalThis.shifts = [];
new PerformanceObserver(list => list.getEntries().forEach(entry => {
    if (!entry.hadRecentInput) shifts.push([entry.value, ...entry.sources.map(s => s.node?.parentElement
        ? (s.node.outerHTML ?? s.node.textContent).slice(0, 80) : 'gone')]);
})).observe({ type: 'layout-shift', buffered: true });";

/// A browser at one server.
pub struct Browser {
    client: Client,
    driver: Driver,
    origin: String,
}

/// chromedriver and all that it started: killing it alone would leave Chromium running.
struct Driver {
    process: Child,
    url: String,
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Ok(group) = i32::try_from(self.process.id()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        let _ = self.process.wait();
    }
}

impl Driver {
    fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .process_group(0)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|e| panic!("chromedriver: {e}; install Debian's chromium and chromium-driver"));
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split("started successfully on port ").nth(1).map(|port| port.replace('.', "")))
            .expect("chromedriver names its port");
        // Read on, so that a full pipe never stops it.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { process, url: format!("http://127.0.0.1:{}", port.trim()) }
    }
}

impl Browser {
    /// Starts one, its clock in New York.
    ///
    /// # Panics
    /// When Chromium or chromedriver is missing.
    pub async fn start(origin: &str) -> Self {
        let driver = Driver::start();
        let capabilities = json!({
            // Proxies in front have certificates of their own making.
            "acceptInsecureCerts": true,
            "goog:chromeOptions": {"args": FLAGS},
            "goog:loggingPrefs": {"browser": "ALL"},
        });
        let Value::Object(capabilities) = capabilities else { unreachable!("an object was written above") };
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&driver.url)
            .await
            .expect("Chromium starts");
        let browser = Self { client, driver, origin: origin.to_owned() };
        browser.devtools("Emulation.setTimezoneOverride", json!({"timezoneId": "America/New_York"})).await;
        let clipboard = json!({"origin": origin, "permissions": ["clipboardReadWrite", "clipboardSanitizedWrite"]});
        browser.devtools("Browser.grantPermissions", clipboard).await;
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", json!({"source": WATCH})).await;
        browser
    }

    /// Lets a cookie run out.
    pub async fn forget_cookie(&self, name: &str) {
        self.devtools("Network.deleteCookies", json!({"name": name, "url": self.origin})).await;
    }

    /// Takes the connection away, or gives it back.
    pub async fn offline(&self, offline: bool) {
        let line = json!({"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1});
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.emulateNetworkConditions", line).await;
    }

    /// Leaves downloads in this folder.
    pub async fn downloads_to(&self, folder: &std::path::Path) {
        let allowed = json!({"behavior": "allow", "downloadPath": folder});
        self.devtools("Browser.setDownloadBehavior", allowed).await;
    }

    /// Opens a page of the server.
    ///
    /// # Panics
    /// When it can't be loaded.
    pub async fn open(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.origin)).await.expect("the page loads");
    }

    /// Loads the page anew.
    ///
    /// # Panics
    /// When it can't be loaded.
    pub async fn reload(&self) {
        self.client.refresh().await.expect("the page loads");
    }

    /// The path that is shown.
    ///
    /// # Panics
    /// When the browser is gone.
    pub async fn path(&self) -> String {
        self.client.current_url().await.expect("a browser").path().to_owned()
    }

    /// Waits until this path is shown.
    pub async fn at(&self, path: &str) {
        self.wait(&format!("the page is at {path}"), || async { (self.path().await == path).then_some(()) }).await;
    }

    /// Waits for an element that is shown.
    pub async fn see(&self, css: &str) -> Element {
        self.wait(&format!("{css} is shown"), || async {
            for element in self.all(css).await {
                if element.is_displayed().await.unwrap_or(false) {
                    return Some(element);
                }
            }
            None
        })
        .await
    }

    /// Waits until there is no such element.
    pub async fn gone(&self, css: &str) {
        self.wait(&format!("{css} is gone"), || async { (self.count(css).await == 0).then_some(()) }).await;
    }

    /// Waits until the last element of this kind says this, and gives its whole text.
    pub async fn reads(&self, css: &str, text: &str) -> String {
        self.wait(&format!("{css} reads {text:?}"), || async {
            self.text(css).await.filter(|shown| shown.contains(text))
        })
        .await
    }

    /// What the last element of this kind says; `None` where there is none.
    pub async fn text(&self, css: &str) -> Option<String> {
        self.all(css).await.pop()?.text().await.ok()
    }

    /// How many elements of this kind there are.
    pub async fn count(&self, css: &str) -> usize {
        self.all(css).await.len()
    }

    /// Waits; where it is in vain, a picture tells what was there instead.
    async fn wait<T, F: Future<Output = Option<T>>>(&self, what: &str, look: impl FnMut() -> F) -> T {
        if let Some(found) = found(look).await {
            return found;
        }
        let file = screenshot_dir().join(format!("failed-{}.png", std::process::id()));
        fs::write(&file, self.client.screenshot().await.expect("a picture")).expect("a folder for pictures");
        let text = self.text("body").await.unwrap_or_default();
        panic!("waited in vain until {what}; see {}; the page at {} reads:\n{text}", file.display(), self.path().await)
    }

    async fn all(&self, css: &str) -> Vec<Element> {
        self.client.find_all(Locator::Css(css)).await.unwrap_or_default()
    }

    /// Clicks an element once it is there and can be clicked.
    pub async fn click(&self, css: &str) {
        self.wait(&format!("{css} can be clicked"), || async {
            let element = self.all(css).await.pop()?;
            if !element.is_enabled().await.unwrap_or(false) {
                return None;
            }
            element.click().await.ok()
        })
        .await;
    }

    /// Replaces what stands in a field, as a person does: all of it marked, then typed over.
    pub async fn fill(&self, css: &str, text: &str) {
        let field = self.see(css).await;
        // Control down, a, all keys up.
        field.send_keys(&format!("\u{e009}a\u{e000}{text}")).await.expect("a field that can be filled");
    }

    /// Presses Enter in a field.
    pub async fn enter(&self, css: &str) {
        self.see(css).await.send_keys("\u{e007}").await.expect("a field that takes keys");
    }

    /// The value of a script's expression; a promise is awaited.
    ///
    /// # Panics
    /// When the script throws.
    pub async fn evaluate(&self, expression: &str) -> Value {
        let parameters = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let result = self.devtools("Runtime.evaluate", parameters).await;
        assert!(result.get("exceptionDetails").is_none(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// What is seen right now, as PNG.
    ///
    /// # Panics
    /// When it can't be taken.
    pub async fn picture(&self) -> Vec<u8> {
        self.client.screenshot().await.expect("a picture")
    }

    /// A screen of this size, in light colours and without scrollbars, as pictures for people have it.
    pub async fn plain_screen(&self, width: u32, height: u32) {
        self.screen(width, height, false).await;
        self.devtools("Emulation.setScrollbarsHidden", json!({"hidden": true})).await;
        self.colours("light").await;
    }

    /// Takes the page's picture, light and dark, on a phone and on a desktop.
    ///
    /// # Panics
    /// When a picture can't be taken.
    pub async fn pictures(&self, name: &str) {
        for (width, height, screen) in SCREENS {
            self.screen(*width, *height, *screen == "phone").await;
            for scheme in ["light", "dark"] {
                self.colours(scheme).await;
                self.still().await;
                let wide = self.evaluate("document.documentElement.scrollWidth - innerWidth").await;
                assert!(wide.as_i64().is_some_and(|more| more <= 0), "{name} on a {screen} is {wide} px too wide");
                let picture = self.client.screenshot().await.expect("a picture");
                let file = screenshot_dir().join(format!("{name}-{screen}-{scheme}.png"));
                fs::write(file, picture).expect("a folder for pictures");
            }
        }
        self.whole_screen().await;
        self.usual_colours().await;
    }

    /// Colours as a reader prefers them, `light` or `dark`.
    pub(crate) async fn colours(&self, scheme: &str) {
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", media).await;
    }

    pub(crate) async fn usual_colours(&self) {
        self.devtools("Emulation.setEmulatedMedia", json!({"features": []})).await;
    }

    /// Waits until nothing moves: a change of colours may fade in. What moves for ever, as the dots of a wait do, isn't
    /// waited for.
    pub(crate) async fn still(&self) {
        self.evaluate(
            "Promise.allSettled(document.getAnimations().filter(a => \
             isFinite(a.effect.getComputedTiming().endTime)).map(a => a.finished)).then(() => true)",
        )
        .await;
    }

    /// Opens another tab and works in it from now on; the number of the first one is 0.
    ///
    /// # Panics
    /// When there is none to be had.
    pub async fn open_tab(&self, path: &str) {
        let tab = self.client.new_window(true).await.expect("a tab");
        self.client.switch_to_window(tab.handle).await.expect("the tab");
        self.open(path).await;
    }

    /// Works in this tab from now on, counted from 0 as they were opened.
    ///
    /// # Panics
    /// When there is no such tab.
    pub async fn to_tab(&self, index: usize) {
        let tabs = self.client.windows().await.expect("tabs");
        self.client.switch_to_window(tabs[index].clone()).await.expect("the tab");
    }

    /// Whether the page would ask before it is left or loaded anew.
    pub async fn asks_before_leaving(&self) -> bool {
        let asked = "(() => { const event = new Event('beforeunload', { cancelable: true }); \
                     dispatchEvent(event); return event.defaultPrevented; })()";
        self.evaluate(asked).await == true
    }

    /// Ends the browser.
    ///
    /// # Panics
    /// If anything was ever written to its console as an error, but for answers with an expected status, each given as
    /// path and status: browsers report these themselves. Status 0 is a request that found no connection.
    pub async fn close(self, expected: &[(&str, u16)]) {
        let log = self.post("se/log", &json!({"type": "browser"})).await;
        for entry in log.as_array().expect("a log") {
            let message = entry["message"].as_str().unwrap_or_default();
            let is_expected = entry["source"] == "network"
                && expected.iter().any(|(path, status)| {
                    let told = match status {
                        0 => "net::ERR_INTERNET_DISCONNECTED".to_owned(),
                        status => format!("status of {status} "),
                    };
                    message.starts_with(&format!("{}{path} ", self.origin)) && message.contains(&told)
                });
            assert!(entry["level"] != "SEVERE" || is_expected, "the console says: {entry}");
        }
        self.client.close().await.expect("the browser closes");
    }

    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        self.post("goog/cdp/execute", &json!({"cmd": command, "params": parameters})).await
    }

    async fn post(&self, what: &str, body: &Value) -> Value {
        let session = self.client.session_id().await.expect("a session").expect("a session");
        let url = format!("{}/session/{session}/{what}", self.driver.url);
        let answer = reqwest::Client::new().post(url).json(body).send().await.expect("chromedriver answers");
        let answer: Value = answer.json().await.expect("chromedriver speaks JSON");
        assert!(answer["value"].get("error").is_none(), "{what} {body}: {answer}");
        answer["value"].clone()
    }
}
