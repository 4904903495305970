//! `cargo xtask test`: builds all that tests need, and runs every test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use anyhow::{Context, Result};

use crate::clients::{self, Generators};
use crate::contract::{self, Contract};
use crate::emulators::{self, Emulators};
use crate::progress::{Progress, both};
use crate::proxies::{self, Proxies};
use crate::python::Python;
use crate::sdks::{self, Sdks};
use crate::server::Beside;
use crate::tested_backend::TestedBackend;
use crate::{audit, browser, network, packaging, postgres, prepare, server, workspace, wrong_clock};

/// What the tests are told about.
pub(crate) struct Built {
    driver: PathBuf,
    proxies: Proxies,
    postgres: PathBuf,
    sdks: Sdks,
    generators: Generators,
    contract: Contract,
    audit: PathBuf,
    packaging: PathBuf,
    emulators: Emulators,
    server: PathBuf,
}

/// Builds page, server and tests, and provides the browser, the proxies, Postgres, the SDKs, the generators of clients and
/// the emulators.
pub(crate) fn build(passed: &[String]) -> Result<Built> {
    let nextest = has_nextest();
    Progress::show(|progress| {
        thread::scope(|scope| {
            // One after the other, because apt-get doesn't run twice at once.
            let peers = || {
                network::require(progress)?;
                wrong_clock::require(progress)?;
                let (driver, proxies) = (browser::require(progress)?, proxies::require(progress)?);
                let postgres = postgres::require(progress)?;
                let python = Python::require(progress)?;
                let (sdks, generators) = (sdks::require(progress, &python)?, clients::require(progress, &python)?);
                let contract = contract::require(progress, &python, &sdks)?;
                let audit = audit::require(progress, &python, &sdks)?;
                let packaging = packaging::require(progress, &python)?;
                Ok((
                    driver,
                    proxies,
                    postgres,
                    sdks,
                    generators,
                    contract,
                    audit,
                    packaging,
                    emulators::require(progress, &python)?,
                ))
            };
            let peers = scope.spawn(move || peers().inspect_err(|_| progress.stop()));
            let server = prepare::page_and(progress, || {
                let all = chosen_packages(passed).is_empty();
                let beside = if all { Beside::AllTests } else { Beside::Nothing };
                let server = server::build_tested(progress, beside)?;
                progress.run("build the tests", runner(nextest, passed, &["--no-run"]))?;
                Ok(server)
            });
            let peers = peers.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let built = both(peers, server);
            built.map(
                |((driver, proxies, postgres, sdks, generators, contract, audit, packaging, emulators), server)| {
                    Built { driver, proxies, postgres, sdks, generators, contract, audit, packaging, emulators, server }
                },
            )
        })
    })
}

pub(crate) fn main(backend: Option<TestedBackend>, passed: &[String]) -> Result<ExitCode> {
    match backend {
        Some(backend) => run_on(backend, passed),
        None => {
            let outcome = run(passed, &[])?;
            if !passed.is_empty() || outcome != ExitCode::SUCCESS {
                return Ok(outcome);
            }
            eprintln!("── the end-to-end suite on Postgres");
            run_on(TestedBackend::Postgres, &[])
        }
    }
}

/// The end-to-end suite on a backend.
fn run_on(backend: TestedBackend, passed: &[String]) -> Result<ExitCode> {
    let mut passed = passed.to_vec();
    passed.extend(backend.filter(has_nextest()));
    run(&passed, &[backend.environment()])
}

