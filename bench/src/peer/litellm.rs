//! LiteLLM's proxy, from PyPI, with a master key and nothing else.

use std::{
    fs,
    net::SocketAddr,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::{Context as _, Result};

use super::started::{Peer, free_address, home};
use crate::process::{Process, Processors};

const NAME: &str = "LiteLLM";
const KEY: &str = "sk-bench";

pub(super) async fn start(program: &Path, upstream: SocketAddr, processors: &Processors) -> Result<Peer> {
    let (address, home) = (free_address()?, home()?);
    let file = home.path().join("litellm.yaml");
    fs::write(&file, configuration(upstream)).context("cannot write LiteLLM's configuration")?;
    let mut command = Command::new(program);
    command.arg("--config").arg(&file).args(["--telemetry", "False", "--host"]).arg(address.ip().to_string());
    command.arg("--port").arg(address.port().to_string());
    // Else it asks for a list of prices when it starts.
    command.env("LITELLM_LOCAL_MODEL_COST_MAP", "True").current_dir(home.path());
    // It has much to say that means nothing here.
    command.stderr(Stdio::null());
    let mut peer = Peer::of(NAME, Process::start(NAME, command, processors)?, address, home).await?;
    peer.headers = vec![format!("Authorization: Bearer {KEY}\r\n")];
    peer.is_slow = true;
    Ok(peer)
}

fn configuration(upstream: SocketAddr) -> String {
    format!(
        "model_list:
  - model_name: bench
    litellm_params:
      model: openai/bench
      api_base: http://{upstream}/v1
      api_key: none
general_settings:
  master_key: {KEY}
"
    )
}
