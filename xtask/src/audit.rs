//! Other people's judges of the page, axe-core and Lighthouse, installed from npm's registry in the versions that
//! `tests/browser/node` pins.

use std::path::PathBuf;

use anyhow::Result;

use crate::progress::Progress;
use crate::python::Python;
use crate::sdks::Sdks;
use crate::{node, pinned, workspace};

/// Installs them, unless what is pinned is there already. Returns the folder with `bin/node` and `node_modules`.
pub(crate) fn require(progress: &Progress, python: &Python, sdks: &Sdks) -> Result<PathBuf> {
    let (sources, dir) = (workspace::root().join("tests/browser/node"), workspace::root().join("target/audit"));
    pinned::once(progress, &dir, &node::pinning(&sources), &python.version, || {
        node::install(progress, &sdks.python, &sources, &dir, "axe-core and Lighthouse")
    })?;
    Ok(dir)
}
