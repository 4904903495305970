//! `cargo xtask dist`: one release binary with the page inside.

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, ensure};

use crate::progress::{self, Progress};
use crate::{page_size, prepare, server, workspace};

/// Builds it; with the C library inside where `is_static`.
pub(crate) fn main(is_static: bool) -> Result<()> {
    let since = Instant::now();
    let built = Progress::show(|progress| {
        prepare::page_and(progress, || Ok(()))?;
        page_size::write_twins(progress)?;
        let mut build = workspace::cargo(&["build", "--locked", "--release", "-p", "api", "--bin", "tollgate"]);
        build.args(["--features", "embed-page,aws"]);
        if !is_static {
            progress.run("build the release", build)?;
            return server::binary("release");
        }
        let target = static_target()?;
        // Named, so that what only helps to build, and is loaded by the compiler, is linked as always.
        build.args(["--target", &target]);
        let flags = format!("CARGO_TARGET_{}_RUSTFLAGS", target.to_uppercase().replace('-', "_"));
        build.env(flags, "-C target-feature=+crt-static");
        progress.run("build the static release", build)?;
        let built = server::binary(&format!("{target}/release"))?;
        require_static(&built)?;
        Ok(built)
    })?;
    let name = built.file_name().context("the server's binary has no name")?;
    let dir = workspace::root().join("target/dist");
    let (fresh, dist) = (dir.join("fresh"), dir.join(name));
    fs::create_dir_all(&dir)
        .and_then(|()| fs::copy(&built, &fresh))
        .and_then(|_| fs::rename(&fresh, &dist))
        .with_context(|| format!("cannot write {}", dist.display()))?;
    let bytes = fs::metadata(&dist).with_context(|| format!("cannot read {}", dist.display()))?.len();
    let tenths = bytes / 100_000;
    eprintln!("{} built", progress::elapsed(since));
    println!("{}  {}.{} MB", dist.display(), tenths / 10, tenths % 10);
    Ok(())
}

/// This machine's own target, as its compiler names it. glibc and not musl: the server's memory is held down by settings of
/// glibc's allocator, and both are linked in alike.
fn static_target() -> Result<String> {
    let said = workspace::command("rustc").arg("-vV").output().context("cannot start rustc")?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let target = said.lines().find_map(|line| line.strip_prefix("host: ")).context("rustc names no host")?;
    ensure!(target.contains("-linux-"), "--static is for Linux, and this is {target}");
    Ok(target.to_owned())
}

/// A static program asks for no loader: it has no program header of the kind `PT_INTERP` (elf(5)).
fn require_static(program: &Path) -> Result<()> {
    let bytes = fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
    ensure!(!asks_for_a_loader(&bytes), "{} is not static", program.display());
    Ok(())
}

/// Of a program of 64 bits in this machine's byte order.
fn asks_for_a_loader(program: &[u8]) -> bool {
    const INTERP: u32 = 3;
    let at = |from: u64, size: usize| {
        let from = usize::try_from(from).ok()?;
        let mut number = [0; 8];
        number[..size].copy_from_slice(program.get(from..from + size)?);
        Some(u64::from_le_bytes(number))
    };
    let headers = || {
        let (begin, size, count) = (at(32, 8)?, at(54, 2)?, at(56, 2)?);
        (0..count).map(|number| at(begin + number * size, 4)).collect::<Option<Vec<_>>>()
    };
    headers().is_none_or(|kinds| kinds.contains(&u64::from(INTERP)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn an_ordinary_program_asks_for_a_loader_and_rubbish_is_taken_for_one_that_does() {
        assert!(asks_for_a_loader(&fs::read(std::env::current_exe().unwrap()).unwrap()));
        assert!(asks_for_a_loader(b"#!/bin/sh"));
    }
}
