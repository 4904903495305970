//! libfaketime, with which tests run a server whose clock is wrong.

use std::fs;

use anyhow::Result;

use crate::apt::Need;
use crate::progress::Progress;

const LIBFAKETIME: Need = Need {
    what: "the tests with replicas whose clocks are wrong need libfaketime",
    name: "libfaketime",
    packages: "libfaketime",
};

/// Finds it, or installs Debian's when that is possible. Elsewhere than on Linux those tests are left out.
pub(crate) fn require(progress: &Progress) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    LIBFAKETIME.provide(progress, || is_there().then_some(()))
}

/// Beside the machine's other libraries, in a folder of their own for each architecture.
fn is_there() -> bool {
    let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    folders.into_iter().any(|folder| folder.path().join("faketime/libfaketime.so.1").exists())
}
