//! The browser that the tests drive.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::progress::Progress;
use crate::workspace;

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const INSTALL: &str = "apt-get update && apt-get install -y chromium chromium-driver";

/// Finds Chromium and its driver, or installs Debian's when that is possible. Returns the driver.
pub(crate) fn require(progress: &Progress) -> Result<PathBuf> {
    if let Some(driver) = installed() {
        return Ok(driver);
    }
    if workspace::find_program("apt-get").is_none() {
        bail!(
            "the browser tests need Chromium and chromedriver on the PATH: install them with your system's package \
             manager (Debian: {INSTALL}), then run this again"
        );
    }
    if !is_root() {
        bail!("the browser tests need Chromium and chromedriver: run `sudo sh -c '{INSTALL}'`, then run this again");
    }
    let mut install = workspace::command("sh");
    install.args(["-c", INSTALL]).env("DEBIAN_FRONTEND", "noninteractive");
    progress.run("install Chromium", install)?;
    match installed() {
        Some(driver) => Ok(driver),
        None => {
            bail!("Chromium and chromedriver are still missing after `{INSTALL}`; install them, then run this again")
        }
    }
}

fn installed() -> Option<PathBuf> {
    let driver = workspace::find_program("chromedriver")?;
    BROWSERS.iter().find_map(|name| workspace::find_program(name)).map(|_| driver)
}

#[cfg(unix)]
fn is_root() -> bool {
    let id = workspace::command("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

#[cfg(not(unix))]
fn is_root() -> bool {
    false
}
