//! What an open stream costs: memory of the server, and how long a leaving caller stays unnoticed upstream.

use std::{
    fmt,
    time::{Duration, Instant},
};

use tokio::task::JoinSet;

use crate::{Caller, Events, Exchange, FakeUpstream, PlanSpec, TestServer, chunk, event, wait_until, within};

/// Between two events of a stream.
const PACE: Duration = Duration::from_secs(1);
/// Streams open already when the memory is first read, so that what is paid once isn't counted.
const WARM_UP: usize = 50;
/// Streams opened at once.
const AT_ONCE: usize = 50;
/// Events that each stream gets before the memory is read.
const EVENTS: usize = 5;
/// Callers who leave, in each phase.
const LEAVERS: usize = 101;
const STREAM: &str = "{\"stream\": true, \"model\": \"m\", \"messages\": []}";

/// What streams cost.
#[derive(Debug, Clone)]
pub struct StreamFigures {
    /// Streams open when the memory was read.
    pub streams: usize,
    /// The server's resident memory with only the warm-up's streams open, in bytes.
    pub before: u64,
    /// The same with these streams open besides, in bytes.
    pub during: u64,
    /// Phase by phase, the median time from a caller's leaving to the end of the upstream's connection.
    pub medians: [(&'static str, Duration); 3],
}

impl fmt::Display for StreamFigures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = self.during.saturating_sub(self.before) as f64 / self.streams as f64 / 1024.0;
        writeln!(f, "  {:<36}{:>10}", "paced streams open", self.streams)?;
        writeln!(f, "  {:<36}{:>10.1} MiB", "server's memory before", mebi(self.before))?;
        writeln!(f, "  {:<36}{:>10.1} MiB", "server's memory with them", mebi(self.during))?;
        writeln!(f, "  {:<36}{each:>10.1} KiB", "memory per stream")?;
        for (phase, median) in self.medians {
            let label = format!("left {phase}: median");
            writeln!(f, "  {label:<36}{:>10.2} ms until the upstream sees it", median.as_secs_f64() * 1e3)?;
        }
        Ok(())
    }
}

fn mebi(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// Opens so many streams through a server, each with an event a second, and reads the server's memory; then measures
/// how callers who leave are noticed.
pub async fn stream_costs(streams: usize) -> StreamFigures {
    let upstream = FakeUpstream::start().await;
    let plans = [PlanSpec::unlimited("unlimited")];
    let server = TestServer::setup().upstream(&upstream).plans(&plans).set("log.level", "warn").start().await;
    let key = server.with_key("unlimited").await;
    upstream.by_hand();

    let mut pacing = JoinSet::new();
    let mut open = open_streams(&upstream, &key, WARM_UP, &mut pacing).await;
    read_some(&mut open).await;
    let before = server.resident_bytes();
    while open.len() < WARM_UP + streams {
        let more = AT_ONCE.min(WARM_UP + streams - open.len());
        open.extend(open_streams(&upstream, &key, more, &mut pacing).await);
    }
    read_some(&mut open).await;
    let during = server.resident_bytes();
    drop(open);
    all_ended(&server).await;
    pacing.abort_all();

    let mut medians = Phase::ALL.map(|phase| (phase.name(), Duration::ZERO));
    for (phase, (_, median)) in Phase::ALL.into_iter().zip(&mut medians) {
        let mut times = Vec::new();
        for _ in 0..LEAVERS {
            times.push(time_to_notice(&server, &upstream, &key, phase).await);
        }
        times.sort_unstable();
        *median = times[LEAVERS / 2];
    }
    StreamFigures { streams, before, during, medians }
}

async fn read_some(open: &mut [Events]) {
    for stream in open {
        for _ in 0..EVENTS {
            stream.next_text().await;
        }
    }
}

async fn all_ended(server: &TestServer) {
    wait_until("all streams are ended", || async {
        (server.metrics().await.value("tollgate_streams_open") == 0.0).then_some(())
    })
    .await;
}

async fn open_streams(upstream: &FakeUpstream, key: &Caller, count: usize, pacing: &mut JoinSet<()>) -> Vec<Events> {
    let mut opening = JoinSet::new();
    for _ in 0..count {
        opening.spawn(key.chat_stream("hello").stream());
    }
    for _ in 0..count {
        let mut exchange = upstream.exchange().await;
        exchange.start_stream().await;
        pacing.spawn(pace(exchange));
    }
    within("opening streams", opening.join_all()).await
}

/// An event now and one a second, until the server leaves.
async fn pace(mut exchange: Exchange) {
    let mut tick = tokio::time::interval(PACE);
    loop {
        tick.tick().await;
        if exchange.try_send(chunk(event("word "))).await.is_err() {
            return;
        }
    }
}

/// How far a stream has come when its caller leaves.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Phase {
    BeforeHead,
    BeforeFirstEvent,
    MidStream,
}

impl Phase {
    const ALL: [Self; 3] = [Self::BeforeHead, Self::BeforeFirstEvent, Self::MidStream];

    fn name(self) -> &'static str {
        match self {
            Self::BeforeHead => "before the head",
            Self::BeforeFirstEvent => "before the first event",
            Self::MidStream => "in mid-stream",
        }
    }
}

async fn time_to_notice(server: &TestServer, upstream: &FakeUpstream, key: &Caller, phase: Phase) -> Duration {
    let mut client = server.raw().await;
    let authorization = format!("authorization: Bearer {}\r\n", key.secret());
    client.post("/v1/chat/completions", &authorization, STREAM).await;
    let mut exchange = upstream.exchange().await;
    if phase >= Phase::BeforeFirstEvent {
        exchange.start_stream().await;
        client.until("\r\n\r\n").await;
    }
    if phase == Phase::MidStream {
        exchange.send_text("word").await;
        client.until("word").await;
    }
    let left = Instant::now();
    drop(client);
    exchange.closed().await;
    left.elapsed()
}
