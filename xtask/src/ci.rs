//! `cargo xtask ci`: everything that must hold before a change is merged, the quick to fail first.

use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::progress::{self, Progress};
use crate::server::{self, Beside};
use crate::{openapi, test, tidy, tools, workspace};

pub(crate) fn main() -> Result<ExitCode> {
    Progress::show(|progress| {
        tools::require_c_compiler()?;
        tools::component(progress, "fmt", "rustfmt")?;
        tools::component(progress, "clippy", "clippy")?;
        tools::wasm_target(progress)
    })?;
    step("format", "run `cargo fmt --all`", &["fmt", "--all", "--check"])?;
    timed("tidy but for the page", || passed(tidy::main(false)?, "tidy"))?;
    let features = format!("xtask/compress,{}", server::TESTED_FEATURES);
    let native =
        ["clippy", "--locked", "--workspace", "--all-targets", "--features", &features, "--", "-D", "warnings"];
    step("lints", "see above", &native)?;
    let wasm = ["clippy", "--locked", "-p", "frontend", "--target", "wasm32-unknown-unknown", "--", "-D", "warnings"];
    step("lints of the page", "see above", &wasm)?;
    // Of its package alone, so that no feature that something else asks for hides what is missing.
    step("the server without AWS", "see above", &["check", "--locked", "-p", "api"])?;
    // Here, so that the next three find it done: side by side it takes less time than one after the other.
    timed("build", || test::build(&[]).map(drop))?;
    timed("tidy, with the page", || passed(tidy::main(true)?, "tidy"))?;
    timed("OpenAPI", || openapi::main(true, |progress| server::build_tested(progress, Beside::AllTests)))?;
    heading("test");
    test::main(None, &[])
}

/// One call of cargo, its output as it comes.
fn step(name: &str, remedy: &str, args: &[&str]) -> Result<()> {
    timed(name, || {
        let mut command: Command = workspace::cargo(args);
        let status = command.stdin(Stdio::null()).status().context("cannot start cargo")?;
        if status.success() { Ok(()) } else { bail!("{name}: cargo {} failed; {remedy}", args[0]) }
    })
}

fn timed(name: &str, work: impl FnOnce() -> Result<()>) -> Result<()> {
    heading(name);
    let since = Instant::now();
    work()?;
    eprintln!("{} {name}: passed", progress::elapsed(since));
    Ok(())
}

fn heading(name: &str) {
    eprintln!("── {name}");
}

fn passed(code: ExitCode, name: &str) -> Result<()> {
    if code == ExitCode::SUCCESS { Ok(()) } else { bail!("{name} failed") }
}
