//! Other people's tools that hold the OpenAPI document against its rules and the server against the document, installed from
//! their registries in the versions that `tests/contract` pins; and what `cargo xtask contract` tells them.

use std::path::PathBuf;

use anyhow::Result;

use crate::progress::Progress;
use crate::python::Python;
use crate::sdks::Sdks;
use crate::{node, pinned, workspace};

/// Where they are.
pub(crate) struct Contract {
    /// `schemathesis`.
    pub(crate) schemathesis: PathBuf,
    /// `bin/node`, and Redocly's linter in `node_modules`.
    pub(crate) redocly: PathBuf,
}

/// Installs them, unless what is pinned is there already.
pub(crate) fn require(progress: &Progress, python: &Python, sdks: &Sdks) -> Result<Contract> {
    let (sources, dir) = (workspace::root().join("tests/contract"), workspace::root().join("target/contract"));
    let (requirements, environment) = (sources.join("requirements.txt"), dir.join("schemathesis"));
    pinned::once(progress, &environment, std::slice::from_ref(&requirements), &python.version, || {
        python.environment(progress, &environment, &requirements, "Schemathesis")
    })?;
    let (packages, redocly) = (sources.join("node"), dir.join("redocly"));
    pinned::once(progress, &redocly, &node::pinning(&packages), &python.version, || {
        node::install(progress, &sdks.python, &packages, &redocly, "Redocly's linter")
    })?;
    Ok(Contract { schemathesis: environment.join("bin/schemathesis"), redocly })
}

/// What chooses the tests of the contract alone.
pub(crate) fn suite() -> [String; 4] {
    ["-p", "tests", "--test", "contract"].map(str::to_owned)
}

/// What tells them to make more requests than in each run of all tests, or others.
pub(crate) fn variables(cases: Option<u32>, seed: Option<u32>) -> Vec<(&'static str, String)> {
    let told = [("TOLLGATE_CONTRACT_CASES", cases), ("TOLLGATE_CONTRACT_SEED", seed)];
    told.into_iter().filter_map(|(name, number)| Some((name, number?.to_string()))).collect()
}
