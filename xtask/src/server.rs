//! The server's binary, as `run` and `openapi` use it.

use std::path::PathBuf;

use anyhow::Result;

use crate::progress::Progress;
use crate::workspace;

/// Builds the server as it is quickest to build, and returns where it lies.
pub(crate) fn build(progress: &Progress) -> Result<PathBuf> {
    let build = workspace::cargo(&["build", "--locked", "-p", "api", "--bin", "tollgate"]);
    progress.run("build the server", build)?;
    binary("debug")
}

/// Where cargo puts the server in this profile's folder.
pub(crate) fn binary(profile: &str) -> Result<PathBuf> {
    let name = format!("tollgate{}", std::env::consts::EXE_SUFFIX);
    Ok(workspace::cargo_target_dir()?.join(profile).join(name))
}
