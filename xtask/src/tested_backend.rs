//! The end-to-end suite on another backend than the embedded one.

use std::process::Command;

/// Postgres, by its name in the configuration.
pub(crate) const POSTGRES: &str = "postgres";

/// What of the suite is about the data folder and its files, which mean nothing where all is in Postgres. Each is here
/// for that reason; nothing else is left out.
const OF_THE_FILE: &[&str] = &[];

/// Makes this call of the test runner, which takes filters, one of the end-to-end suite on Postgres.
pub(crate) fn on_postgres(command: &mut Command) {
    let left_out: String = OF_THE_FILE.iter().map(|name| format!(" - test(={name})")).collect();
    command.env("TOLLGATE_TESTED_BACKEND", POSTGRES).args(["-E", &format!("binary(it){left_out}")]);
}
