//! What the writer's thread works on: the one connection that writes, and the ledger, which it shares with whoever is
//! admitted out of a block.

use std::sync::Arc;

use access::StoreError;
use api_types::{AccountId, Date};
use parking_lot::{Mutex, MutexGuard};
use rusqlite::{Connection, TransactionBehavior};

use super::unwritten_owners::UnwrittenOwners;
use crate::{
    Synchronous,
    counting::Ledger,
    sql::{
        Unchanged,
        counted_rows::{SqliteRows, write_days},
        keys,
        open::prove_writing,
        store_error,
    },
};

/// The connection, and the ledger of what it stores.
pub(crate) struct WriterState {
    pub(crate) conn: Connection,
    ledger: Arc<Mutex<Ledger>>,
    /// Owners of what the upstream keeps that wait to be written.
    pub(super) owners: UnwrittenOwners,
    synchronous: Synchronous,
    /// The day of the last look for subscriptions that nobody needs.
    pub(super) purged_on: Option<Date>,
}

impl WriterState {
    /// Both, with nothing waiting to be written.
    pub(crate) fn new(conn: Connection, ledger: Arc<Mutex<Ledger>>, synchronous: Synchronous) -> Self {
        Self { conn, ledger, owners: UnwrittenOwners::default(), synchronous, purged_on: None }
    }

    /// The ledger, locked: never while something is written, since workers wait for it.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock()
    }

    /// The ledger with the rows that it may need.
    pub(crate) fn parts(&self) -> (MutexGuard<'_, Ledger>, SqliteRows<'_>) {
        (self.ledger(), SqliteRows(&self.conn))
    }

    /// Writes what the batch changed, in one transaction, and tells the ledger how it went.
    pub(super) fn commit_batch(&mut self, beat: bool) -> Result<(), StoreError> {
        let Self { conn, ledger, owners, .. } = self;
        let rows = ledger.lock().unwritten();
        let write = |conn: &Connection| {
            write_days(conn, &rows)?;
            owners.write(conn)?;
            if beat { prove_writing(conn) } else { Ok(()) }
        };
        let written = in_transaction(conn, write).map_err(store_error("write counts"));
        match &written {
            Ok(()) => {
                ledger.lock().committed();
                owners.written();
            }
            Err(_) => ledger.lock().rolled_back(),
        }
        written
    }

    /// Whether there is anything that isn't on the disk.
    pub(super) fn is_dirty(&self) -> bool {
        self.ledger().is_dirty() || !self.owners.is_empty()
    }

    /// Writes the owners that wait, so that a look-up on another connection sees them.
    pub(crate) fn write_owners(&mut self) -> Result<(), StoreError> {
        if self.owners.is_empty() { Ok(()) } else { self.commit_batch(false) }
    }

    /// Writes counts without what blocks still hold: their sizes are by plans that are about to change.
    pub(crate) fn take_blocks_back(&mut self) -> Result<(), StoreError> {
        self.ledger().take_blocks_back();
        if self.ledger().is_dirty() { self.commit_batch(false) } else { Ok(()) }
    }

    /// An account's keys are about to end.
    pub(crate) fn forget_keys_of(&mut self, doing: &'static str, account: AccountId) -> Result<(), StoreError> {
        for key in keys::all_of(&self.conn, account).map_err(store_error(doing))? {
            self.ledger().forget_key(key.id);
        }
        Ok(())
    }

    /// A change of the management plane in a transaction of its own, on the disk when it returns.
    pub(crate) fn change<T, E: From<StoreError>>(
        &mut self,
        doing: &'static str,
        change: impl FnOnce(&Connection) -> Result<T, Unchanged<E>>,
    ) -> Result<T, E> {
        let durably = || {
            self.conn.pragma_update(None, "synchronous", "FULL")?;
            let outcome = in_transaction(&mut self.conn, change);
            self.conn.pragma_update(None, "synchronous", self.synchronous.pragma())?;
            outcome
        };
        durably().map_err(|unchanged: Unchanged<E>| unchanged.told(doing))
    }
}

/// Runs `write` in a transaction: all of it or nothing.
fn in_transaction<T, E: From<rusqlite::Error>>(
    conn: &mut Connection,
    write: impl FnOnce(&Connection) -> Result<T, E>,
) -> Result<T, E> {
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = write(&transaction)?;
    transaction.commit()?;
    Ok(value)
}
