//! Where things lie, and how other programs are called.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

/// The workspace's root.
pub(crate) fn root() -> &'static Path {
    // A constant of the compilation: cargo compiles this crate again when the folder has moved.
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Where the tools that we set up lie.
pub(crate) fn tools_dir() -> PathBuf {
    root().join("target/tools")
}

/// The built page.
pub(crate) fn page_dir() -> PathBuf {
    root().join("target/page")
}

/// Cargo's target folder: where this very program was built, so that `CARGO_TARGET_DIR` and its like are respected.
pub(crate) fn cargo_target_dir() -> Result<PathBuf> {
    let exe = env::current_exe().context("cannot tell where this program lies")?;
    // <target>/<profile>/xtask, or one deeper for test binaries.
    exe.ancestors()
        .skip(1)
        .find(|dir| dir.join(".rustc_info.json").exists() || dir.join("CACHEDIR.TAG").exists())
        .map(Path::to_owned)
        .context("cannot tell cargo's target folder; start this as `cargo xtask`")
}

/// A command in the workspace's root, with our tools first on the path.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root()).env("PATH", path());
    scrub(&mut command);
    command
}

/// Cargo, of the toolchain that runs us.
pub(crate) fn cargo(args: &[&str]) -> Command {
    let mut command = command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(args);
    command
}

/// Takes away what `cargo run` told us about this crate: build scripts that watch these variables (ring's does) would
/// see them change between a call through us and a plain one, and compile anew each time.
#[expect(clippy::disallowed_methods, reason = "a variable can only be taken away by its name, and these begin alike")]
pub(crate) fn scrub(command: &mut Command) {
    const OURS: [&str; 6] = [
        "CARGO_MANIFEST_DIR",
        "CARGO_MANIFEST_PATH",
        "CARGO_CRATE_NAME",
        "CARGO_BIN_NAME",
        "OUT_DIR",
        "CARGO_BUILD_TARGET",
    ];
    for (name, _) in env::vars_os() {
        let Some(text) = name.to_str() else { continue };
        if text.starts_with("CARGO_PKG_") || OURS.contains(&text) {
            command.env_remove(&name);
        }
    }
}

/// The search path: our tools, then the caller's.
fn path() -> OsString {
    let mut dirs = vec![tools_dir().join("bin"), tools_dir().join("binaryen/node_modules/.bin")];
    dirs.extend(env::var_os("PATH").iter().flat_map(env::split_paths));
    env::join_paths(dirs).unwrap_or_else(|_| env::var_os("PATH").unwrap_or_default())
}

/// The first program of this name on the search path, our tools' first.
pub(crate) fn find_program(name: &str) -> Option<PathBuf> {
    env::split_paths(&path()).map(|dir| dir.join(name)).find(|file| is_executable(file))
}

#[cfg(unix)]
fn is_executable(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_executable(file: &Path) -> bool {
    file.is_file()
}

/// The version of a package in Cargo.lock.
pub(crate) fn locked_version(package: &str) -> Result<String> {
    let lock = root().join("Cargo.lock");
    let text = std::fs::read_to_string(&lock).with_context(|| format!("cannot read {}", lock.display()))?;
    version_in_lock(&text, package).with_context(|| format!("Cargo.lock names no package {package}"))
}

fn version_in_lock(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines();
    lines.find(|line| *line == name)?;
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"').map(str::to_owned)
}

/// Whether a CI runs us: no questions, no cursor tricks.
pub(crate) fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false" && value != "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_that_of_the_exact_name() {
        let lock =
            "[[package]]\nname = \"a-b\"\nversion = \"2.0.0\"\n\n[[package]]\nname = \"a\"\nversion = \"1.0.0\"\n";
        assert_eq!(version_in_lock(lock, "a").as_deref(), Some("1.0.0"));
        assert_eq!(version_in_lock(lock, "b"), None);
    }

    #[test]
    fn the_target_folder_is_found_from_a_test_binary_too() {
        assert!(
            cargo_target_dir().unwrap().join("debug").is_dir() || cargo_target_dir().unwrap().join("release").is_dir()
        );
    }
}
