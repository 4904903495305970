//! The gateways that the benchmark compares with beside nginx and HAProxy, installed from their registries in the versions
//! that `bench/gateways` pins.
//!
//! Python is the system's; Node comes with Python's packages.

use std::path::PathBuf;

use anyhow::Result;

use crate::progress::Progress;
use crate::python::Python;
use crate::{node, pinned, workspace};

/// Where they are.
pub(crate) struct Gateways {
    /// LiteLLM's program.
    pub(crate) litellm: PathBuf,
    /// Node, for Portkey's.
    pub(crate) node: PathBuf,
    /// The folder in which npm put Portkey's.
    pub(crate) portkey: PathBuf,
}

/// Installs them, unless what is pinned is there already.
pub(crate) fn require(progress: &Progress) -> Result<Gateways> {
    let python = Python::require(progress)?;
    let dir = workspace::root().join("target/gateways");
    let sources = workspace::root().join("bench/gateways");
    let (environment, portkey) = (dir.join("python"), dir.join("node"));
    let requirements = sources.join("requirements.txt");
    let mut pinning = node::pinning(&sources);
    pinning.push(requirements.clone());
    pinned::once(progress, &dir, &pinning, &python.version, || {
        python.environment(progress, &environment, &requirements, "LiteLLM, and Node")?;
        node::install(progress, &environment, &sources, &portkey, "Portkey's gateway")
    })?;
    Ok(Gateways { litellm: environment.join("bin/litellm"), node: portkey.join("bin/node"), portkey })
}
