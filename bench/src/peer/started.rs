//! A proxy that runs, or the way without one.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;
use tokio::{net::TcpStream, time::sleep};

use crate::process::Process;

/// Longer than any of them takes to start.
const READY_WITHIN: Duration = Duration::from_secs(120);
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// A way to the upstream.
#[derive(Debug)]
pub struct Peer {
    /// Its name in the table.
    pub name: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    /// Header lines that a request through it needs, each with its line end; where there are several, requests take turns
    /// with them.
    pub headers: Vec<String>,
    /// Its process; `None`: straight to the upstream.
    pub process: Option<Process>,
    /// From its start until it took requests.
    pub ready_after: Option<Duration>,
    /// What it holds before its first request, in bytes.
    pub idle_memory: Option<u64>,
    /// It takes so much longer than the others that it is asked for small answers alone, on few connections, and only for
    /// what a request costs.
    pub is_slow: bool,
    pub(super) home: Option<TempDir>,
}

impl Peer {
    /// Straight to the upstream.
    pub(super) fn direct(upstream: SocketAddr) -> Self {
        let (headers, process) = (vec![String::new()], None);
        Self {
            name: "direct",
            address: upstream,
            headers,
            process,
            ready_after: None,
            idle_memory: None,
            is_slow: false,
            home: None,
        }
    }

    /// A proxy that was just started and needs nothing of a request, as soon as it listens.
    ///
    /// # Errors
    /// When it ends, or doesn't listen in time.
    pub(super) async fn of(
        name: &'static str,
        mut process: Process,
        address: SocketAddr,
        home: TempDir,
    ) -> Result<Self> {
        let ready_after = Some(until_it_listens(&mut process, address).await?);
        let idle_memory = Some(process.memory()?);
        let (headers, process, home) = (vec![String::new()], Some(process), Some(home));
        Ok(Self { name, address, headers, process, ready_after, idle_memory, is_slow: false, home })
    }
}

/// A folder of a proxy's own.
pub(super) fn home() -> Result<TempDir> {
    TempDir::new().context("cannot make a temporary folder")
}

/// A free address: taken a moment later, by a program that can't choose one itself.
pub(super) fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("there is no free port")?;
    Ok(listener.local_addr()?)
}

/// Waits until something listens there, and returns how long that took.
async fn until_it_listens(process: &mut Process, address: SocketAddr) -> Result<Duration> {
    let begun = Instant::now();
    while TcpStream::connect(address).await.is_err() {
        process.still_runs()?;
        if begun.elapsed() > READY_WITHIN {
            bail!("nothing listens at {address}");
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(begun.elapsed())
}
