//! Owners of what the upstream keeps, until they are written along with the next commit.

use std::collections::HashMap;

use api_types::AccountId;
use rusqlite::Connection;

use crate::sql::state_owners::{NamedId, keep_newest, put_all};

/// Most that wait to be written: while the disk is full, what comes beyond is lost.
const WAITING_MAX: usize = 65_536;
/// After so many of an account it is counted how many it has.
const COUNTED_EVERY: u64 = 1_000;
/// Past so many accounts it is forgotten when they were counted.
const ACCOUNTS_KNOWN: usize = 10_000;

/// What waits to be written.
#[derive(Debug, Default)]
pub(crate) struct UnwrittenOwners {
    waiting: Vec<NamedId>,
    /// Some were lost since the last write, and it was told.
    is_losing: bool,
    /// So many of each account were written since it was counted.
    since_counted: HashMap<AccountId, u64>,
}

impl UnwrittenOwners {
    /// Takes one more.
    pub(super) fn push(&mut self, named: NamedId) {
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push(named);
        } else if !std::mem::replace(&mut self.is_losing, true) {
            tracing::error!("too many owners of answers wait to be written: from now on they are lost");
        }
    }

    /// Whether none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Writes all, as a part of a transaction; makes room for what comes. They wait on until [`Self::written`].
    pub(super) fn write(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        put_all(conn, &self.waiting)?;
        if self.since_counted.len() > ACCOUNTS_KNOWN {
            self.since_counted.clear();
        }
        let mut came: HashMap<AccountId, u64> = HashMap::new();
        for NamedId { account, .. } in &self.waiting {
            *came.entry(*account).or_default() += 1;
        }
        for (account, more) in came {
            // Where it isn't known when it was counted: now.
            let since = self.since_counted.entry(account).or_insert(COUNTED_EVERY);
            *since += more;
            if *since >= COUNTED_EVERY {
                *since = 0;
                keep_newest(conn, account)?;
            }
        }
        Ok(())
    }

    /// They are written.
    pub(super) fn written(&mut self) {
        self.waiting.clear();
        self.is_losing = false;
    }
}
