//! The browser that the tests drive.

use std::path::PathBuf;

use anyhow::Result;

use crate::apt::Need;
use crate::progress::Progress;
use crate::workspace;

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const CHROMIUM: Need = Need {
    what: "the browser tests need Chromium and chromedriver on the PATH",
    name: "Chromium",
    packages: "chromium chromium-driver",
};

/// Finds Chromium and its driver, or installs Debian's when that is possible. Returns the driver.
pub(crate) fn require(progress: &Progress) -> Result<PathBuf> {
    CHROMIUM.provide(progress, installed)
}

fn installed() -> Option<PathBuf> {
    let driver = workspace::find_program("chromedriver")?;
    BROWSERS.iter().find_map(|name| workspace::find_program(name)).map(|_| driver)
}
