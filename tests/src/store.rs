//! The server's database file seen through a connection of the test's own: to compare, to break, to block.

use std::{collections::BTreeMap, path::Path, time::Duration};

use rusqlite::{Connection, types::ValueRef};

/// Every row of every table, as text.
pub type Snapshot = BTreeMap<String, Vec<String>>;

/// A second connection to the database.
pub struct Store {
    connection: Connection,
}

impl Store {
    /// Opens a database file.
    ///
    /// # Panics
    /// If it isn't there.
    #[must_use]
    pub fn open(path: &Path) -> Self {
        let connection = Connection::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        connection.busy_timeout(Duration::from_secs(10)).expect("a bounded wait");
        Self { connection }
    }

    /// Runs statements.
    ///
    /// # Panics
    /// If one fails.
    pub fn run(&self, statements: &str) {
        self.connection.execute_batch(statements).unwrap_or_else(|e| panic!("{statements}: {e}"));
    }

    /// The first column of a query's only row, as a number.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn number(&self, query: &str) -> i64 {
        self.connection.query_row(query, [], |row| row.get(0)).unwrap_or_else(|e| panic!("{query}: {e}"))
    }

    /// Everything that is stored: equal before and after means that nothing changed.
    ///
    /// # Panics
    /// If it can't be read.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        self.run("BEGIN");
        let all = self.tables().into_iter().map(|table| (table.clone(), self.rows(&table))).collect();
        self.run("COMMIT");
        all
    }

    /// Puts every rotation of a refresh token back by more than the grace in which it may come twice.
    pub fn age_rotations(&self) {
        self.run("UPDATE refresh_tokens SET rotated_at = rotated_at - 11000 WHERE rotated_at IS NOT NULL");
    }

    /// From now on creating a key fails once its row is written. `how` is one of SQLite's ways: `ABORT` takes the
    /// statement's row back, `FAIL` leaves it for whoever ends the transaction, `ROLLBACK` has ended that already.
    pub fn break_creation(&self, how: &str) {
        self.run(&format!(
            "CREATE TRIGGER no_creation AFTER INSERT ON keys BEGIN SELECT RAISE({how}, 'no creation'); END;"
        ));
    }

    /// Takes [`break_creation`](Self::break_creation) back.
    pub fn mend_creation(&self) {
        self.run("DROP TRIGGER no_creation;");
    }

    /// Holds a write transaction, so that nobody else can write, until [`let_go`](Self::let_go).
    pub fn hold(&self) {
        self.run("BEGIN IMMEDIATE");
    }

    /// Ends [`hold`](Self::hold).
    pub fn let_go(&self) {
        self.run("ROLLBACK");
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

fn cell_text(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "null".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
        ValueRef::Blob(bytes) => data_encoding::HEXLOWER.encode(bytes),
    }
}
