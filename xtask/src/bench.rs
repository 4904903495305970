//! `cargo xtask bench`: what an admission costs in the embedded store, and what an open stream costs.

use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::progress::Progress;
use crate::{server, torture, workspace};

pub(crate) fn main(passed: &[String]) -> Result<ExitCode> {
    let mut bench = workspace::cargo(&["bench", "--locked", "-p", "access-sqlite", "--bench", "admission"]);
    if !passed.is_empty() {
        bench.arg("--").args(passed);
    }
    let status = bench.stdin(Stdio::null()).status().context("cannot start cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Memory per open stream, and how soon a caller's leaving is noticed: of a release, since that is what people run.
pub(crate) fn streams(passed: &[String]) -> Result<ExitCode> {
    let server = Progress::show(|progress| {
        let build = workspace::cargo(&["build", "--locked", "--release", "-p", "api", "--bin", "tollgate"]);
        progress.run("build a release of the server", build)?;
        server::binary("release")
    })?;
    torture::run(&server, |command| {
        command.arg("streams").args(passed);
    })
}
