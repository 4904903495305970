//! `cargo xtask torture`: random stories against the limits, for as long as one likes.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::cli::Tortured;
use crate::progress::Progress;
use crate::{postgres, server, workspace};

pub(crate) fn main(what: Option<Tortured>, minutes: Option<f64>, seed: Option<u64>) -> Result<ExitCode> {
    let limits = |command: &mut Command| {
        let flags =
            [("--minutes", minutes.map(|minutes| minutes.to_string())), ("--seed", seed.map(|seed| seed.to_string()))];
        for (flag, value) in flags {
            command.args(value.map(|value| [flag.to_owned(), value]).into_iter().flatten());
        }
    };
    let (server, programs) = Progress::show(|progress| {
        let programs = what.map(|Tortured::Cluster| postgres::require(progress)).transpose()?;
        Ok((server::build(progress)?, programs))
    })?;
    run(&server, |command| {
        if let Some(programs) = programs {
            command.arg("cluster").env("TOLLGATE_POSTGRES_BIN", programs);
        }
        limits(command);
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
