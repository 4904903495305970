//! Other people's clients that the tests put before the server, installed from their registries in the versions that
//! `tests/sdks` pins.
//!
//! Python is the system's; Node comes with Python's packages.

use std::path::PathBuf;

use anyhow::Result;

use crate::apt::Need;
use crate::progress::Progress;
use crate::python::Python;
use crate::{node, pinned, workspace};

const CURL: Need = Need { what: "the tests with SDKs need curl", name: "curl", packages: "curl" };

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
    let mut pinning = node::pinning(&sources("node"));
    pinning.extend([requirements.clone(), llamaindex.clone()]);
    pinned::once(progress, &dir, &pinning, &python.version, || {
        python.environment(progress, &sdks.python, &requirements, "SDKs for Python, and Node")?;
        python.environment(progress, &sdks.llamaindex, &llamaindex, "LlamaIndex")?;
        node::install(progress, &sdks.python, &sources("node"), &sdks.node, "SDKs for Node")
    })?;
    Ok(sdks)
}

fn sources(language: &str) -> PathBuf {
    workspace::root().join("tests/sdks").join(language)
}
