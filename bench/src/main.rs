//! Measures a request through Tollgate, nginx and HAProxy beside one without any of them, on this machine alone.
//!
//! All do the same work in the same run, in turn: A B C D A B C D. Throughput depends on what else the machine does; the
//! processor time of a proxy's processes per request much less, and the ratio of two that took turns less still.

mod answer;
mod figure;
mod load;
mod measured;
mod peer;
mod process;
mod rounds;
mod table;
mod upstream;
mod work;

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result};
use clap::Parser;

use measured::Rounds;
use peer::Programs;

/// Measures Tollgate beside other proxies, and prints a table.
#[derive(Parser)]
struct Arguments {
    /// Tollgate's binary.
    #[arg(long, value_name = "FILE")]
    tollgate: PathBuf,
    /// nginx's binary.
    #[arg(long, value_name = "FILE")]
    nginx: PathBuf,
    /// HAProxy's binary.
    #[arg(long, value_name = "FILE")]
    haproxy: PathBuf,
    /// The folder in which npm put Portkey's gateway, to measure that too.
    #[arg(long, value_name = "FOLDER", requires = "node")]
    portkey: Option<PathBuf>,
    /// Node, for Portkey.
    #[arg(long, value_name = "FILE")]
    node: Option<PathBuf>,
    /// LiteLLM's proxy, to measure that too.
    #[arg(long, value_name = "FILE")]
    litellm: Option<PathBuf>,
    /// One short round: shows that everything starts, answers and is measured; the figures mean nothing.
    #[arg(long)]
    quick: bool,
    /// How often each takes its turn.
    #[arg(long, value_name = "N", default_value_t = 5)]
    rounds: usize,
    /// How long a turn is, in seconds.
    #[arg(long, value_name = "N", default_value_t = 3.0)]
    seconds: f64,
    /// Also write the table here.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

fn main() -> Result<()> {
    let Arguments { tollgate, nginx, haproxy, portkey, node, litellm, quick, rounds, seconds, out } =
        Arguments::parse();
    let programs = Programs { tollgate, nginx, haproxy, portkey: node.zip(portkey), litellm };
    // Each stream is two files here and two in the proxy.
    rlimit::increase_nofile_limit(u64::MAX).context("cannot raise the limit of open files")?;
    let rounds = if quick {
        Rounds { count: 1, turn: Duration::from_millis(300), connections_divisor: 8, keys_divisor: 1_000 }
    } else {
        Rounds { count: rounds.max(1), turn: Duration::from_secs_f64(seconds), connections_divisor: 1, keys_divisor: 1 }
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let table = runtime.block_on(rounds::run(rounds, &programs))?;
    if let Some(out) = out {
        fs::write(&out, &table).with_context(|| format!("cannot write {}", out.display()))?;
    }
    println!("{table}");
    Ok(())
}
