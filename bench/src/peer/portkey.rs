//! Portkey's gateway, from npm: told by headers where to pass a request on to.

use std::{net::SocketAddr, path::Path, process::Command};

use anyhow::Result;

use super::started::{Peer, free_address, home};
use crate::process::{Process, Processors};

const NAME: &str = "Portkey";
/// Its entry point, in the folder in which npm put it.
const ENTRY: &str = "node_modules/@portkey-ai/gateway/build/start-server.js";

pub(super) async fn start(node: &Path, folder: &Path, upstream: SocketAddr, processors: &Processors) -> Result<Peer> {
    let (address, home) = (free_address()?, home()?);
    let mut command = Command::new(node);
    command.arg(folder.join(ENTRY)).arg("--headless").arg(format!("--port={}", address.port()));
    let mut peer = Peer::of(NAME, Process::start(NAME, command, processors)?, address, home).await?;
    peer.headers = vec![format!(
        "Authorization: Bearer none\r\nx-portkey-provider: openai\r\nx-portkey-custom-host: http://{upstream}/v1\r\n"
    )];
    peer.is_slow = true;
    Ok(peer)
}
