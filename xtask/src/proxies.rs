//! The reverse proxies that the tests put in front of the server, and those that the benchmark compares it with.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::apt::Need;
use crate::progress::Progress;
use crate::workspace;

const NEED: Need = Need {
    what: "the tests behind a proxy need nginx and Caddy, and the benchmark HAProxy",
    name: "nginx, Caddy and HAProxy",
    packages: "--no-install-recommends nginx-light caddy haproxy",
};

/// Where they are.
pub(crate) struct Proxies {
    pub(crate) nginx: PathBuf,
    pub(crate) caddy: PathBuf,
    pub(crate) haproxy: PathBuf,
}

/// Finds them, or installs Debian's when that is possible.
pub(crate) fn require(progress: &Progress) -> Result<Proxies> {
    NEED.provide(progress, || {
        // Debian's are where only root's path leads.
        let find = |name: &str| {
            let usual = Path::new("/usr/sbin").join(name);
            workspace::find_program(name).or_else(|| usual.exists().then_some(usual))
        };
        Some(Proxies { nginx: find("nginx")?, caddy: find("caddy")?, haproxy: find("haproxy")? })
    })
}
