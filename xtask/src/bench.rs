//! `cargo xtask bench`: what an admission costs in the embedded store.

use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::workspace;

pub(crate) fn main(passed: &[String]) -> Result<ExitCode> {
    let mut bench = workspace::cargo(&["bench", "--locked", "-p", "access-sqlite", "--bench", "admission"]);
    if !passed.is_empty() {
        bench.arg("--").args(passed);
    }
    let status = bench.stdin(Stdio::null()).status().context("cannot start cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
