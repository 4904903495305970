//! A server's database in Postgres. Which one it is stands in a file in the server's data folder, where the server itself
//! keeps nothing: so that a second server with the same folder has the same.

use std::{fs, future::Future, path::Path, thread, time::Duration};

use access_postgres::{Clock, Options};
use tokio::runtime::{Builder, Runtime};
use tokio_postgres::{Client, SimpleQueryMessage};

use super::view::{Snapshot, Store};
use crate::{Database, connect};

const FILE: &str = "postgres-url";
const SCHEMA: &str = "tollgate";

/// A second connection to the database.
pub(crate) struct PostgresDatabase {
    // Gone last, in the background: a test's own runtime may not wait for it.
    runtime: Option<Runtime>,
    client: Client,
}

impl PostgresDatabase {
    /// The database of the server with this data folder, if it has one.
    pub(super) fn of(data_dir: &Path) -> Option<Self> {
        let url = Self::url(data_dir)?;
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let client = apart(&runtime, async {
            let client = connect(&url).await;
            client.batch_execute(&format!("SET search_path TO {SCHEMA}")).await.expect("a schema");
            client
        });
        Some(Self { runtime: Some(runtime), client })
    }

    /// Where the database of this data folder is.
    pub(crate) fn url(data_dir: &Path) -> Option<String> {
        fs::read_to_string(data_dir.join(FILE)).ok()
    }

    /// Makes a database with its tables for a server with this data folder.
    pub(crate) async fn make_for(data_dir: &Path) -> Database {
        let database = Database::fresh().await;
        let options = Options {
            url: database.url(),
            authorities: None,
            schema: SCHEMA.to_owned(),
            pool_size: 3,
            patience: Duration::from_secs(60),
            clock: Clock::Database,
        };
        access_postgres::migrate(&options).await.expect("tables");
        fs::create_dir_all(data_dir).expect("a data folder");
        fs::write(data_dir.join(FILE), database.url()).expect("a file in the data folder");
        database
    }

    /// The rows of a query, cells parted by bars.
    fn rows(&self, query: &str) -> Vec<String> {
        let runtime = self.runtime.as_ref().expect("it isn't dropped yet");
        let messages = apart(runtime, self.client.simple_query(query)).unwrap_or_else(|e| panic!("{query}: {e:?}"));
        let rows = messages.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        let text = |row: tokio_postgres::SimpleQueryRow| {
            let cells: Vec<_> = (0..row.len()).map(|at| row.get(at).unwrap_or("null").to_owned()).collect();
            cells.join("|")
        };
        rows.map(text).collect()
    }
}

/// Runs something to its end on a thread of its own, since a test's runtime can't be waited for from inside.
fn apart<T: Send>(runtime: &Runtime, work: impl Future<Output = T> + Send) -> T {
    thread::scope(|scope| scope.spawn(|| runtime.block_on(work)).join().expect("the database answers"))
}

impl Store for PostgresDatabase {
    fn run(&self, statements: &str) {
        self.rows(statements);
    }

    fn number(&self, query: &str) -> i64 {
        let rows = self.rows(query);
        rows[0].parse().unwrap_or_else(|_| panic!("{query}: {rows:?}"))
    }

    fn snapshot(&self) -> Snapshot {
        // What replicas note about themselves isn't written by a caller, and that a caller failed is no change of theirs.
        let tables = format!(
            "SELECT tablename FROM pg_tables WHERE schemaname = '{SCHEMA}' AND tablename NOT IN ('changes', 'lanes', 'tries') ORDER BY tablename"
        );
        let rows = |table: String| {
            let mut rows = self.rows(&format!("SELECT * FROM {table}"));
            rows.sort();
            (table, rows)
        };
        self.run("BEGIN ISOLATION LEVEL REPEATABLE READ");
        let all = self.rows(&tables).into_iter().map(rows).collect();
        self.run("COMMIT");
        all
    }

    fn age_rotations(&self) {
        self.run("UPDATE refresh_tokens SET rotated_at = rotated_at - interval '11 seconds'");
    }

    fn age_calls(&self) {
        self.run("UPDATE repeatable_calls SET made_at = made_at - interval '1 day'");
    }

    fn end_an_earlier_value(&self) {
        self.run("UPDATE keys SET earlier_until[1] = to_timestamp(0) WHERE cardinality(earlier_until) > 0");
    }

    fn earlier_values(&self) -> i64 {
        self.number("SELECT sum(cardinality(earlier_until)) FROM keys")
    }

    fn ways_to_break_creation(&self) -> &'static [&'static str] {
        &["RAISE EXCEPTION"]
    }

    fn break_creation(&self, how: &str) {
        self.run(&format!(
            "CREATE FUNCTION no_creation() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {how} 'no creation'; END $$;
             CREATE TRIGGER no_creation AFTER INSERT ON keys FOR EACH ROW EXECUTE FUNCTION no_creation()"
        ));
    }

    fn mend_creation(&self) {
        self.run("DROP TRIGGER no_creation ON keys; DROP FUNCTION no_creation()");
    }

    /// By a lock on every table, which reads pass.
    fn hold(&self) {
        let tables = self.rows(&format!("SELECT tablename FROM pg_tables WHERE schemaname = '{SCHEMA}'"));
        self.run(&format!("BEGIN; LOCK TABLE {} IN EXCLUSIVE MODE", tables.join(", ")));
    }

    fn let_go(&self) {
        self.run("ROLLBACK");
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
