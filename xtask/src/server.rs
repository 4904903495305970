//! The server's binary, as the tasks use it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::progress::Progress;
use crate::workspace;

/// The server's features that its tests want. Whoever compiles it for them names these, or it is compiled twice.
pub(crate) const TESTED_FEATURES: &str = "api/aws";

/// Builds the server as it is quickest to build, without AWS, and returns where it lies.
pub(crate) fn build(progress: &Progress) -> Result<PathBuf> {
    let build = workspace::cargo(&["build", "--locked", "-p", "api", "--bin", "tollgate"]);
    progress.run("build the server", build)?;
    binary("debug")
}

/// What is built beside the server that the tests start.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Beside {
    /// Every test of the workspace.
    AllTests,
    Nothing,
}

/// Builds the server as the tests start it, and returns where it lies.
///
/// With all tests in one call, and never by its package alone: the features of what they share, tokio's above all, depend
/// on what is compiled together, and nearly two hundred crates would be compiled twice.
pub(crate) fn build_tested(progress: &Progress, beside: Beside) -> Result<PathBuf> {
    let mut build = workspace::cargo(&["build", "--locked", "--workspace", "--bin", "tollgate"]);
    build.args(["--features", TESTED_FEATURES]);
    let step = match beside {
        Beside::AllTests => {
            build.arg("--tests");
            "build the server and the tests"
        }
        Beside::Nothing => "build the server",
    };
    progress.run(step, build)?;
    keep(&binary("debug")?)
}

/// Gives the server a name of its own, since a build without AWS, for `cargo xtask run`, takes the usual one's place.
fn keep(built: &Path) -> Result<PathBuf> {
    let dir = workspace::cargo_target_dir()?.join("tests");
    let kept = dir.join(built.file_name().context("the server's binary has no name")?);
    let fresh = dir.join("fresh");
    fs::create_dir_all(&dir)
        .and_then(|()| {
            fs::remove_file(&fresh).ok();
            fs::hard_link(built, &fresh)
        })
        .and_then(|()| fs::rename(&fresh, &kept))
        .with_context(|| format!("cannot write {}", kept.display()))?;
    // Renaming does nothing between two names of one file.
    fs::remove_file(&fresh).ok();
    Ok(kept)
}

/// Where cargo puts the server in this profile's folder.
pub(crate) fn binary(profile: &str) -> Result<PathBuf> {
    let name = format!("tollgate{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace::cargo_target_dir()?.join(profile).join(name))
}
