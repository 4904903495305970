//! The tables that a run ends in, as Markdown.

use std::{fmt::Write as _, thread};

use anyhow::Result;

use crate::{
    figure::Figure,
    measured::{Measured, Rounds},
    peer::Peer,
    work::Work,
};

/// What stands above them: how it was measured.
#[must_use]
pub fn opening(rounds: Rounds) -> String {
    let processors = thread::available_parallelism().map_or(1, usize::from) + 1;
    format!(
        "Median (least to greatest) of {} rounds of {:?} each, in turn, on loopback; ratios are medians of the rounds' own. \
         {processors} processors, the last of them the proxies' alone. nginx and HAProxy pass on and log nothing; Tollgate \
         checks the key, throttles, counts durably, measures and logs.\n",
        rounds.count, rounds.turn
    )
}

/// One work's: at full load, and the latency at a rate that all bear.
#[must_use]
pub fn of_work(work: Work, full: &[Measured], half: &[Measured], rate: f64, yardstick: &str) -> String {
    let (common, none) = (full.iter().find(|one| one.name == yardstick), half.first());
    let mut text = format!(
        "\n**{}**, full load; latency at {rate:.0} requests a second\n\n\
         | | requests/s | × {yardstick} | CPU µs/request | × {yardstick} | p50 µs | added | p99 µs | added |\n\
         |---|---|---|---|---|---|---|---|---|\n",
        work.name()
    );
    let not_measured = Measured::default();
    for one in full {
        let calm = half.iter().find(|calm| calm.name == one.name).unwrap_or(&not_measured);
        let cells = [
            spread(&one.per_second, 0),
            ratio(common.map(|common| one.per_second.over(&common.per_second))),
            spread(&one.processor_us, 1),
            ratio(common.map(|common| one.processor_us.over(&common.processor_us))),
            spread(&calm.p50_us, 0),
            added(none.map(|none| calm.p50_us.without(&none.p50_us))),
            spread(&calm.p99_us, 0),
            added(none.map(|none| calm.p99_us.without(&none.p99_us))),
        ];
        // Writing to a text can't fail.
        let _ = writeln!(text, "| {} | {} |", one.name, cells.join(" | "));
    }
    text
}

/// What the processes themselves take.
///
/// # Errors
/// When the system doesn't say.
pub fn of_processes(peers: &[Peer]) -> Result<String> {
    let mut text = "\n| | ms from start to an answer | MB idle | MB after all this |\n|---|---|---|---|\n".to_owned();
    for peer in peers {
        let Some(process) = &peer.process else { continue };
        let megabytes = |bytes: u64| format!("{:.1}", bytes as f64 / 1e6);
        let ready = peer.ready_after.map_or_else(String::new, |after| format!("{:.0}", after.as_secs_f64() * 1e3));
        let idle = peer.idle_memory.map_or_else(String::new, megabytes);
        let _ = writeln!(text, "| {} | {ready} | {idle} | {} |", peer.name, megabytes(process.memory()?));
    }
    Ok(text)
}

fn spread(figure: &Figure, decimals: usize) -> String {
    match figure.median().zip(figure.spread()) {
        Some((median, (least, greatest))) => {
            format!("{median:.decimals$} ({least:.decimals$} to {greatest:.decimals$})")
        }
        None => "–".to_owned(),
    }
}

fn ratio(figure: Option<Figure>) -> String {
    median(figure, 2)
}

fn added(figure: Option<Figure>) -> String {
    median(figure, 0)
}

fn median(figure: Option<Figure>, decimals: usize) -> String {
    figure.and_then(|figure| figure.median()).map_or_else(|| "–".to_owned(), |median| format!("{median:.decimals$}"))
}
