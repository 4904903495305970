//! A file's rows for another store. The file is read while nobody else has it, and left as it is.

use std::{fs::File, path::Path};

use access::{
    Counts, OwnerDigest, RepeatableCall, StoreError, StoredAccount, StoredCall, StoredDay, StoredKey, StoredPlan,
    StoredRefreshToken, StoredRows, StoredSession, StoredStateOwner, StoredSubscription, Totals,
};
use api_types::Email;
use rusqlite::{Connection, Row};

use super::{
    accounts, audit,
    columns::{Columns, unreadable},
    earlier_values,
    error::store_error,
    invites,
    open::{OpenError, from_sqlite, open_to_read},
    plans,
    statements::first,
};

/// So many rows are handed on at once.
const AT_ONCE: usize = 5_000;

const TOTALS: &str = "SELECT
    (SELECT count(*) FROM plans), (SELECT count(*) FROM accounts),
    (SELECT count(*) FROM accounts WHERE blocked OR waiting), (SELECT count(*) FROM accounts WHERE operator),
    (SELECT count(*) FROM sessions),
    (SELECT count(*) FROM refresh_tokens), (SELECT count(*) FROM subscriptions), (SELECT count(*) FROM keys),
    (SELECT count(*) FROM earlier_values), (SELECT count(*) FROM usage_days),
    (SELECT coalesce(sum(used), 0) FROM usage_days), (SELECT coalesce(sum(refused), 0) FROM usage_days),
    (SELECT coalesce(sum(returned), 0) FROM usage_days), (SELECT count(*) FROM state_owners),
    (SELECT count(*) FROM repeatable_calls), (SELECT count(*) FROM audit),
    (SELECT count(*) FROM invites)";

const SUBSCRIPTIONS: &str = "SELECT *,
        (SELECT max(last_used_at) FROM usage_days WHERE subscription = subscriptions.id) AS used_at
    FROM subscriptions ORDER BY id";

/// A file that is read as a whole. Nobody else can open it for its server meanwhile.
#[derive(Debug)]
pub struct Export {
    conn: Connection,
    _lock: File,
}

