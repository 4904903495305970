//! `cargo xtask clients`: a client of the API, by other people's generators, which are installed from their registries in
//! the versions that `tests/clients` pins.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::cli::Language;
use crate::progress::Progress;
use crate::python::Python;
use crate::{node, pinned, server, workspace};

const DOCUMENT: &str = "openapi/openapi.json";
const TSCONFIG: &str = "tsconfig.json";

/// Where the generators are, with what their clients need.
pub(crate) struct Generators {
    /// A virtual environment: `bin/python` and its packages.
    pub(crate) python: PathBuf,
    /// `bin/node`, and `node_modules`.
    pub(crate) node: PathBuf,
}

/// Installs them, unless what is pinned is there already.
pub(crate) fn require(progress: &Progress, python: &Python) -> Result<Generators> {
    let dir = workspace::root().join("target/clients/tools");
    let generators = Generators { python: dir.join("python"), node: dir.join("node") };
    let sources = workspace::root().join("tests/clients");
    let requirements = sources.join("python/requirements.txt");
    let mut pinning = node::pinning(&sources.join("node"));
    let tsconfig = sources.join("node").join(TSCONFIG);
    pinning.extend([requirements.clone(), tsconfig.clone()]);
    pinned::once(progress, &dir, &pinning, &python.version, || {
        python.environment(progress, &generators.python, &requirements, "the generator for Python, and Node")?;
        let packages = "the generators for TypeScript";
        node::install(progress, &generators.python, &sources.join("node"), &generators.node, packages)?;
        // hey-api looks for one from where it lies itself: by this one, imports name files as Node wants them.
        let beside = generators.node.join(TSCONFIG);
        fs::copy(&tsconfig, &beside).map(drop).with_context(|| format!("cannot write {}", beside.display()))
    })?;
    Ok(generators)
}

/// Generates a client into its folder, and says where it is.
pub(crate) fn main(language: Language, out: Option<PathBuf>) -> Result<()> {
    let out = match out {
        // Commands run in the workspace's root, and the folder is meant from where the caller is.
        Some(out) => std::path::absolute(&out).with_context(|| format!("cannot tell where {} is", out.display()))?,
        None => workspace::root().join("target/clients").join(language.name()),
    };
    make_room(language, &out)?;
    Progress::show(|progress| {
        let command = language.command(progress, &out)?;
        progress.run(&format!("generate the {} client", language.name()), command)
    })?;
    eprintln!("{} holds the client; README.md shows it in use", out.display());
    Ok(())
}

impl Language {
    /// As it is given on the command line.
    fn name(self) -> &'static str {
        match self {
            Self::Typescript => "typescript",
            Self::HeyApi => "hey-api",
            Self::Python => "python",
            Self::Rust => "rust",
        }
    }

    /// A file of every client that its generator made.
    fn mark(self) -> &'static str {
        match self {
            Self::Typescript => "schema.d.ts",
            Self::HeyApi => "client.gen.ts",
            Self::Python => "tollgate_client",
            Self::Rust => "src/client.rs",
        }
    }

    /// The generator's call.
    fn command(self, progress: &Progress, out: &Path) -> Result<Command> {
        let generators = || require(progress, &Python::require(progress)?);
        let document = workspace::root().join(DOCUMENT);
        let node = |script: &str| -> Result<Command> {
            let dir = generators()?.node;
            let mut command = workspace::command(dir.join("bin/node"));
            command.arg(dir.join("node_modules").join(script));
            Ok(command)
        };
        Ok(match self {
            Self::Typescript => {
                let mut command = node("openapi-typescript/bin/cli.js")?;
                command.arg(document).arg("--output").arg(out.join(self.mark()));
                command
            }
            Self::HeyApi => {
                let mut command = node("@hey-api/openapi-ts/bin/run.js")?;
                command.args(["--no-log-file", "--client", "@hey-api/client-fetch", "--input"]).arg(document);
                command.arg("--output").arg(out);
                command
            }
            Self::Python => {
                let bin = generators()?.python.join("bin");
                let mut command = workspace::command(bin.join("openapi-python-client"));
                // It calls ruff, and warns where it leaves out a part of the document.
                command.args(["generate", "--fail-on-warning", "--overwrite", "--path"]).arg(document);
                command.arg("--output-path").arg(out).env("PATH", first_on_the_path(bin)?);
                command
            }
            Self::Rust => {
                let mut command = workspace::command(rust_generator(progress)?);
                command.arg(out);
                command
            }
        })
    }
}

/// The program that writes the client for Rust, which its build script generated. Compiled as the tests are, so that
/// nothing is compiled twice.
fn rust_generator(progress: &Progress) -> Result<PathBuf> {
    let mut build = workspace::cargo(&["build", "--locked", "--workspace", "--bin", "rust-client"]);
    build.args(["--features", server::TESTED_FEATURES]);
    progress.run("build the generator for Rust", build)?;
    Ok(workspace::cargo_target_dir()?.join("debug/rust-client"))
}

fn first_on_the_path(dir: PathBuf) -> Result<OsString> {
    let others = env::var_os("PATH").unwrap_or_default();
    env::join_paths(std::iter::once(dir).chain(env::split_paths(&others))).context("cannot set PATH")
}

/// Generators empty their folder: it must be new, or an earlier client's.
fn make_room(language: Language, out: &Path) -> Result<()> {
    fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let is_empty = fs::read_dir(out).with_context(|| format!("cannot read {}", out.display()))?.next().is_none();
    if !is_empty && !out.join(language.mark()).exists() {
        bail!("{} holds other things: name a folder for the client alone", out.display());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_client_gives_way_to_a_client() {
        let temporary = tempfile::TempDir::new().unwrap();
        let out = temporary.path().join("new/client");
        make_room(Language::HeyApi, &out).unwrap();
        fs::write(out.join("mine.ts"), "").unwrap();
        assert!(make_room(Language::HeyApi, &out).is_err());
        fs::write(out.join("client.gen.ts"), "").unwrap();
        make_room(Language::HeyApi, &out).unwrap();
        assert!(make_room(Language::Python, &out).is_err());
    }
}
