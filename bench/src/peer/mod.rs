//! What a request can go through: nothing, or one of the proxies, each started for this run and stopped after it.

mod crowd;
mod haproxy;
mod litellm;
mod nginx;
mod portkey;
mod started;
mod tollgate;

use std::{net::SocketAddr, path::PathBuf};

use anyhow::Result;

pub use started::Peer;

use crate::process::Processors;

/// Where the proxies' programs lie.
#[derive(Debug)]
pub struct Programs {
    /// Tollgate.
    pub tollgate: PathBuf,
    /// nginx.
    pub nginx: PathBuf,
    /// HAProxy.
    pub haproxy: PathBuf,
    /// Node, and the folder in which npm put Portkey's gateway, where that takes part.
    pub portkey: Option<(PathBuf, PathBuf)>,
    /// LiteLLM's proxy, where that takes part.
    pub litellm: Option<PathBuf>,
}

/// The name of the one that all are compared with.
pub const YARDSTICK: &str = nginx::NAME;

/// All of them, in the order of their turns, the one without a proxy first.
///
/// # Errors
/// When one doesn't start.
pub async fn start_all(
    programs: &Programs,
    upstream: SocketAddr,
    processors: &Processors,
    keys_divisor: u64,
) -> Result<Vec<Peer>> {
    let crowd = (crowd::KEYS / keys_divisor, crowd::ASKED / keys_divisor);
    let mut peers = vec![
        Peer::direct(upstream),
        nginx::start(&programs.nginx, upstream, processors).await?,
        haproxy::start(&programs.haproxy, upstream, processors).await?,
        tollgate::start(&programs.tollgate, upstream, processors).await?,
        tollgate::start_in_a_crowd(&programs.tollgate, upstream, processors, crowd).await?,
    ];
    if let Some((node, folder)) = &programs.portkey {
        peers.push(portkey::start(node, folder, upstream, processors).await?);
    }
    if let Some(program) = &programs.litellm {
        peers.push(litellm::start(program, upstream, processors).await?);
    }
    Ok(peers)
}