impl Export {
    /// Opens a file for reading. One that an older version wrote is brought up to date first, as its server would do.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let (conn, lock) = open_to_read(path)?;
        // Whoever writes without the lock, such as an operator, isn't seen from here on.
        conn.execute_batch("BEGIN").map_err(|error| from_sqlite(path, error))?;
        Ok(Self { conn, _lock: lock })
    }

    /// How much there is of everything.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn totals(&self) -> Result<Totals, StoreError> {
        let read = |row: &Row<'_>| {
            let mut numbers = [0; Totals::OF.len()];
            for (at, number) in numbers.iter_mut().enumerate() {
                *number = row.get::<_, i64>(at)?.try_into().map_err(|_| unreadable("totals"))?;
            }
            Ok(Totals::new(numbers))
        };
        self.conn.query_row(TOTALS, [], read).map_err(store_error("count rows"))
    }

    /// How many rows there are about keys that live in another service, or lived there.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn rows_about_another_service(&self) -> Result<u64, StoreError> {
        let sql = "SELECT (SELECT count(*) FROM remote_keys) + (SELECT count(*) FROM remote_intents)
                          + (SELECT count(*) FROM carried_use) AS rows";
        self.conn.query_row(sql, [], |row| row.read("rows")).map_err(store_error("count rows"))
    }

    /// The owner of the key that was made last, by address and by digest: a witness of the key that digests them.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn last_owner(&self) -> Result<Option<(Email, OwnerDigest)>, StoreError> {
        let sql = "SELECT accounts.email, subscriptions.owner FROM keys
                   JOIN accounts ON accounts.id = keys.account
                   JOIN subscriptions ON subscriptions.id = keys.subscription ORDER BY keys.rowid DESC LIMIT 1";
        let read = |row: &Row<'_>| Ok((row.read("email")?, row.read("owner")?));
        first(&self.conn, sql, [], read).map_err(store_error("read an owner"))
    }

    /// Hands on all rows, some at once.
    ///
    /// # Errors
    /// When they can't be read, and what `take` says.
    pub fn read(&self, mut take: impl FnMut(StoredRows) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let take = &mut take;
        self.each("SELECT * FROM plans ORDER BY id", StoredRows::Plans, plan, take)?;
        self.each("SELECT * FROM accounts", StoredRows::Accounts, account, take)?;
        self.each("SELECT * FROM sessions", StoredRows::Sessions, session, take)?;
        self.each("SELECT * FROM refresh_tokens", StoredRows::RefreshTokens, refresh_token, take)?;
        self.each(SUBSCRIPTIONS, StoredRows::Subscriptions, subscription, take)?;
        let key = |row: &Row<'_>| self.key(row);
        self.each("SELECT * FROM keys ORDER BY rowid", StoredRows::Keys, key, take)?;
        self.each("SELECT * FROM usage_days", StoredRows::UsageDays, day, take)?;
        self.each("SELECT * FROM state_owners", StoredRows::StateOwners, state_owner, take)?;
        self.each("SELECT * FROM repeatable_calls", StoredRows::RepeatableCalls, call, take)?;
        let audit = "SELECT audit.*, NULL AS actor_email, NULL AS subject_email FROM audit ORDER BY id";
        self.each(audit, StoredRows::Audit, audit::read, take)?;
        self.each("SELECT * FROM invites", StoredRows::Invites, invites::read_with_digest, take)
    }

    fn each<T>(
        &self,
        sql: &str,
        kind: fn(Vec<T>) -> StoredRows,
        read: impl Fn(&Row<'_>) -> rusqlite::Result<T>,
        take: &mut impl FnMut(StoredRows) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let failed = || store_error("read rows");
        let mut statement = self.conn.prepare(sql).map_err(failed())?;
        let mut found = statement.query_map([], read).map_err(failed())?;
        loop {
            let some: Vec<T> = found.by_ref().take(AT_ONCE).collect::<Result<_, _>>().map_err(failed())?;
            if some.is_empty() {
                return Ok(());
            }
            take(kind(some))?;
        }
    }

    fn key(&self, row: &Row<'_>) -> rusqlite::Result<StoredKey> {
        let id = row.read("id")?;
        Ok(StoredKey {
            id,
            account: row.read("account")?,
            subscription: row.get("subscription")?,
            digest: row.read("digest")?,
            earlier: earlier_values::all_of(&self.conn, id)?,
            enabled: row.get("enabled")?,
            label: row.read("label")?,
            created_at: row.read("created_at")?,
            rotated_at: row.read("rotated_at")?,
        })
    }
}

fn plan(row: &Row<'_>) -> rusqlite::Result<StoredPlan> {
    Ok(StoredPlan {
        number: row.get("id")?,
        plan: plans::read(row)?,
        position: row.get("position")?,
        offered: row.get("offered")?,
    })
}

fn account(row: &Row<'_>) -> rusqlite::Result<StoredAccount> {
    Ok(StoredAccount { account: accounts::read(row)?, waiting: row.get("waiting")?, blocked: row.get("blocked")? })
}

fn session(row: &Row<'_>) -> rusqlite::Result<StoredSession> {
    Ok(StoredSession {
        id: row.read("id")?,
        account: row.read("account")?,
        client: row.read("client")?,
        created_at: row.read("created_at")?,
        last_used_at: row.read("last_used_at")?,
        expires_at: row.read("expires_at")?,
    })
}

fn refresh_token(row: &Row<'_>) -> rusqlite::Result<StoredRefreshToken> {
    Ok(StoredRefreshToken {
        digest: row.read("digest")?,
        session: row.read("session")?,
        rotated_at: row.read("rotated_at")?,
    })
}

fn subscription(row: &Row<'_>) -> rusqlite::Result<StoredSubscription> {
    Ok(StoredSubscription {
        number: row.get("id")?,
        id: row.read("public_id")?,
        owner: row.read("owner")?,
        plan: row.get("plan")?,
        subscribed_on: row.read("subscribed_on")?,
        used_at: row.read("used_at")?,
    })
}

fn day(row: &Row<'_>) -> rusqlite::Result<StoredDay> {
    let counts = Counts { used: row.read("used")?, refused: row.read("refused")?, returned: row.read("returned")? };
    Ok(StoredDay { subscription: row.get("subscription")?, day: row.read("day")?, counts })
}

