//! Programs that tests need and that the system's package manager has: found, installed by apt-get, or asked for.

use anyhow::{Result, bail};

use crate::progress::Progress;
use crate::workspace;

/// A need of the tests.
pub(crate) struct Need {
    /// What is needed for what, such as "the browser tests need Chromium".
    pub(crate) what: &'static str,
    /// Names the step that installs it.
    pub(crate) name: &'static str,
    /// Debian's packages.
    pub(crate) packages: &'static str,
}

impl Need {
    /// Returns what `find` finds, before or after installing the packages.
    ///
    /// # Errors
    /// With the line to run, when they can't be installed from here.
    pub(crate) fn provide<T>(&self, progress: &Progress, find: impl Fn() -> Option<T>) -> Result<T> {
        if let Some(found) = find() {
            return Ok(found);
        }
        let (what, install) = (self.what, format!("apt-get update && apt-get install -y {}", self.packages));
        if workspace::find_program("apt-get").is_none() {
            bail!("{what}: install it with your system's package manager (Debian: {install}), then run this again");
        }
        if !is_root() {
            bail!("{what}: run `sudo sh -c '{install}'`, then run this again");
        }
        let mut command = workspace::command("sh");
        command.args(["-c", &install]).env("DEBIAN_FRONTEND", "noninteractive");
        progress.run(&format!("install {}", self.name), command)?;
        match find() {
            Some(found) => Ok(found),
            None => bail!("{what}, still after `{install}`: install it, then run this again"),
        }
    }
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
