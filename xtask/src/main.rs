//! Tasks of this workspace. `cargo xtask` lists them; `cargo xtask <task> --help` explains one.

mod apt;
mod audit;
mod bench;
mod browser;
mod bundler;
mod ci;
mod cli;
mod clients;
#[cfg(feature = "compress")]
mod compress;
mod contract;
mod dist;
mod emulators;
mod failure;
mod gateways;
mod network;
mod node;
mod openapi;
mod openapi_diff;
mod packaging;
mod page;
mod page_size;
mod pinned;
mod postgres;
mod prepare;
mod progress;
mod proxies;
mod python;
mod run;
mod sdks;
mod server;
mod test;
mod tested_backend;
mod tidy;
mod time_left;
mod tools;
mod torture;
mod unprivileged;
mod workspace;
mod wrong_clock;

use std::process::ExitCode;

use anyhow::Result;
use clap::{CommandFactory, Parser};

use cli::{Cli, Measured, Task};

fn main() -> ExitCode {
    match dispatch(Cli::parse().task) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(task: Option<Task>) -> Result<ExitCode> {
    let Some(task) = task else {
        Cli::command().print_help()?;
        return Ok(ExitCode::SUCCESS);
    };
    match task {
        Task::Run { passed } => run::main(&passed),
        Task::Test { backend, passed } => test::main(backend, &passed),
        Task::Ci => ci::main(),
        Task::Openapi { diff: Some(reference), .. } => openapi_diff::main(&reference),
        Task::Openapi { check, diff: None } => openapi::main(check, server::build).map(|()| ExitCode::SUCCESS),
        Task::Clients { lang, out } => clients::main(lang, out).map(|()| ExitCode::SUCCESS),
        Task::Contract { cases, seed } => test::run(&contract::suite(), &contract::variables(cases, seed)),
        Task::Tidy { no_page } => tidy::main(!no_page),
        Task::Dist { is_static } => dist::main(is_static).map(|()| ExitCode::SUCCESS),
        Task::Bench { what: Some(Measured::Cluster), passed, .. } => bench::cluster(&passed),
        Task::Bench { what: Some(Measured::Streams), passed, .. } => bench::streams(&passed),
        Task::Bench { what: Some(Measured::Admission), passed, .. } => bench::admission(&passed),
        Task::Bench { what: None, quick, passed } => bench::proxies(quick, &passed),
        Task::Torture { what, minutes, seed } => torture::main(what, minutes, seed),
        #[cfg(feature = "compress")]
        Task::Compress { passed } => compress::main(&passed),
    }
}
