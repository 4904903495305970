//! Other people's emulators of AWS that the tests hold the server against, installed from PyPI in the versions that
//! `tests/aws` pins, each in an environment of its own: they want different versions of the same packages.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::progress::Progress;
use crate::python::Python;
use crate::{pinned, workspace};

/// Where their servers are.
pub(crate) struct Emulators {
    /// moto's `moto_server`: the control plane.
    pub(crate) moto: PathBuf,
    /// `ministack`: the control plane, and a data plane that holds people to their plans.
    pub(crate) ministack: PathBuf,
}

/// Installs them, unless what is pinned is there already.
pub(crate) fn require(progress: &Progress, python: &Python) -> Result<Emulators> {
    Ok(Emulators {
        moto: environment(progress, python, "moto")?.join("bin/moto_server"),
        ministack: environment(progress, python, "ministack")?.join("bin/ministack"),
    })
}

/// The environment with all that `tests/aws/<name>.txt` pins.
fn environment(progress: &Progress, python: &Python, name: &str) -> Result<PathBuf> {
    let dir = workspace::root().join("target/aws").join(name);
    let requirements = workspace::root().join("tests/aws").join(Path::new(name).with_extension("txt"));
    pinned::once(progress, &dir, std::slice::from_ref(&requirements), &python.version, || {
        python.environment(progress, &dir, &requirements, name)
    })?;
    Ok(dir)
}
