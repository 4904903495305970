//! Load on one address: so many connections, each with one request at a time.

use std::{
    cell::Cell,
    net::SocketAddr,
    rc::Rc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use tokio::{
    io::AsyncWriteExt as _,
    net::TcpStream,
    task::{JoinSet, LocalSet},
    time::{sleep_until, timeout},
};

use crate::{answer, work::Work};

/// Longer than any answer takes: without an end a benchmark that hangs says nothing.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// How much is asked.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// What is asked.
    pub work: Work,
    /// On how many connections.
    pub connections: usize,
    /// For how long.
    pub time: Duration,
    /// How many requests a second all connections begin together, answered or not; `None`: each asks again as soon as it
    /// has its answer.
    pub rate: Option<f64>,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Answered {
    /// From a request, or from when it was due if the answer before it kept it waiting, to the answer's last byte.
    pub latencies: Vec<Duration>,
    /// How long it took in all.
    pub elapsed: Duration,
}

/// Puts this load on an address.
///
/// # Errors
/// At the first answer that isn't what it should be: figures of failures mean nothing.
pub async fn put(load: Load, address: SocketAddr, headers: &[String]) -> Result<Answered> {
    let requests = headers.iter().map(|headers| load.work.request(headers)).collect();
    let requests = Rc::new(Requests { requests, next: Cell::new(0) });
    let mut sockets = Vec::new();
    for _ in 0..load.connections {
        let socket = TcpStream::connect(address).await.with_context(|| format!("cannot connect to {address}"))?;
        socket.set_nodelay(true)?;
        sockets.push(socket);
    }
    LocalSet::new()
        .run_until(async {
            let begun = Instant::now();
            let mut callers = JoinSet::new();
            for (number, socket) in sockets.into_iter().enumerate() {
                callers.spawn_local(call(socket, Rc::clone(&requests), load, number, begun));
            }
            let mut all = Answered::default();
            while let Some(caller) = callers.join_next().await {
                all.latencies.extend(caller??);
            }
            all.elapsed = begun.elapsed();
            Ok(all)
        })
        .await
}

/// What is sent, in turn.
struct Requests {
    requests: Vec<Vec<u8>>,
    next: Cell<usize>,
}

impl Requests {
    fn next(&self) -> &[u8] {
        let number = self.next.get();
        self.next.set((number + 1) % self.requests.len());
        &self.requests[number]
    }
}

/// One connection's requests.
async fn call(
    mut socket: TcpStream,
    requests: Rc<Requests>,
    load: Load,
    number: usize,
    begun: Instant,
) -> Result<Vec<Duration>> {
    let mut read = Vec::with_capacity(64 * 1024);
    let mut latencies = Vec::new();
    let pause = load.rate.map(|rate| Duration::from_secs_f64(load.connections as f64 / rate));
    // Spread over the first pause, so that they don't all ask at once.
    let mut due = begun + pause.unwrap_or_default().mul_f64(number as f64 / load.connections as f64);
    while due.duration_since(begun) < load.time {
        // Who was kept waiting by the answer before counts from then; a timer that wakes late is our own affair.
        let was_kept = pause.is_some() && Instant::now() > due;
        if pause.is_some() {
            sleep_until(due.into()).await;
        }
        let asked = if was_kept { due } else { Instant::now() };
        socket.write_all(requests.next()).await.context("a request broke off")?;
        timeout(ANSWER_WITHIN, answer::read(&mut socket, &mut read, load.work)).await.context("no answer")??;
        let answered = Instant::now();
        latencies.push(answered.duration_since(asked));
        due = pause.map_or(answered, |pause| due + pause);
    }
    Ok(latencies)
}
