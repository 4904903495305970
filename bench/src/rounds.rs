//! The run: each work in rounds, in which each proxy takes its turn.

use anyhow::{Context as _, Result};

use crate::{
    figure::quantile,
    load::{self, Load},
    measured::{Measured, Rounds},
    peer::{self, Peer, Programs, YARDSTICK},
    process::Processors,
    table, upstream,
    work::Work,
};

/// Part of the slowest one's throughput at which latency is measured: where nobody queues for long.
const SATURATION: f64 = 0.5;

/// How many connections ask those that are slow.
const CONNECTIONS_OF_SLOW: usize = 8;

/// Measures all and returns the table.
///
/// # Errors
/// When something doesn't start, or an answer isn't what it should be.
pub async fn run(rounds: Rounds, programs: &Programs) -> Result<String> {
    let processors = Processors::divide()?;
    let upstream = upstream::start()?;
    let peers = peer::start_all(programs, upstream, &processors, rounds.keys_divisor).await?;
    let mut table = table::opening(rounds);
    for work in [Work::SmallJson, Work::Burst] {
        let full = measure(rounds, work, &peers, None).await?;
        let quick = full.iter().filter(|one| peers.iter().any(|peer| peer.name == one.name && !peer.is_slow));
        let slowest = quick.filter_map(|one| one.per_second.median()).fold(f64::INFINITY, f64::min);
        let rate = slowest * SATURATION;
        let half = measure(rounds, work, &peers, Some(rate)).await?;
        table.push_str(&table::of_work(work, &full, &half, rate, YARDSTICK));
    }
    table.push_str(&table::of_processes(&peers)?);
    Ok(table)
}

/// Each proxy's turn at a work, round after round; at this rate together, or as fast as they can.
async fn measure(rounds: Rounds, work: Work, peers: &[Peer], rate: Option<f64>) -> Result<Vec<Measured>> {
    let connections = (work.connections() / rounds.connections_divisor).max(1);
    let load = Load { work, connections, time: rounds.turn, rate };
    let takes_part = |peer: &&Peer| !peer.is_slow || (work == Work::SmallJson && rate.is_none());
    let peers: Vec<&Peer> = peers.iter().filter(takes_part).collect();
    let load_of = |peer: &Peer| Load {
        connections: if peer.is_slow { connections.min(CONNECTIONS_OF_SLOW) } else { connections },
        ..load
    };
    let mut all: Vec<_> = peers.iter().map(|peer| Measured { name: peer.name, ..Measured::default() }).collect();
    // The first answers pay for connections and for what each of them sets up once.
    for peer in &peers {
        turn(Load { time: rounds.turn / 4, ..load_of(peer) }, peer, &mut Measured::default()).await?;
    }
    for _ in 0..rounds.count {
        for (peer, measured) in peers.iter().zip(&mut all) {
            turn(load_of(peer), peer, measured).await?;
        }
    }
    Ok(all)
}

async fn turn(load: Load, peer: &Peer, measured: &mut Measured) -> Result<()> {
    let used = || peer.process.as_ref().map(|process| process.processor_time()).transpose();
    let before = used()?;
    let answered = load::put(load, peer.address, &peer.headers)
        .await
        .with_context(|| format!("{} through {}", load.work.name(), peer.name))?;
    let after = used()?;
    let count = answered.latencies.len() as f64;
    let mut latencies: Vec<_> = answered.latencies.iter().map(|latency| latency.as_secs_f64() * 1e6).collect();
    latencies.sort_by(f64::total_cmp);
    measured.per_second.add(count / answered.elapsed.as_secs_f64());
    if let Some((before, after)) = before.zip(after) {
        measured.processor_us.add((after - before).as_secs_f64() * 1e6 / count);
    }
    measured.p50_us.add(quantile(&latencies, 0.5).context("no answer")?);
    measured.p99_us.add(quantile(&latencies, 0.99).context("no answer")?);
    Ok(())
}
