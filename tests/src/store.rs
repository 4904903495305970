//! What the server stores, seen through a connection of the test's own: to compare, to break, to block. One trait, so that
//! the tests run on every backend that keeps accounts.

mod postgres;
mod sqlite;
mod view;

use std::path::Path;

pub(crate) use postgres::PostgresDatabase;
use sqlite::SqliteFile;
pub use view::{Snapshot, Store};

/// What the server with this data folder stores.
pub(crate) fn of(data_dir: &Path) -> Box<dyn Store> {
    match PostgresDatabase::of(data_dir) {
        Some(database) => Box::new(database),
        None => Box::new(SqliteFile::open(&data_dir.join("tollgate.db"))),
    }
}