fn state_owner(row: &Row<'_>) -> rusqlite::Result<StoredStateOwner> {
    Ok(StoredStateOwner { id: row.read("id")?, account: row.read("account")?, named_at: row.read("named_at")? })
}

fn call(row: &Row<'_>) -> rusqlite::Result<StoredCall> {
    Ok(StoredCall {
        account: row.read("account")?,
        call: RepeatableCall { name: row.get("name")?, request: row.get("request")? },
        key: row.read("key")?,
        made_at: row.read("made_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tables that are moved, and those that mean something to this file alone.
    const MOVED: &[&str] = &[
        "accounts(id,email,password_hash,created_at,waiting,blocked,operator)",
        "audit(id,at,actor,action,subject,before,after,note,request)",
        "earlier_values(id,key,digest,until)",
        "invites(id,digest,email,domain,created_at,expires_at)",
        "keys(id,account,subscription,digest,enabled,label,created_at,rotated_at)",
        "plans(id,name,description,quota_limit,quota_period,quota_offset,throttle_rate,throttle_burst,time_zone,position,offered)",
        "refresh_tokens(digest,session,rotated_at)",
        "repeatable_calls(account,name,request,key,made_at)",
        "sessions(id,account,created_at,expires_at,client,last_used_at)",
        "state_owners(id,account,named_at)",
        "subscriptions(id,public_id,owner,plan,subscribed_on)",
        "usage_days(subscription,day,used,refused,returned,last_used_at)",
    ];
    const LEFT: &[&str] = &[
        "carried_use",
        "earlier_remote_values",
        "heartbeat",
        "installation",
        "remote_intents",
        "remote_keys",
        // Good for an hour; who needs one gets another.
        "reset_links",
        // SQLite's own.
        "sqlite_sequence",
    ];

    #[test]
    fn every_column_is_moved_or_named_as_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tollgate.db");
        drop(crate::SqliteStore::open(&path, crate::Options::default()).unwrap());
        let file = Export::open(&path).unwrap();
        let sql = "SELECT name || '(' || (SELECT group_concat(name) FROM pragma_table_info(tables.name)) || ')'
                   FROM sqlite_schema AS tables WHERE type = 'table' ORDER BY name";
        let mut statement = file.conn.prepare(sql).unwrap();
        let tables = statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<Vec<String>, _>>().unwrap();
        let is_left = |table: &String| LEFT.iter().any(|left| table.starts_with(&format!("{left}(")));
        let (left, moved): (Vec<_>, Vec<_>) = tables.into_iter().partition(is_left);
        assert_eq!(moved, MOVED, "what is new has to be read here, and written by access-postgres");
        assert_eq!(left.len(), LEFT.len());
        assert!(file.totals().unwrap().are_zero());
    }

    #[test]
    fn an_older_file_is_brought_up_to_date_and_read_in_parts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tollgate.db");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(include_str!("schema/001.sql")).unwrap();
        old.pragma_update(None, "user_version", 1).unwrap();
        old.execute_batch("BEGIN").unwrap();
        let mut put = old.prepare("INSERT INTO accounts VALUES (?1, ?2, '$argon2id$', 0)").unwrap();
        for number in 0..=AT_ONCE as u128 {
            let id = api_types::AccountId::from_random(number.to_be_bytes());
            put.execute([id.to_string(), format!("p{number}@example.com")]).unwrap();
        }
        drop(put);
        old.execute_batch("COMMIT").unwrap();
        drop(old);
        let file = Export::open(&path).unwrap();
        assert!(matches!(Export::open(&path), Err(OpenError::InUse { .. })));
        let mut parts = Vec::new();
        let take = |rows| {
            let StoredRows::Accounts(accounts) = rows else { panic!("{rows:?}") };
            parts.push(accounts.len());
            Ok(())
        };
        file.read(take).unwrap();
        assert_eq!(parts, [AT_ONCE, 1]);
        let accounts = file.totals().unwrap().iter().find(|(name, _)| *name == "accounts");
        assert_eq!(accounts, Some(("accounts", AT_ONCE as u64 + 1)));
    }
}
