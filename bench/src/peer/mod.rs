//! What a request can go through: nothing, or one of the proxies, each started for this run and stopped after it.

mod haproxy;
mod nginx;
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
}

/// The name of the one that all are compared with.
pub const YARDSTICK: &str = nginx::NAME;

/// All of them, in the order of their turns, the one without a proxy first.
///
/// # Errors
/// When one doesn't start.
pub async fn start_all(programs: &Programs, upstream: SocketAddr, processors: &Processors) -> Result<Vec<Peer>> {
    Ok(vec![
        Peer::direct(upstream),
        nginx::start(&programs.nginx, upstream, processors).await?,
        haproxy::start(&programs.haproxy, upstream, processors).await?,
        tollgate::start(&programs.tollgate, upstream, processors).await?,
    ])
}
