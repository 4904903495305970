//! What a run of the tests takes from its environment: the server's binary, the page's files, where screenshots go, and
//! other people's servers: AWS's emulators and proxies.
#![expect(clippy::disallowed_methods, reason = "this is where the tests read their environment")]

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

/// The server: `TOLLGATE_BIN`, else built from this workspace once per run.
///
/// # Panics
/// When it can't be built.
pub fn server_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| env::var("TOLLGATE_BIN").map_or_else(|_| build(), PathBuf::from))
}

/// The page's files: `TOLLGATE_PAGE_DIR`, else `target/page`, where `trunk build` leaves them.
#[must_use]
pub fn page_dir() -> PathBuf {
    env::var("TOLLGATE_PAGE_DIR").map_or_else(|_| workspace().join("target/page"), PathBuf::from)
}

/// Where screenshots are left: `TOLLGATE_SCREENSHOTS`, else `target/screenshots`.
///
/// # Panics
/// When the folder can't be made.
#[must_use]
pub fn screenshot_dir() -> PathBuf {
    let dir = env::var("TOLLGATE_SCREENSHOTS").map_or_else(|_| workspace().join("target/screenshots"), PathBuf::from);
    fs::create_dir_all(&dir).expect("a folder for screenshots");
    dir
}

/// moto's server: `TOLLGATE_MOTO`, else where `cargo xtask test` installs it.
pub(crate) fn moto_binary() -> PathBuf {
    installed("TOLLGATE_MOTO", "target/aws/moto/bin/moto_server")
}

/// MiniStack: `TOLLGATE_MINISTACK`, else where `cargo xtask test` installs it.
pub(crate) fn ministack_binary() -> PathBuf {
    installed("TOLLGATE_MINISTACK", "target/aws/ministack/bin/ministack")
}

/// nginx: `TOLLGATE_NGINX`, else where Debian installs it.
pub(crate) fn nginx_binary() -> PathBuf {
    installed("TOLLGATE_NGINX", "/usr/sbin/nginx")
}

/// HAProxy: `TOLLGATE_HAPROXY`, else where Debian installs it.
pub(crate) fn haproxy_binary() -> PathBuf {
    installed("TOLLGATE_HAPROXY", "/usr/sbin/haproxy")
}

/// Caddy: `TOLLGATE_CADDY`, else where Debian installs it.
pub(crate) fn caddy_binary() -> PathBuf {
    installed("TOLLGATE_CADDY", "/usr/bin/caddy")
}

/// The URL of a database of the Postgres that `cargo xtask test` starts, in which others can be made:
/// `TOLLGATE_POSTGRES`.
pub(crate) fn postgres_url() -> String {
    env::var("TOLLGATE_POSTGRES").unwrap_or_else(|_| {
        panic!("TOLLGATE_POSTGRES names no Postgres: run `cargo xtask test`, which starts one for the tests")
    })
}

/// Whether servers of the tests that don't say which backend they have have Postgres, and not their own default:
/// `TOLLGATE_TESTED_BACKEND` is `postgres`, which `cargo xtask test --backend` sets.
pub(crate) fn is_postgres_tested() -> bool {
    env::var("TOLLGATE_TESTED_BACKEND").is_ok_and(|name| name == "postgres")
}

/// The folder with Postgres's own programs: `TOLLGATE_POSTGRES_BIN`, which `cargo xtask test` sets.
pub(crate) fn postgres_programs() -> PathBuf {
    let dir = env::var_os("TOLLGATE_POSTGRES_BIN").map(PathBuf::from).unwrap_or_else(|| {
        panic!("TOLLGATE_POSTGRES_BIN names no folder: run `cargo xtask test`, which finds or installs Postgres")
    });
    assert!(dir.join("initdb").exists(), "TOLLGATE_POSTGRES_BIN: there is no initdb in {}", dir.display());
    dir
}

