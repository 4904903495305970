//! A copy of the file as of one moment, also while a server writes to it.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::open::{OpenError, from_sqlite};

/// Writes all that is in a file into another one, which mustn't exist. Whoever uses the file goes on meanwhile; what they
/// write after the copy began isn't in it.
///
/// # Errors
/// Why not. A part of the copy may be there then.
pub fn back_up(from: &Path, to: &Path) -> Result<(), OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(from, flags).map_err(|error| from_sqlite(from, error))?;
    // Whether it can be read at all, before anything is written.
    conn.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0))
        .map_err(|error| from_sqlite(from, error))?;
    // One statement, so one moment; the copy has neither write-ahead log nor free pages.
    conn.execute("VACUUM INTO ?1", [to.to_string_lossy()]).map(drop).map_err(|error| from_sqlite(to, error))
}
