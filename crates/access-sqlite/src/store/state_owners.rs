//! Owners of what the upstream keeps: gathered by the writer's thread, written along with its next commit, and looked up
//! on the reader's thread behind all that was gathered.

use std::collections::HashMap;

use access::{STATE_IDS_KEPT, STATE_KEPT, StateId, StateOwners, StoreError};
use api_types::{AccountId, Timestamp};
use async_trait::async_trait;
use rusqlite::{Connection, params};

use crate::{SqliteStore, writer::queue::Message, writer::state::Desk};

/// Most that wait to be written: while the disk is full, what comes beyond is lost.
const WAITING_MAX: usize = 65_536;
/// After so many of an account it is counted how many it has.
const COUNTED_EVERY: u64 = 1_000;
/// Past so many accounts it is forgotten when they were counted.
const ACCOUNTS_KNOWN: usize = 10_000;
/// Of those whose time is over, so many go with each write: more than come.
const FORGOTTEN_AT_ONCE: usize = 100;

/// An id that an answer named.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NamedId {
    id: StateId,
    account: AccountId,
    at: Timestamp,
}

/// What waits to be written.
#[derive(Debug, Default)]
pub(crate) struct Unwritten {
    waiting: Vec<NamedId>,
    /// Some were lost since the last write, and it was told.
    is_losing: bool,
    /// So many of each account were written since it was counted.
    since_counted: HashMap<AccountId, u64>,
}

impl Unwritten {
    /// Takes one more.
    pub(crate) fn push(&mut self, named: NamedId) {
        if self.waiting.len() < WAITING_MAX {
            self.waiting.push(named);
        } else if !std::mem::replace(&mut self.is_losing, true) {
            tracing::error!("too many owners of answers wait to be written: from now on they are lost");
        }
    }

    /// Whether any waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Writes all, as a part of a transaction; makes room for what comes. They wait on until [`Self::written`].
    pub(crate) fn write(&mut self, conn: &Connection) -> rusqlite::Result<()> {
        let Some(newest) = self.waiting.iter().map(|named| named.at).max() else { return Ok(()) };
        // The account may be gone since, and with it all that it owned.
        let sql = "INSERT INTO state_owners (id, account, named_at) SELECT ?1, id, ?3 FROM accounts WHERE id = ?2
                   ON CONFLICT (id) DO UPDATE SET account = excluded.account, named_at = excluded.named_at
                   WHERE named_at <= ?4 OR (account = excluded.account AND named_at < excluded.named_at)";
        let mut insert = conn.prepare_cached(sql)?;
        let mut came: HashMap<AccountId, u64> = HashMap::new();
        for NamedId { id, account, at } in &self.waiting {
            let at = at.as_millisecond();
            insert.execute(params![id.as_bytes(), account.to_string(), at, forgotten_at(at)])?;
            *came.entry(*account).or_default() += 1;
        }
        let over = "DELETE FROM state_owners WHERE id IN
                    (SELECT id FROM state_owners WHERE named_at <= ?1 ORDER BY named_at LIMIT ?2)";
        let most = self.waiting.len() + FORGOTTEN_AT_ONCE;
        conn.prepare_cached(over)?.execute(params![forgotten_at(newest.as_millisecond()), most as i64])?;
        if self.since_counted.len() > ACCOUNTS_KNOWN {
            self.since_counted.clear();
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
    pub(crate) fn written(&mut self) {
        self.waiting.clear();
        self.is_losing = false;
    }
}

/// From then on what was named at this time is known no more, in milliseconds.
fn forgotten_at(now: i64) -> i64 {
    now.saturating_sub(STATE_KEPT.as_millis() as i64)
}

/// Deletes an account's oldest beyond the bound.
fn keep_newest(conn: &Connection, account: AccountId) -> rusqlite::Result<()> {
    let account = account.to_string();
    let count = "SELECT count(*) FROM state_owners WHERE account = ?1";
    let held: i64 = conn.prepare_cached(count)?.query_row([&account], |row| row.get(0))?;
    let sql = "DELETE FROM state_owners WHERE id IN
               (SELECT id FROM state_owners WHERE account = ?1 ORDER BY named_at LIMIT ?2)";
    let surplus = held - STATE_IDS_KEPT as i64;
    if surplus > 0 {
        conn.prepare_cached(sql)?.execute(params![account, surplus])?;
    }
    Ok(())
}

#[async_trait]
impl StateOwners for SqliteStore {
    fn remember(&self, account: AccountId, id: StateId, now: Timestamp) {
        let named = NamedId { id, account, at: now };
        // A store that is closed or swamped remembers nothing more: its owner will have to begin anew.
        let _ = self.inner.queue.send("remember an owner", Message::Remember(named));
    }

    async fn first_foreign(
        &self,
        account: AccountId,
        ids: Vec<StateId>,
        now: Timestamp,
    ) -> Result<Option<usize>, StoreError> {
        let doing = "look up owners";
        self.inner.queue.run(doing, Desk::write_owners).await?;
        let read = move |conn: &Connection| {
            let sql = "SELECT 1 FROM state_owners WHERE id = ?1 AND account = ?2 AND named_at > ?3";
            let mut find = conn.prepare_cached(sql)?;
            let (account, forgotten) = (account.to_string(), forgotten_at(now.as_millisecond()));
            for (at, id) in ids.iter().enumerate() {
                if !find.exists(params![id.as_bytes(), account, forgotten])? {
                    return Ok(Some(at));
                }
            }
            Ok(None)
        };
        self.inner.reader.read(doing, read).await
    }
}
