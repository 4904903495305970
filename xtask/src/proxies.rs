//! The reverse proxies that the tests put in front of the server.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::apt::Need;
use crate::progress::Progress;
use crate::workspace;

const NEED: Need = Need {
    what: "the tests behind a proxy need nginx and Caddy",
    name: "nginx and Caddy",
    packages: "--no-install-recommends nginx-light caddy",
};

/// Where they are.
pub(crate) struct Proxies {
    pub(crate) nginx: PathBuf,
    pub(crate) caddy: PathBuf,
}

/// Finds them, or installs Debian's when that is possible.
pub(crate) fn require(progress: &Progress) -> Result<Proxies> {
    NEED.provide(progress, || {
        // Debian's nginx is where only root's path leads.
        let usual = Path::new("/usr/sbin/nginx");
        let nginx = workspace::find_program("nginx").or_else(|| usual.exists().then(|| usual.to_owned()))?;
        Some(Proxies { nginx, caddy: workspace::find_program("caddy")? })
    })
}
