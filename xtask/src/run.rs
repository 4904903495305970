//! `cargo xtask run`: from nothing to a server that runs.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::process::{Command, ExitCode};
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::progress::{self, Progress};
use crate::time_left::Work;
use crate::{prepare, server, workspace};

/// The steps of a first start.
const FROM_NOTHING: [Work; 3] = [
    Work { step: "build wasm-bindgen", crates: 40, seconds: 75.0 },
    Work { step: "compile the page", crates: 186, seconds: 170.0 },
    Work { step: "build the server", crates: 262, seconds: 230.0 },
];
const DEFAULT_LISTEN: &str = "127.0.0.1:8000";

pub(crate) fn main(passed: &[String]) -> Result<ExitCode> {
    let since = Instant::now();
    if serves(passed) {
        require_free_port(&listen_address(passed))?;
    }
    let binary = Progress::show(|progress| {
        progress.expect(&FROM_NOTHING);
        prepare::page_and(progress, || server::build(progress))
    })?;
    eprintln!("{} page and server are built\n", progress::elapsed(since));
    // In the caller's folder, unlike all that we build.
    let mut server = Command::new(&binary);
    server.args(passed).env("TOLLGATE_SERVER__PAGE_DIR", workspace::page_dir());
    workspace::scrub(&mut server);
    become_process(server).with_context(|| format!("cannot start {}", binary.display()))
}

/// Takes this process's place, so that signals and the exit code are the server's own.
#[cfg(unix)]
fn become_process(mut command: Command) -> Result<ExitCode> {
    use std::os::unix::process::CommandExt;
    Err(command.exec().into())
}

#[cfg(not(unix))]
fn become_process(mut command: Command) -> Result<ExitCode> {
    let status = command.status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Whether these arguments start the server, rather than one of its other commands.
fn serves(passed: &[String]) -> bool {
    let help = passed.iter().any(|arg| matches!(arg.as_str(), "--help" | "-h" | "--version" | "-V"));
    let other = passed.iter().any(|arg| matches!(arg.as_str(), "check" | "openapi" | "plans" | "help"));
    !help && !other
}

/// Where the server will listen: flag, environment, file, default, in the order in which the server reads them. A guess
/// made before minutes of building; the server has the last word.
fn listen_address(passed: &[String]) -> String {
    let from_file = || {
        let file = flag(passed, "--config").unwrap_or_else(|| "tollgate.toml".to_owned());
        fs::read_to_string(file).ok().and_then(|text| listen_in_toml(&text))
    };
    flag(passed, "--listen")
        .or_else(|| std::env::var_os("TOLLGATE_SERVER__LISTEN")?.into_string().ok())
        .or_else(from_file)
        .unwrap_or_else(|| DEFAULT_LISTEN.to_owned())
}

fn flag(passed: &[String], name: &str) -> Option<String> {
    let at = passed
        .iter()
        .position(|arg| arg == name || arg.strip_prefix(name).is_some_and(|rest| rest.starts_with('=')))?;
    match passed[at].split_once('=') {
        Some((_, value)) => Some(value.to_owned()),
        None => passed.get(at + 1).cloned(),
    }
}

fn listen_in_toml(text: &str) -> Option<String> {
    let mut lines = text.lines().map(str::trim);
    lines.find(|line| *line == "[server]")?;
    let listen = lines.take_while(|line| !line.starts_with('[')).find_map(|line| line.strip_prefix("listen"))?;
    let value = listen.trim_start().strip_prefix('=')?.trim_start().strip_prefix('"')?;
    value.split('"').next().map(str::to_owned)
}

fn require_free_port(address: &str) -> Result<()> {
    // What else may be wrong with the address, the server tells better.
    match TcpListener::bind(address) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let other = address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
            let (host, port) = other.unwrap_or(("127.0.0.1", 8000));
            bail!(
                "{address} is in use: stop the program that listens there, or choose another port: \
                 cargo xtask run -- --listen {host}:{}",
                port.checked_add(1).unwrap_or(8001)
            )
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn the_flag_names_the_address_in_both_spellings() {
        assert_eq!(listen_address(&words("--listen 0.0.0.0:9")), "0.0.0.0:9");
        assert_eq!(listen_address(&words("serve --listen=[::]:9")), "[::]:9");
    }

    #[test]
    fn the_file_names_the_address_in_its_server_table_only() {
        let text = "[other]\nlisten = \"no\"\n[server]\n# listen = \"no\"\nlisten = \"127.0.0.1:9\" # here\n";
        assert_eq!(listen_in_toml(text).as_deref(), Some("127.0.0.1:9"));
        assert_eq!(listen_in_toml("[server]\n[other]\nlisten = \"no\"\n"), None);
    }

    #[test]
    fn a_port_in_use_is_refused_with_another_one_to_try() {
        let held = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = held.local_addr().unwrap().to_string();
        let message = require_free_port(&address).unwrap_err().to_string();
        assert!(message.contains(&address) && message.contains("--listen 127.0.0.1:"), "{message}");
    }

    #[test]
    fn only_the_server_itself_needs_the_port() {
        assert!(serves(&words("")) && serves(&words("serve --listen 127.0.0.1:1")));
        assert!(!serves(&words("check")) && !serves(&words("--help")));
    }
}