/// The same with more in the tests' environment.
pub(crate) fn run(passed: &[String], more: &[(&str, String)]) -> Result<ExitCode> {
    let built = build(passed)?;
    let screenshots = workspace::root().join("target/screenshots");
    fs::create_dir_all(&screenshots).with_context(|| format!("cannot create {}", screenshots.display()))?;
    let postgres = postgres::Server::start(&built.postgres, postgres::Kept::Never)?;
    // Not where this process was started from: cargo may have put a new build in its place meanwhile.
    let xtask = workspace::cargo_target_dir()?.join("debug").join(format!("xtask{}", std::env::consts::EXE_SUFFIX));
    let with_surroundings = |mut command: Command| {
        command
            .env("TOLLGATE_BIN", &built.server)
            .env("TOLLGATE_PAGE_DIR", workspace::page_dir())
            .env("TOLLGATE_SCREENSHOTS", &screenshots)
            .env("CHROMEDRIVER", &built.driver)
            .env("TOLLGATE_NGINX", &built.proxies.nginx)
            .env("TOLLGATE_CADDY", &built.proxies.caddy)
            .env("TOLLGATE_HAPROXY", &built.proxies.haproxy)
            .env("TOLLGATE_POSTGRES", postgres.url())
            .env("TOLLGATE_POSTGRES_BIN", &built.postgres)
            .env("TOLLGATE_SDKS_PYTHON", &built.sdks.python)
            .env("TOLLGATE_SDKS_LLAMAINDEX", &built.sdks.llamaindex)
            .env("TOLLGATE_SDKS_NODE", &built.sdks.node)
            .env("TOLLGATE_XTASK", &xtask)
            .env("TOLLGATE_CLIENTS_PYTHON", built.generators.python.join("bin/python"))
            .env("TOLLGATE_CLIENTS_NODE", built.generators.node.join("bin/node"))
            .env("TOLLGATE_SCHEMATHESIS", &built.contract.schemathesis)
            .env("TOLLGATE_REDOCLY", &built.contract.redocly)
            .env("TOLLGATE_AUDIT", &built.audit)
            .env("TOLLGATE_PACKAGING", &built.packaging)
            .env("TOLLGATE_MOTO", &built.emulators.moto)
            .env("TOLLGATE_MINISTACK", &built.emulators.ministack)
            // Emulators take any; nothing real must be found.
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env_remove("AWS_PROFILE")
            .env_remove("AWS_ENDPOINT_URL")
            .envs(more.iter().map(|(name, value)| (name, value)));
        command
    };
    // Before the others, so that their summary is what stands last. Only when there is one and all tests are wanted.
    if passed.is_empty() && has_doctests(&workspace::root().join("crates")) {
        let mut doctests = workspace::cargo(&["test", "--locked", "--workspace", "--doc", "--quiet"]);
        doctests.args(["--features", server::TESTED_FEATURES]);
        if let Some(failed) = run_to_end(with_surroundings(doctests))? {
            return Ok(failed);
        }
    }
    let nextest = has_nextest();
    // Where all tests are wanted, those that are ignored are named with what they lack; with a filter, that would name
    // all that it leaves out.
    let also: &[&str] = if nextest && passed.is_empty() { &["--status-level", "skip"] } else { &[] };
    Ok(run_to_end(with_surroundings(runner(nextest, passed, also)))?.unwrap_or(ExitCode::SUCCESS))
}

/// The call of the test runner. What is passed on may choose a package, which then takes the place of all.
fn runner(nextest: bool, passed: &[String], also: &[&str]) -> Command {
    let mut command = if nextest {
        workspace::cargo(&["nextest", "run", "--locked"])
    } else {
        workspace::cargo(&["test", "--locked", "--lib", "--bins", "--tests"])
    };
    let packages = chosen_packages(passed);
    if packages.is_empty() {
        command.arg("--workspace");
    }
    // Cargo refuses a feature of a package that isn't among the chosen.
    if packages.is_empty() || packages.iter().any(|package| matches!(*package, "api" | ALL)) {
        command.args(["--features", server::TESTED_FEATURES]);
    }
    command.args(also).args(passed);
    command
}

const ALL: &str = "--workspace";

/// The packages that these arguments name, `ALL` among them.
fn chosen_packages(passed: &[String]) -> Vec<&str> {
    let mut before_binary = passed.iter().map(String::as_str).take_while(|arg| *arg != "--");
    let mut packages = Vec::new();
    while let Some(arg) = before_binary.next() {
        if arg == ALL {
            packages.push(arg);
        } else if matches!(arg, "-p" | "--package") {
            packages.extend(before_binary.next());
        } else if let Some(rest) = arg.strip_prefix("--package=").or_else(|| arg.strip_prefix("-p=")) {
            packages.push(rest);
        }
    }
    packages
}

/// Runs to the end with our own output; the exit code when it failed.
fn run_to_end(mut command: Command) -> Result<Option<ExitCode>> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.stdin(Stdio::null()).status().with_context(|| format!("cannot start {program}"))?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok((!status.success()).then(|| code.map_or(ExitCode::FAILURE, ExitCode::from)))
}

fn has_nextest() -> bool {
    let mut version = workspace::cargo(&["nextest", "--version"]);
    version.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// Whether any documentation holds an example: compiling the empty doctests of every library takes a while.
fn has_doctests(dir: &Path) -> bool {
    let Ok(entries) = fs::read_dir(dir) else { return false };
    entries.flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return has_doctests(&path);
        }
        path.extension().is_some_and(|extension| extension == "rs")
            && fs::read_to_string(&path).is_ok_and(|text| {
                text.lines().any(|line| {
                    let line = line.trim_start();
                    matches!(line, "/// ```" | "//! ```")
                        || line.starts_with("/// ```rust")
                        || line.starts_with("//! ```rust")
                })
            })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn all_packages_are_tested_unless_one_is_chosen() {
        assert!(chosen_packages(&words("revoked_key")).is_empty());
        assert_eq!(chosen_packages(&words("-p sse --package=api -p=access x")), ["sse", "api", "access"]);
        assert_eq!(chosen_packages(&words("--workspace")), [ALL]);
        assert!(chosen_packages(&words("-- -p sse")).is_empty());
    }
}
