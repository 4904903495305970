//! The database file of the embedded backend.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, types::ValueRef};

use super::view::{Snapshot, Store};

/// A second connection to the database.
pub(super) struct SqliteFile {
    connection: Connection,
}

impl SqliteFile {
    /// Opens a database file.
    ///
    /// # Panics
    /// If it isn't there.
    pub(super) fn open(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        connection.busy_timeout(Duration::from_secs(10)).expect("a bounded wait");
        Self { connection }
    }

    fn tables(&self) -> Vec<String> {
        // The heartbeat is written by looking whether writing works, not by a caller.
        let query = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'
                     AND name <> 'heartbeat' ORDER BY name";
        let mut statement = self.connection.prepare(query).expect("a schema");
        let names = statement.query_map([], |row| row.get(0)).expect("a schema");
        names.collect::<Result<_, _>>().expect("names of tables")
    }

    fn rows(&self, table: &str) -> Vec<String> {
        let mut statement = self.connection.prepare(&format!("SELECT * FROM \"{table}\"")).expect("a table");
        let columns = statement.column_count();
        let row_text = |row: &rusqlite::Row<'_>| {
            let cells = (0..columns).map(|at| row.get_ref(at).map(cell_text));
            cells.collect::<Result<Vec<_>, _>>().map(|cells| cells.join("|"))
        };
        let mut rows: Vec<String> =
            statement.query_map([], row_text).expect("rows").collect::<Result<_, _>>().expect("rows");
        rows.sort();
        rows
    }
}

impl Store for SqliteFile {
    fn run(&self, statements: &str) {
        self.connection.execute_batch(statements).unwrap_or_else(|e| panic!("{statements}: {e}"));
    }

    fn number(&self, query: &str) -> i64 {
        self.connection.query_row(query, [], |row| row.get(0)).unwrap_or_else(|e| panic!("{query}: {e}"))
    }

    fn snapshot(&self) -> Snapshot {
        self.run("BEGIN");
        let all = self.tables().into_iter().map(|table| (table.clone(), self.rows(&table))).collect();
        self.run("COMMIT");
        all
    }

    fn age_rotations(&self) {
        self.run("UPDATE refresh_tokens SET rotated_at = rotated_at - 11000 WHERE rotated_at IS NOT NULL");
    }

    fn age_calls(&self) {
        self.run("UPDATE repeatable_calls SET made_at = made_at - 86400000");
    }

    fn end_an_earlier_value(&self) {
        self.run("UPDATE earlier_values SET until = 0 WHERE rowid = (SELECT min(rowid) FROM earlier_values)");
    }

    fn earlier_values(&self) -> i64 {
        self.number("SELECT count(*) FROM earlier_values")
    }

    /// `ABORT` takes the statement's row back, `FAIL` leaves it for whoever ends the transaction, `ROLLBACK` has ended
    /// that already.
    fn ways_to_break_creation(&self) -> &'static [&'static str] {
        &["ABORT", "FAIL", "ROLLBACK"]
    }

    fn break_creation(&self, how: &str) {
        self.run(&format!(
            "CREATE TRIGGER no_creation AFTER INSERT ON keys BEGIN SELECT RAISE({how}, 'no creation'); END;"
        ));
    }

    fn mend_creation(&self) {
        self.run("DROP TRIGGER no_creation;");
    }

    /// By a write transaction.
    fn hold(&self) {
        self.run("BEGIN IMMEDIATE");
    }

    fn let_go(&self) {
        self.run("ROLLBACK");
    }
}

fn cell_text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "null".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => data_encoding::HEXLOWER.encode(bytes),
    }
}
