//! The schema and its migrations, applied in order when the file is opened.

use rusqlite::{Connection, TransactionBehavior};

/// Every migration, in order; `user_version` counts how many a file has seen. Add to the end, never change one that
/// was released.
const MIGRATIONS: &[&str] = &[
    include_str!("schema/001.sql"),
    include_str!("schema/002.sql"),
    include_str!("schema/003.sql"),
    include_str!("schema/004.sql"),
    include_str!("schema/005.sql"),
    include_str!("schema/006.sql"),
    include_str!("schema/007.sql"),
    include_str!("schema/008.sql"),
    include_str!("schema/009.sql"),
    include_str!("schema/010.sql"),
];

/// The version that this program writes.
pub(super) const KNOWN: i64 = MIGRATIONS.len() as i64;

/// What a file's schema came to.
pub(super) enum Migrated {
    /// It is [`KNOWN`] now.
    Done,
    /// A newer program wrote it; nothing was touched.
    Newer(i64),
}

/// The version of a file's schema; 0: it has none of ours.
pub(super) fn version(conn: &Connection) -> rusqlite::Result<i64> {
    conn.pragma_query_value(None, "user_version", |row| row.get(0))
}

/// Brings a file to [`KNOWN`], each migration in its own transaction.
pub(super) fn migrate(conn: &mut Connection) -> rusqlite::Result<Migrated> {
    loop {
        let version = version(conn)?;
        if version > KNOWN {
            return Ok(Migrated::Newer(version));
        }
        let Some(sql) = usize::try_from(version).ok().and_then(|at| MIGRATIONS.get(at)) else {
            return Ok(Migrated::Done);
        };
        if version > 0 {
            // Another program may number its files too: what has none of our tables gets none.
            conn.prepare("SELECT 1 FROM heartbeat")?;
        }
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", version + 1)?;
        tx.commit()?;
    }
}
