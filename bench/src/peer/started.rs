//! A proxy that runs, or the way without one.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

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
    /// From its start until it answered a request.
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

    /// A proxy that was just started and needs nothing of a request, as soon as it answers.
    ///
    /// # Errors
    /// When it ends, or doesn't answer in time.
    pub(super) async fn of(
        name: &'static str,
        mut process: Process,
        address: SocketAddr,
        home: TempDir,
    ) -> Result<Self> {
        let ready_after = Some(until_it_answers(&mut process, address).await?);
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

/// Waits until a request is answered there, whatever the answer, and returns how long that took: some listen long before
/// they can do anything.
async fn until_it_answers(process: &mut Process, address: SocketAddr) -> Result<Duration> {
    let begun = Instant::now();
    while !answers(address).await {
        process.still_runs()?;
        if begun.elapsed() > READY_WITHIN {
            bail!("nothing answers at {address}");
        }
        sleep(LOOK_EVERY).await;
    }
    Ok(begun.elapsed())
}

async fn answers(address: SocketAddr) -> bool {
    let Ok(mut socket) = TcpStream::connect(address).await else { return false };
    let asked = socket.write_all(b"GET /readyz HTTP/1.1\r\nHost: bench.test\r\nConnection: close\r\n\r\n").await;
    let answered = timeout(READY_WITHIN, socket.read_u8()).await;
    asked.is_ok() && answered.is_ok_and(|byte| byte.is_ok())
}
