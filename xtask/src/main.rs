//! Tasks of this workspace. `cargo xtask` lists them; `cargo xtask <task> --help` explains one.

mod apt;
mod arguments;
mod bench;
mod browser;
mod bundler;
mod ci;
#[cfg(feature = "compress")]
mod compress;
mod dist;
mod emulators;
mod failure;
mod help;
mod network;
mod openapi;
mod openapi_diff;
mod page;
mod page_size;
mod pinned;
mod prepare;
mod progress;
mod proxies;
mod python;
mod run;
mod sdks;
mod server;
mod test;
mod tidy;
mod time_left;
mod tools;
mod torture;
mod workspace;

use std::env;
use std::process::ExitCode;

use anyhow::{Result, bail};

use help::Task;

fn main() -> ExitCode {
    let args: Vec<String> = env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    match dispatch(&args) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Result<ExitCode> {
    let Some((name, rest)) = args.split_first() else {
        println!("{}", help::OVERVIEW);
        return Ok(ExitCode::SUCCESS);
    };
    if matches!(name.as_str(), "help" | "--help" | "-h") {
        match rest.first().and_then(|topic| Task::parse(topic)) {
            Some(task) => println!("{}", task.help()),
            None => println!("{}", help::OVERVIEW),
        }
        return Ok(ExitCode::SUCCESS);
    }
    #[cfg(feature = "compress")]
    if name == compress::VERB {
        return compress::main(rest);
    }
    let Some(task) = Task::parse(name) else {
        bail!("there is no task `{name}`; `cargo xtask help` lists them");
    };
    let (own, passed) = match rest.iter().position(|arg| arg == "--") {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, &[][..]),
    };
    if own.iter().any(|arg| arg == "--help" || arg == "-h") {
        println!("{}", task.help());
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(stray) = arguments::stray(own, task.flags())? {
        match task.passes_on() {
            Some(to) => {
                bail!("unknown flag `{stray}`; what is meant for {to} goes after `--`: cargo xtask {name} -- {stray}")
            }
            None => bail!("unknown flag `{stray}`; `cargo xtask {name} --help` lists them"),
        }
    }
    if task.passes_on().is_none() && !passed.is_empty() {
        bail!("`cargo xtask {name}` takes nothing after `--`");
    }
    let has = |flag: &str| own.iter().any(|arg| arg == flag);
    let value = |flag: &str| arguments::value(own, flag);
    match task {
        Task::Run => run::main(passed),
        Task::Test => test::main(passed),
        Task::Ci => ci::main(),
        Task::Openapi => match value("--diff") {
            Some(reference) => openapi_diff::main(reference),
            None => openapi::main(has("--check"), server::build).map(|()| ExitCode::SUCCESS),
        },
        Task::Tidy => tidy::main(!has("--no-page")),
        Task::Dist => dist::main().map(|()| ExitCode::SUCCESS),
        Task::Bench if has("streams") => bench::streams(passed),
        Task::Bench => bench::main(passed),
        Task::Torture => torture::main(own),
    }
}