/// Schemathesis: `TOLLGATE_SCHEMATHESIS`, else where `cargo xtask test` installs it.
///
/// # Panics
/// When it isn't there.
#[must_use]
pub fn schemathesis_binary() -> PathBuf {
    installed("TOLLGATE_SCHEMATHESIS", "target/contract/schemathesis/bin/schemathesis")
}

/// The folder with Redocly's linter in `node_modules`, and Node in `bin`: `TOLLGATE_REDOCLY`, else where `cargo xtask test`
/// installs them.
///
/// # Panics
/// When it isn't there.
#[must_use]
pub fn redocly_dir() -> PathBuf {
    installed("TOLLGATE_REDOCLY", "target/contract/redocly")
}

/// The folder with axe-core and Lighthouse in `node_modules`, and Node in `bin`: `TOLLGATE_AUDIT`, else where
/// `cargo xtask test` installs them.
///
/// # Panics
/// When it isn't there.
#[must_use]
pub fn audit_dir() -> PathBuf {
    installed("TOLLGATE_AUDIT", "target/audit")
}

/// A program of those that judge the files of `packaging/`: under `TOLLGATE_PACKAGING`, else where `cargo xtask test`
/// installs them.
///
/// # Panics
/// When it isn't there.
#[must_use]
pub fn packaging_tool(name: &str) -> PathBuf {
    installed("TOLLGATE_PACKAGING", "target/packaging").join("bin").join(name)
}

/// How many requests Schemathesis tries for each operation and phase: `TOLLGATE_CONTRACT_CASES`, which
/// `cargo xtask contract` sets.
///
/// # Panics
/// When it isn't a number.
#[must_use]
pub fn contract_cases() -> Option<u32> {
    let number = |text: String| text.parse().expect("TOLLGATE_CONTRACT_CASES is a whole number");
    env::var("TOLLGATE_CONTRACT_CASES").ok().map(number)
}

/// Where a run of Schemathesis begins: `TOLLGATE_CONTRACT_SEED`, which `cargo xtask contract` sets.
///
/// # Panics
/// When it isn't a number.
#[must_use]
pub fn contract_seed() -> Option<u32> {
    let number = |text: String| text.parse().expect("TOLLGATE_CONTRACT_SEED is a whole number");
    env::var("TOLLGATE_CONTRACT_SEED").ok().map(number)
}

/// A program of other people's SDKs, under the folder that `variable` names, else under the one of this name in
/// `target/sdks`.
///
/// # Panics
/// When it isn't there.
#[must_use]
pub fn sdk_program(variable: &str, name: &str, program: &str) -> PathBuf {
    let usual = || workspace().join("target/sdks").join(name);
    let program = env::var_os(variable).map_or_else(usual, PathBuf::from).join(program);
    assert!(program.exists(), "there is no {}: run `cargo xtask test`, which installs the SDKs", program.display());
    program
}

fn installed(variable: &str, usual: &str) -> PathBuf {
    let program = env::var_os(variable).map_or_else(|| workspace().join(usual), PathBuf::from);
    assert!(program.exists(), "there is no {}: run `cargo xtask test`, which installs it", program.display());
    program
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn build() -> PathBuf {
    let mut cargo = Command::new(env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned()));
    // As `cargo xtask test` builds it: with AWS, and with what the whole workspace asks of its dependencies.
    cargo.args(["build", "--quiet", "--workspace", "--bin", "tollgate", "--features", "api/aws"]);
    cargo.current_dir(workspace());
    // What cargo told this test about its own package would make it build parts of the server anew.
    for (name, _) in env::vars() {
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(name);
        }
    }
    assert!(cargo.status().expect("cargo runs").success(), "`cargo build --workspace --bin tollgate` failed");
    let target = env::var("CARGO_TARGET_DIR").map_or_else(|_| workspace().join("target"), PathBuf::from);
    target.join("debug/tollgate")
}
