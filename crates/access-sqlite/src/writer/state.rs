//! What the writer's thread works on: the one connection that writes, and the ledger.

use access::StoreError;
use api_types::{Date, KeyId, Timestamp};
use rusqlite::Connection;

use crate::{
    Synchronous,
    counting::ledger::Ledger,
    counting::live_plan::{LivePlan, PlanRow},
    counting::passes::SubscriptionRow,
    sql::columns::store_error,
    sql::counted::{SqliteRows, write_days, write_heartbeat},
    store::state_owners::Unwritten,
};

/// Connection and ledger, always together.
pub(crate) struct Desk {
    pub(crate) conn: Connection,
    pub(crate) ledger: Ledger,
    /// Owners of what the upstream keeps that wait to be written.
    pub(crate) owners: Unwritten,
    pub(crate) synchronous: Synchronous,
    /// The day of the last look for subscriptions that nobody needs.
    pub(crate) purged_on: Option<Date>,
}

/// What a change makes the ledger forget. Done whether or not the commit came through: forgetting is always safe.
#[derive(Default)]
pub(crate) struct Forget {
    pub(crate) keys: Vec<KeyId>,
    pub(crate) subscriptions: Vec<SubscriptionRow>,
}

impl Desk {
    /// The ledger with the rows that it may need.
    pub(crate) fn parts(&mut self) -> (&mut Ledger, SqliteRows<'_>) {
        (&mut self.ledger, SqliteRows(&self.conn))
    }

    /// Writes what the batch changed, in one transaction, and tells the ledger how it went.
    pub(crate) fn commit_batch(&mut self, beat: bool) -> Result<(), StoreError> {
        let rows = self.ledger.unwritten(&SqliteRows(&self.conn));
        let owners = &mut self.owners;
        let written = rows.and_then(|rows| {
            let write = |conn: &Connection| {
                write_days(conn, &rows)?;
                owners.write(conn)?;
                if beat { write_heartbeat(conn) } else { Ok(()) }
            };
            in_transaction(&self.conn, write).map_err(store_error("write counts"))
        });
        match &written {
            Ok(()) => {
                self.ledger.committed();
                self.owners.written();
            }
            Err(_) => self.ledger.rolled_back(),
        }
        written
    }

    /// Whether there is anything that isn't on the disk.
    pub(crate) fn is_dirty(&self) -> bool {
        self.ledger.is_dirty() || !self.owners.is_empty()
    }

    /// Writes the owners that wait, so that a look-up on another connection sees them.
    pub(crate) fn write_owners(&mut self) -> Result<(), StoreError> {
        if self.owners.is_empty() { Ok(()) } else { self.commit_batch(false) }
    }

    /// A change of the management plane in a transaction of its own, on the disk when it returns. An inner `Err` is an
    /// answer that leaves nothing behind.
    pub(crate) fn change<T, E>(
        &mut self,
        doing: &'static str,
        change: impl FnOnce(&Connection, &Ledger, &mut Forget) -> rusqlite::Result<Result<T, E>>,
    ) -> Result<Result<T, E>, StoreError> {
        let mut forget = Forget::default();
        let ledger = &self.ledger;
        let mut answer = None;
        let outcome = durably(&self.conn, self.synchronous, |conn| {
            match change(conn, ledger, &mut forget)? {
                Ok(value) => answer = Some(Ok(value)),
                Err(refused) => {
                    answer = Some(Err(refused));
                    return Ok(false);
                }
            }
            Ok(true)
        });
        for key in forget.keys {
            self.ledger.forget_key(key);
        }
        for subscription in forget.subscriptions {
            self.ledger.forget_subscription(subscription);
        }
        outcome.map_err(store_error(doing))?;
        answer.ok_or_else(|| StoreError::new(doing, "the change gave no answer"))
    }

    /// The plans in the file become those of the ledger.
    pub(crate) fn set_plans(&mut self, plans: std::collections::HashMap<PlanRow, LivePlan>) {
        self.ledger.set_plans(plans);
    }

    /// Once a day of UTC: subscriptions that nobody needs any more go, with the digest of their owner.
    pub(crate) fn purge_if_due(&mut self, now: Timestamp) {
        let today = access::TimeZone::utc().day(now);
        if self.purged_on == Some(today) {
            return;
        }
        self.purged_on = Some(today);
        if let Err(error) = crate::writer::purge::purge(self, now) {
            tracing::warn!(%error, "subscriptions without a key were not looked through; tried again tomorrow");
        }
    }
}

/// Runs `write` in a transaction: all of it or nothing.
fn in_transaction(conn: &Connection, write: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
    transaction(conn, |conn| write(conn).map(|()| true))
}

/// Runs `write` in a transaction that is on the disk when this returns.
fn durably(
    conn: &Connection,
    synchronous: Synchronous,
    write: impl FnOnce(&Connection) -> rusqlite::Result<bool>,
) -> rusqlite::Result<()> {
    if synchronous == Synchronous::Full {
        return transaction(conn, write);
    }
    end_transaction(conn);
    conn.pragma_update(None, "synchronous", "FULL")?;
    let outcome = transaction(conn, write);
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    outcome
}

/// Runs `write` in a transaction and commits it if it says so.
fn transaction(conn: &Connection, write: impl FnOnce(&Connection) -> rusqlite::Result<bool>) -> rusqlite::Result<()> {
    end_transaction(conn);
    conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
    let outcome = match write(conn) {
        Ok(true) => conn.prepare_cached("COMMIT").and_then(|mut commit| commit.execute([])).map(drop),
        Ok(false) => Ok(()),
        Err(error) => Err(error),
    };
    end_transaction(conn);
    outcome
}

/// Ends a transaction that is still open, after a refusal or a failure; SQLite ends it itself after some.
fn end_transaction(conn: &Connection) {
    if !conn.is_autocommit()
        && let Err(error) = conn.execute_batch("ROLLBACK")
    {
        tracing::warn!(%error, "a transaction could not be rolled back; tried again before the next");
    }
}
