//! `cargo xtask torture` and `cargo xtask bench streams`: the long runs, which print their figures.

mod arguments;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use arguments::Task;
use tests::torture::{Bound, Figures, cluster_floor, cluster_processes, gate_floor, process_floor, stream_costs};

/// Of the time, the gate floor gets one part in so many; starting servers takes more of it than asking a store.
const GATE_SHARE: u32 = 4;

fn main() -> ExitCode {
    let task = match Task::parse(std::env::args().skip(1)) {
        Ok(task) => task,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: can't start a runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    runtime.block_on(async {
        match task {
            Task::Torture { time, seed } => torture(time, seed).await,
            Task::Cluster { time, seed } => cluster(time, seed).await,
            Task::Streams { count } => {
                // Each stream needs two sockets here; where the limit can't be raised, opening them tells.
                let _ = rlimit::increase_nofile_limit(u64::MAX);
                println!("{}", stream_costs(count).await);
                ExitCode::SUCCESS
            }
        }
    })
}

async fn torture(time: Duration, seed: u64) -> ExitCode {
    let start = Instant::now();
    println!("seed {seed}; `cargo xtask torture --seed {seed}` repeats the stories, not the machine's timing");
    let gate = gate_floor(seed, Bound::Until(start + time / GATE_SHARE)).await;
    println!("\nthe gate, in process, the clock an argument\n{gate}");
    let process = process_floor(seed, Bound::Until(start + time)).await;
    println!("the server, kill -9, an upstream that always succeeds\n{process}");
    told(&[("gate", gate), ("server", process)])
}

async fn cluster(time: Duration, seed: u64) -> ExitCode {
    let start = Instant::now();
    println!("seed {seed}; `cargo xtask torture cluster --seed {seed}` repeats the stories, not the machine's timing");
    let stores = cluster_floor(seed, Bound::Until(start + time / 2)).await;
    println!("\nreplicas in process, with their own clocks, on one Postgres\n{stores}");
    let servers = cluster_processes(seed, Bound::Until(start + time)).await;
    println!("servers, kill -9, on one Postgres\n{servers}");
    told(&[("replicas", stores.figures), ("servers", servers.figures)])
}

fn told(floors: &[(&str, Figures)]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for (floor, figures) in floors {
        for (name, value) in figures.faults() {
            eprintln!("error: {floor}: {name}: {value}, must be 0");
            code = ExitCode::FAILURE;
        }
    }
    code
}
