//! `cargo xtask torture`: random stories against the limits, for as long as one likes.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::progress::Progress;
use crate::{server, workspace};

pub(crate) fn main(minutes: Option<f64>, seed: Option<u64>) -> Result<ExitCode> {
    let server = Progress::show(server::build)?;
    run(&server, |command| {
        let flags =
            [("--minutes", minutes.map(|minutes| minutes.to_string())), ("--seed", seed.map(|seed| seed.to_string()))];
        for (flag, value) in flags {
            command.args(value.map(|value| [flag.to_owned(), value]).into_iter().flatten());
        }
    })
}

/// Runs the long runs' program of the end-to-end suites against this server.
pub(crate) fn run(server: &Path, arguments: impl FnOnce(&mut Command)) -> Result<ExitCode> {
    let mut command = workspace::cargo(&["run", "--locked", "--quiet", "-p", "tests", "--bin", "torture", "--"]);
    command.env("TOLLGATE_BIN", server).stdin(Stdio::null());
    arguments(&mut command);
    let status = command.status().context("cannot start cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
