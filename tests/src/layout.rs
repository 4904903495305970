//! What the layout of every page and state of the page keeps to, whatever the screen.

use serde_json::{Value, json};

use crate::Browser;

/// Widths and heights of the screens that it is looked at on: the narrowest phone, a usual one, a desktop, a wall.
const SCREENS: [(u32, u32); 4] = [(320, 640), (390, 844), (1280, 800), (3840, 2160)];

/// Most that may move by itself while a page is shown, as the browser reckons it.
const MOST_SHIFT: f64 = 0.05;

/// What breaks the law on the screen as it is; `touch`: fingers press here.
const BREACHES: &str = "(async touch => {
    for (let frame = 0; frame < 2; frame++) await new Promise(requestAnimationFrame);
    const breaches = [], root = document.documentElement;
    const name = element => element.outerHTML.slice(0, 100);
    const end = document.querySelector('footer').getBoundingClientRect().bottom + scrollY;
    if (root.scrollHeight > end + 1) breaches.push(`${root.scrollHeight - end} px below the footer`);
    if (root.scrollWidth > innerWidth) breaches.push(`${root.scrollWidth - innerWidth} px wider than the window`);
    const head = document.querySelector('header').getBoundingClientRect().height;
    if (head > 80) breaches.push(`a head of ${head} px`);
    for (const element of document.querySelectorAll('body *')) {
        if (!element.checkVisibility({ visibilityProperty: true })) continue;
        const style = getComputedStyle(element), box = element.getBoundingClientRect();
        // For ears only, or waiting outside for the keyboard.
        if (box.width <= 1 || box.right < 0) continue;
        if (['auto', 'scroll'].includes(style.overflowX) && element.scrollWidth > element.clientWidth + 1)
            breaches.push(`cut at its side: ${name(element)}`);
        if (box.right > innerWidth + 1) breaches.push(`beyond the window: ${name(element)}`);
        const isTarget = element.matches('a, button, input, select, textarea, summary, [tabindex=\"0\"][role=tab]')
            // A word in a sentence, and what a label around it makes larger.
            && !(style.display === 'inline' && element.matches('a')) && !element.closest('label');
        if (touch && (isTarget || element.matches('label:has(input)')) && (box.height < 43.5 || box.width < 43.5))
            breaches.push(`small for a finger (${box.width} × ${box.height}): ${name(element)}`);
    }
    return breaches;
})";

impl Browser {
    /// Takes the page's pictures and looks at it as it is on each screen: nothing lies below the footer, nothing is cut or wider than the
    /// window, and on phones there is room for fingers; and nothing moved by itself since it was loaded.
    ///
    /// # Panics
    /// With all that breaks this.
    pub async fn keeps_layout(&self, state: &str) {
        let mut breaches = Vec::new();
        for (width, height) in SCREENS {
            let is_phone = width < 600;
            self.screen(width, height, is_phone).await;
            let found = self.evaluate(&format!("{BREACHES}({is_phone})")).await;
            let found = found.as_array().expect("a list");
            breaches.extend(found.iter().map(|breach| format!("{width} px: {}", breach.as_str().unwrap_or_default())));
        }
        let shifts = self.evaluate("shifts").await;
        let shifts = shifts.as_array().expect("a list");
        let sum: f64 = shifts.iter().filter_map(|shift| shift[0].as_f64()).sum();
        if sum > MOST_SHIFT {
            breaches.push(format!("moved by {sum}: {}", Value::from(shifts.clone())));
        }
        self.pictures(&state.replace(|c: char| !c.is_alphanumeric(), "-")).await;
        assert!(breaches.is_empty(), "{state}:\n{}", breaches.join("\n"));
    }

    /// Opens a page on each of the screens, waits for what it shows last, and looks at it as
    /// [`Browser::keeps_layout`] and [`Browser::is_accessible`].
    pub async fn opens_in_place(&self, path: &str, last: &str) {
        for (width, height) in SCREENS {
            self.screen(width, height, width < 600).await;
            self.slow().await;
            self.open(path).await;
            self.see(last).await;
            self.keeps_layout(&format!("opened{path}")).await;
        }
        self.is_accessible(path).await;
    }

    /// Lets each answer take a while, so that what comes after the first frame comes after it here too.
    async fn slow(&self) {
        let line = json!({"offline": false, "latency": 100, "downloadThroughput": -1, "uploadThroughput": -1});
        self.devtools("Network.enable", json!({})).await;
        self.devtools("Network.emulateNetworkConditions", line).await;
    }

    /// Looks at the page through a window of this size.
    ///
    /// # Panics
    /// If the browser is gone.
    pub async fn screen(&self, width: u32, height: u32, is_phone: bool) {
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": is_phone});
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Gives the page its window back.
    ///
    /// # Panics
    /// If the browser is gone.
    pub async fn whole_screen(&self) {
        self.devtools("Emulation.clearDeviceMetricsOverride", json!({})).await;
    }
}
