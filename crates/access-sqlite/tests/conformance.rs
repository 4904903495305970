//! The laws of every backend, on a file in a temporary folder each.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod house;

use std::process::ExitCode;

use access::{
    Registry as _,
    conformance::{self, Law},
};
use access_sqlite::{Options, SqliteStore};
use tempfile::TempDir;

fn main() -> ExitCode {
    let (_folder, store) = open();
    conformance::main("sqlite", store.promises(), run)
}

fn open() -> (TempDir, SqliteStore) {
    let folder = TempDir::new().unwrap();
    let store = SqliteStore::open(&folder.path().join("tollgate.db"), Options::default()).unwrap();
    (folder, store)
}

fn run(law: &Law) {
    let (_folder, store) = open();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on((law.run)(house::world(&store)));
}
