//! The `ip` command, with which tests make networks that they can cut.

use anyhow::Result;

use crate::apt::Need;
use crate::progress::Progress;
use crate::workspace;

const IP: Need = Need {
    what: "the tests with vanished callers and hosts need the command ip",
    name: "iproute2",
    packages: "iproute2",
};

/// Finds it, or installs Debian's when that is possible. Elsewhere than on Linux those tests are left out.
pub(crate) fn require(progress: &Progress) -> Result<()> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    IP.provide(progress, || workspace::find_program("ip")).map(drop)
}
