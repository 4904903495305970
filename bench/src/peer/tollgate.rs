//! Tollgate with everything on: key check, throttle, exact durable quota, metrics and access log.

use std::{
    fs::{self, File},
    io,
    net::SocketAddr,
    path::Path,
    process::Command,
};

use anyhow::{Context as _, Result, ensure};
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    crowd,
    started::{Peer, free_address, home},
};
use crate::process::{Process, Processors};

const NAME: &str = "Tollgate";
const IN_A_CROWD: &str = "Tollgate, 10⁶ keys";
const PLAN: &str = "Bench";

/// With one key.
pub(super) async fn start(program: &Path, upstream: SocketAddr, processors: &Processors) -> Result<Peer> {
    let home = home()?;
    let mut peer = start_in(NAME, home, program, upstream, processors).await?;
    peer.headers = vec![authorization(&key(peer.address).await?)];
    Ok(peer)
}

/// With so many keys in its store, of which so many are asked with in turn.
pub(super) async fn start_in_a_crowd(
    program: &Path,
    upstream: SocketAddr,
    processors: &Processors,
    (keys, asked): (u64, u64),
) -> Result<Peer> {
    let mut peer = start_in(NAME, home()?, program, upstream, processors).await?;
    key(peer.address).await?;
    // Stopped, so that the store is free.
    peer.process = None;
    let home = peer.home.take().context("it has a folder")?;
    let values = crowd::fill(&home.path().join("data/tollgate.db"), keys, asked)?;
    let mut peer = start_in(IN_A_CROWD, home, program, upstream, processors).await?;
    peer.headers = values.iter().map(|value| authorization(value)).collect();
    Ok(peer)
}

fn authorization(key: &str) -> String {
    format!("Authorization: Bearer {key}\r\n")
}

async fn start_in(
    name: &'static str,
    home: TempDir,
    program: &Path,
    upstream: SocketAddr,
    processors: &Processors,
) -> Result<Peer> {
    let address = free_address()?;
    let file = home.path().join("tollgate.toml");
    fs::write(&file, configuration(address, upstream)).context("cannot write Tollgate's configuration")?;
    let log = home.path().join("log");
    let mut command = Command::new(program);
    command.arg("--config").arg(&file).arg("--data-dir").arg(home.path().join("data"));
    command.stderr(File::create(&log).context("cannot write Tollgate's log")?).env_clear();
    // The folder is gone when the start has failed.
    let said = File::open(&log).context("cannot read Tollgate's log")?;
    let process = Process::start(name, command, processors)?;
    let peer = Peer::of(name, process, address, home).await;
    peer.with_context(|| io::read_to_string(said).unwrap_or_default())
}

/// A quota and a throttle that no run comes near, so that both are counted and neither refuses.
fn configuration(address: SocketAddr, upstream: SocketAddr) -> String {
    format!(
        "[server]
listen = \"{address}\"

[upstream]
base_url = \"http://{upstream}/v1\"
api_key = \"none\"

[[plans]]
name = \"{PLAN}\"
quota = {{ limit = 1000000000, period = \"DAY\" }}
throttle = {{ rate = 10000, burst = 100000 }}
"
    )
}

/// A key of somebody who signs up.
async fn key(address: SocketAddr) -> Result<String> {
    let client = Client::new();
    let post = async |path: &str, token: &str, body: Value| -> Result<Value> {
        let call = client.post(format!("http://{address}{path}")).bearer_auth(token).json(&body);
        let answer = call.send().await.with_context(|| format!("POST {path}"))?;
        let (status, text) = (answer.status(), answer.text().await?);
        // What failed holds no secret; what succeeded isn't shown.
        ensure!(status.is_success(), "POST {path}: {status} {text}");
        Ok(serde_json::from_str(&text)?)
    };
    let credentials = json!({"email": "bench@example.com", "password": "nine plain lakes"});
    let session = post("/accounts", "", credentials).await?;
    let token = session["access_token"].as_str().context("no access token")?;
    let key = post("/create_key", token, json!({"plan_name": PLAN})).await?;
    Ok(key["value"].as_str().context("no key")?.to_owned())
}
