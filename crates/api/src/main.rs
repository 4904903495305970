//! The binary `tollgate`: see `cli.rs`.

use std::process::ExitCode;

fn main() -> ExitCode {
    api::cli::run()
}
