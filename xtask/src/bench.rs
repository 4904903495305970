//! `cargo xtask bench`: what a request costs beside other proxies, what an admission costs in the embedded store and at
//! each gate, and what an open stream costs.

use std::fs;
use std::path::PathBuf;
use std::process::{ExitCode, Stdio};

use anyhow::{Context, Result};

use crate::progress::Progress;
use crate::{gateways, postgres, proxies, server, torture, workspace};

/// Beside nginx, HAProxy, Portkey's gateway and LiteLLM's: a release, since that is what people run, or in short whatever
/// is built, beside the first two.
pub(crate) fn proxies(quick: bool, passed: &[String]) -> Result<ExitCode> {
    let out = workspace::cargo_target_dir()?.join("bench");
    fs::create_dir_all(&out).with_context(|| format!("cannot create {}", out.display()))?;
    let (proxies, gateways, server) = Progress::show(|progress| {
        let proxies = proxies::require(progress)?;
        let gateways = (!quick).then(|| gateways::require(progress)).transpose()?;
        let server = if quick { server::build(progress) } else { release(progress) };
        Ok((proxies, gateways, server?))
    })?;
    let mut bench = workspace::cargo(&["run", "--locked", "--quiet", "-p", "bench"]);
    if !quick {
        bench.arg("--release");
    }
    bench.arg("--").arg("--tollgate").arg(server).arg("--nginx").arg(proxies.nginx);
    bench.arg("--haproxy").arg(proxies.haproxy).arg("--out").arg(out.join("proxies.md"));
    if quick {
        bench.arg("--quick");
    }
    if let Some(gateways) = gateways {
        bench.arg("--node").arg(gateways.node).arg("--portkey").arg(gateways.portkey);
        bench.arg("--litellm").arg(gateways.litellm);
    }
    let status = bench.args(passed).stdin(Stdio::null()).status().context("cannot start cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What an admission costs, by itself.
pub(crate) fn admission(passed: &[String]) -> Result<ExitCode> {
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

/// What admissions cost on a Postgres of their own.
pub(crate) fn cluster(passed: &[String]) -> Result<ExitCode> {
    let server = postgres::Server::start(&Progress::show(postgres::require)?, postgres::Kept::AsUsual)?;
    let mut bench = workspace::cargo(&["bench", "--locked", "-p", "access-postgres", "--bench", "cluster", "--"]);
    let status = bench.args(passed).env("TOLLGATE_POSTGRES", server.url()).stdin(Stdio::null()).status();
    let status = status.context("cannot start cargo")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Memory per open stream, and how soon a caller's leaving is noticed: of a release, since that is what people run.
pub(crate) fn streams(passed: &[String]) -> Result<ExitCode> {
    let server = Progress::show(release)?;
    torture::run(&server, |command| {
        command.arg("streams").args(passed);
    })
}

fn release(progress: &Progress) -> Result<PathBuf> {
    let mut build = workspace::cargo(&["build", "--locked", "--release", "-p", "api", "--bin", "tollgate"]);
    build.args(["--features", "aws"]);
    progress.run("build a release of the server", build)?;
    server::binary("release")
}
