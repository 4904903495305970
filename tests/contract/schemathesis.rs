//! A run of Schemathesis against a server: it makes requests from the document, valid and not, checks the answers, and
//! leaves a record of both.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use reqwest::Url;
use serde_json::Value;
use tempfile::TempDir;
use tests::{TestServer, contract_cases, contract_seed, schemathesis_binary};

/// How many requests are tried for each operation and phase unless the run is told another number.
const CASES: u32 = 40;
/// Where each run begins unless told otherwise: the same requests each time, but for what answers gave.
const SEED: u32 = 20;

/// A request with its answer.
pub struct Exchange {
    /// The method, in capitals.
    pub method: String,
    /// The path, as it was sent.
    pub path: String,
    /// The answer's status.
    pub status: u16,
    /// The names of the answer's headers, in small letters.
    pub headers: Vec<String>,
}

/// Runs it as a caller who is `anonymous`, or has a `session`, this operator's, or this `key`; gives all that it asked.
///
/// # Panics
/// With what it found, if that is anything.
pub async fn run(server: &TestServer, caller: &str, key: &str, operator: &str) -> Vec<Exchange> {
    let folder = TempDir::new().unwrap();
    let record = folder.path().join("record.har");
    let mut command = command(server, folder.path(), &record);
    command.env("TOLLGATE_CALLER", caller).env("TOLLGATE_KEY", key).env("TOLLGATE_OPERATOR", operator);
    let ended = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
    let output = ended.unwrap_or_else(|e| panic!("{}: {e}", schemathesis_binary().display()));
    let (said, complaints) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{caller}: {}\n{said}\n{complaints}", output.status);
    read(&record)
}

fn command(server: &TestServer, folder: &Path, record: &Path) -> Command {
    for name in ["schemathesis.toml", "hooks.py"] {
        fs::copy(sources().join(name), folder.join(name)).unwrap();
    }
    let mut command = Command::new(schemathesis_binary());
    command
        .args(["--config-file", "schemathesis.toml", "run", "--no-color"])
        .args(["--report", "har", "--report-har-path"])
        .arg(record)
        .args(["--max-examples", &contract_cases().unwrap_or(CASES).to_string()])
        .args(["--seed", &contract_seed().unwrap_or(SEED).to_string()])
        .arg(format!("{}/openapi.json", server.origin()))
        .current_dir(folder)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", folder)
        .env("PYTHONPATH", folder)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("PYTHONHASHSEED", "0")
        .env("NO_PROXY", "*")
        .env("TOLLGATE_ORIGIN", server.origin());
    command
}

fn read(record: &Path) -> Vec<Exchange> {
    let record: Value = serde_json::from_slice(&fs::read(record).unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let exchange = |entry: &Value| Exchange {
        method: text(&entry["request"]["method"]),
        path: Url::parse(entry["request"]["url"].as_str().unwrap()).unwrap().path().to_owned(),
        status: entry["response"]["status"].as_u64().and_then(|status| u16::try_from(status).ok()).unwrap(),
        headers: entry["response"]["headers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|header| text(&header["name"]).to_lowercase())
            .collect(),
    };
    record["log"]["entries"].as_array().unwrap().iter().map(exchange).collect()
}

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contract")
}
