//! Python: the system's own, and virtual environments with the packages that a file of requirements pins.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Result;

use crate::apt::Need;
use crate::progress::Progress;
use crate::workspace;

const PYTHON: Need = Need {
    what: "the tests with SDKs and with AWS's emulators need Python 3.11 or newer with its venv module",
    name: "Python",
    packages: "python3 python3-venv",
};

/// The system's Python, which can make a virtual environment with pip in it.
pub(crate) struct Python {
    program: PathBuf,
    /// What it says about itself: an environment is of one Python only.
    pub(crate) version: String,
}

impl Python {
    /// Finds it, or installs Debian's when that is possible.
    pub(crate) fn require(progress: &Progress) -> Result<Self> {
        PYTHON.provide(progress, Self::find)
    }

    fn find() -> Option<Self> {
        // Debian's Python without python3-venv has the module venv, but can't put pip into what it makes.
        const ASK: &str =
            "import ensurepip, sys, venv; assert sys.version_info >= (3, 11); print(sys.executable, sys.version)";
        let program = workspace::find_program("python3")?;
        let output = workspace::command(&program).args(["-c", ASK]).stdin(Stdio::null()).output().ok()?;
        let version = String::from_utf8_lossy(&output.stdout).into_owned();
        output.status.success().then_some(Self { program, version })
    }

    /// Makes an environment with `packages`, as the display names what the file of requirements pins. Nothing that isn't
    /// in the file is installed: what a package asks for may be more than is used of it.
    pub(crate) fn environment(
        &self,
        progress: &Progress,
        environment: &Path,
        requirements: &Path,
        packages: &str,
    ) -> Result<()> {
        let mut create = workspace::command(&self.program);
        create.args(["-m", "venv"]).arg(environment);
        progress.run(&format!("create a Python environment for {packages}"), create)?;
        let mut install = workspace::command(environment.join("bin/python"));
        install.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"]);
        install.arg("--requirement").arg(requirements);
        progress.run(&format!("install {packages}"), install).map(drop)
    }
}
