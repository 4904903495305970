//! What building the page needs beside Rust: found where it is installed in the right version, else set up under
//! `target/tools`, each from its ordinary registry.

use std::collections::hash_map::DefaultHasher;
use std::env;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::progress::Progress;
use crate::{failure, workspace};

/// Trunk.toml asks for the same: 0.21.14 or a later 0.21.
const TRUNK: &str = "0.21.";
const TRUNK_PATCH: u32 = 14;
/// The version that Trunk.toml pins as well. Debian's 108 writes modules that no browser can start.
const BINARYEN: &str = "132.0.0";
const WASM_TARGET: &str = "wasm32-unknown-unknown";

/// Held while tools and page are built, so that two `cargo xtask` don't write the same files.
#[must_use = "the lock ends when this is dropped"]
pub(crate) struct Lock {
    _file: File,
}

/// Waits for other `cargo xtask` in this checkout.
pub(crate) fn lock(progress: &Progress) -> Result<Lock> {
    let dir = workspace::tools_dir();
    let path = dir.join("lock");
    let file = fs::create_dir_all(&dir).and_then(|()| File::create(&path));
    let file = file.with_context(|| format!("cannot write {}", path.display()))?;
    if file.try_lock().is_err() {
        progress.line("waiting for another `cargo xtask` that builds in this checkout");
        file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(Lock { _file: file })
}

/// Looks for a C compiler before minutes are spent: SQLite and ring are C, and Rust links with it.
pub(crate) fn require_c_compiler() -> Result<()> {
    let found = cfg!(not(unix)) || env::var_os("CC").is_some() || workspace::find_program("cc").is_some();
    if found { Ok(()) } else { bail!(failure::NO_COMPILER) }
}

/// Downloads the crates of Cargo.lock, once per Cargo.lock.
pub(crate) fn fetch_crates(progress: &Progress) -> Result<()> {
    let lock = fs::read(workspace::root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let mut hasher = DefaultHasher::new();
    lock.hash(&mut hasher);
    env::var_os("CARGO_HOME").hash(&mut hasher);
    env::var_os("HOME").hash(&mut hasher);
    let stamp = format!("{:016x}", hasher.finish());
    let stamp_file = workspace::tools_dir().join("fetched");
    if fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    progress.run("download crates", workspace::cargo(&["fetch", "--locked"]))?;
    fs::write(&stamp_file, stamp).with_context(|| format!("cannot write {}", stamp_file.display()))
}

/// Adds the WASM target to the toolchain when it isn't there.
pub(crate) fn wasm_target(progress: &Progress) -> Result<()> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = workspace::command(rustc).args(["--print", "sysroot"]).output().context("cannot start rustc")?;
    let sysroot = PathBuf::from(String::from_utf8_lossy(&sysroot.stdout).trim());
    if sysroot.join("lib/rustlib").join(WASM_TARGET).join("lib").is_dir() {
        return Ok(());
    }
    if workspace::find_program("rustup").is_none() {
        bail!(
            "Rust's WASM target is missing and there is no rustup to add it: install Rust from https://rustup.rs, or your \
             distribution's package (Debian: libstd-rust-dev-wasm32), then run this again"
        );
    }
    let mut add = workspace::command("rustup");
    add.args(["target", "add", WASM_TARGET]);
    progress.run("add the WASM target", add).map(drop)
}

/// Whether a trunk is there that Trunk.toml takes. None is installed: `bundler` does what it would do.
pub(crate) fn has_trunk() -> bool {
    said_version("trunk").is_some_and(|version| is_fitting_trunk(&version))
}

fn is_fitting_trunk(version: &str) -> bool {
    let patch = version.strip_prefix(TRUNK).and_then(|patch| patch.parse::<u32>().ok());
    patch.is_some_and(|patch| patch >= TRUNK_PATCH)
}

/// Builds the `wasm-bindgen` command of Cargo.lock's version unless it is there.
pub(crate) fn wasm_bindgen(progress: &Progress) -> Result<()> {
    let version = workspace::locked_version("wasm-bindgen")?;
    if says_version("wasm-bindgen", &version) {
        progress.done("build wasm-bindgen");
        return Ok(());
    }
    let shim = workspace::locked_version("bindgen")?;
    if shim != version {
        bail!("Cargo.lock has wasm-bindgen {version}: set `version = \"{version}\"` in crates/bindgen/Cargo.toml");
    }
    let build = workspace::cargo(&["build", "--locked", "-p", "bindgen", "--bin", "wasm-bindgen"]);
    progress.run(&format!("build wasm-bindgen {version}"), build)?;
    let name = format!("wasm-bindgen{}", env::consts::EXE_SUFFIX);
    let built = workspace::cargo_target_dir()?.join("debug").join(&name);
    let bin = workspace::tools_dir().join("bin");
    // Beside it and renamed: a program that runs can't be written over.
    let fresh = bin.join(format!("{name}.new"));
    fs::create_dir_all(&bin)
        .and_then(|()| fs::copy(&built, &fresh))
        .and_then(|_| fs::rename(&fresh, bin.join(&name)))
        .with_context(|| format!("cannot copy {} to {}", built.display(), bin.display()))
}

/// Installs npm's binaryen when npm is there. Returns whether `wasm-opt` can be used: the page is built without it, too,
/// and is then a little larger.
pub(crate) fn wasm_opt(progress: &Progress) -> Result<bool> {
    let dir = workspace::tools_dir().join("binaryen");
    let works = dir.join(format!("works-{BINARYEN}"));
    if works.exists() && workspace::find_program("node").is_some() {
        return Ok(true);
    }
    let Some(npm) = workspace::find_program("npm").filter(|_| workspace::find_program("node").is_some()) else {
        progress.line("         no npm: the page is built without wasm-opt, and is a little larger");
        return Ok(false);
    };
    fs::create_dir_all(&dir).with_context(|| format!("cannot create {}", dir.display()))?;
    let mut install = workspace::command(npm);
    install.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=1", "--prefix"]);
    install.arg(&dir).arg(format!("binaryen@{BINARYEN}")).stdin(Stdio::null());
    let installed = quietly(&mut install) && version_of(&dir.join("node_modules/.bin/wasm-opt")).is_some();
    if !installed {
        progress
            .line("         npm can't provide binaryen: the page is built without wasm-opt, and is a little larger");
        return Ok(false);
    }
    fs::write(&works, "").with_context(|| format!("cannot write {}", works.display()))?;
    Ok(true)
}

/// Adds a component of the toolchain (`rustfmt`, `clippy`) when `cargo <command>` isn't there.
pub(crate) fn component(progress: &Progress, command: &str, component: &str) -> Result<()> {
    if quietly(&mut workspace::cargo(&[command, "--version"])) {
        return Ok(());
    }
    if workspace::find_program("rustup").is_none() {
        bail!("`cargo {command}` is missing and there is no rustup to add it: install your distribution's {component}");
    }
    let mut add = workspace::command("rustup");
    add.args(["component", "add", component]);
    let added = progress.run(&format!("add {component}"), add);
    added.map(drop).with_context(|| format!("`cargo {command}` is missing: run `rustup component add {component}`"))
}

/// What the page's build depends on beside its sources.
pub(crate) fn versions(wasm_opt: bool, trunk: bool) -> Result<String> {
    let binaryen = if wasm_opt { BINARYEN } else { "none" };
    let trunk = if trunk { "trunk" } else { "no trunk" };
    Ok(format!("{trunk}, wasm-bindgen {}, binaryen {binaryen}", workspace::locked_version("wasm-bindgen")?))
}

fn says_version(program: &str, version: &str) -> bool {
    said_version(program).is_some_and(|said| said == version)
}

/// As in `trunk 0.21.14`.
fn said_version(program: &str) -> Option<String> {
    let said = version_of(&workspace::find_program(program)?)?;
    said.split_whitespace().nth(1).map(str::to_owned)
}

fn version_of(program: &Path) -> Option<String> {
    let output = workspace::command(program).arg("--version").stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn quietly(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trunk_fits_that_trunk_toml_takes() {
        assert!(is_fitting_trunk("0.21.14") && is_fitting_trunk("0.21.20"));
        for other in ["0.21.13", "0.22.1", "1.1.0", "0.21.14-rc.1"] {
            assert!(!is_fitting_trunk(other), "{other}");
        }
        let configured = fs::read_to_string(workspace::root().join("Trunk.toml")).unwrap();
        assert!(configured.contains("trunk-version = \">=0.21.14, <0.22\""));
    }
}
