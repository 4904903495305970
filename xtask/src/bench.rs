//! `cargo xtask bench`: what an admission costs in the embedded store and at each gate, and what an open stream costs.

use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::progress::Progress;
use crate::{server, torture, workspace};

pub(crate) fn main(passed: &[String]) -> Result<ExitCode> {
    for (package, name) in [("access-sqlite", "admission"), ("tests", "gates")] {
        let mut bench = workspace::cargo(&["bench", "--locked", "-p", package, "--bench", name]);
        if !passed.is_empty() {
            bench.arg("--").args(passed);
        }
        // What the gate in front of AWS asks in its making is a fake on this machine, which takes any credentials.
        bench.env("AWS_ACCESS_KEY_ID", "test").env("AWS_SECRET_ACCESS_KEY", "test");
        let status = bench.stdin(Stdio::null()).status().context("cannot start cargo")?;
        if !status.success() {
            return Ok(ExitCode::FAILURE);
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Memory per open stream, and how soon a caller's leaving is noticed: of a release, since that is what people run.
pub(crate) fn streams(passed: &[String]) -> Result<ExitCode> {
    let server = Progress::show(|progress| {
        let mut build = workspace::cargo(&["build", "--locked", "--release", "-p", "api", "--bin", "tollgate"]);
        build.args(["--features", "aws"]);
        progress.run("build a release of the server", build)?;
        server::binary("release")
    })?;
    torture::run(&server, |command| {
        command.arg("streams").args(passed);
    })
}
