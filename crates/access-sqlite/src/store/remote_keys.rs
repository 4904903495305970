//! Keys that live in another service: their rows and intents, each change one transaction that is on the disk when
//! it was answered.

use access::{
    CarriedUse, CreateKeyError, Intent, IntentKind, OwnerDigest, RemoteChange, RemoteKey, RemoteKeys, StoreError,
};
use api_types::{InstallationId, PlanName};
use async_trait::async_trait;
use jiff::ToSpan;
use rusqlite::{Connection, params};

use crate::{
    SqliteStore,
    sql::columns::text,
    sql::remote_keys::{
        all_intents, all_keys, begin_intent, find_carried, put_carried, put_intent, put_key, remove_intent, remove_key,
    },
    writer::state::Desk,
};

/// So many months after its first day no period goes on: the longest is a month.
const CARRIED_MONTHS: i32 = 2;

#[async_trait]
impl RemoteKeys for SqliteStore {
    async fn installation(&self, candidate: InstallationId) -> Result<InstallationId, StoreError> {
        self.change("name the installation", move |conn, _| {
            let sql = "INSERT INTO installation (id, public_id) VALUES (1, ?1) ON CONFLICT (id) DO NOTHING";
            conn.execute(sql, [candidate.to_string()])?;
            conn.query_row("SELECT public_id FROM installation", [], |row| text(row, 0, "an id"))
        })
        .await
    }

    async fn remote_keys(&self) -> Result<Vec<RemoteKey>, StoreError> {
        self.inner.reader.read("list remote keys", all_keys).await
    }

    async fn intents(&self) -> Result<Vec<Intent>, StoreError> {
        self.inner.reader.read("list intents", all_intents).await
    }

    async fn begin_key(&self, intent: Intent, max_keys: Option<u32>) -> Result<(), CreateKeyError> {
        let doing = "begin a key";
        if intent.kind != IntentKind::Create {
            // Written, it would hold no place for the key that is begun.
            return Err(CreateKeyError::CreateFailed(StoreError::new(doing, "its intent is not one to create")));
        }
        let job = move |desk: &mut Desk| desk.change(doing, |conn, _, _| begin(conn, &intent, max_keys));
        self.inner.queue.run(doing, job).await.map_err(CreateKeyError::CreateFailed)?
    }

    async fn change_remote(&self, change: RemoteChange) -> Result<(), StoreError> {
        self.change("change remote keys", move |conn, _| write(conn, &change)).await
    }

    async fn carried_use(&self, owner: OwnerDigest, plan_name: &PlanName) -> Result<Option<CarriedUse>, StoreError> {
        let plan_name = plan_name.clone();
        self.inner.reader.read("find a carried use", move |conn| find_carried(conn, owner, &plan_name)).await
    }
}

/// Intents to create a key of this account that has no row yet; one that has is being rotated.
const BEING_CREATED: &str = "FROM remote_intents WHERE account = ?1 AND kind = 'CREATE'
                             AND NOT EXISTS (SELECT 1 FROM remote_keys WHERE id = remote_intents.key)";

fn begin(conn: &Connection, intent: &Intent, max_keys: Option<u32>) -> rusqlite::Result<Result<(), CreateKeyError>> {
    let account = intent.account.to_string();
    if !conn.prepare_cached("SELECT 1 FROM accounts WHERE id = ?1")?.exists([&account])? {
        return Ok(Err(CreateKeyError::NoAccount));
    }
    let on_plan = params![account, intent.plan_name.as_str()];
    let held = "SELECT 1 FROM remote_keys WHERE account = ?1 AND plan_name = ?2";
    let begun = format!("SELECT 1 {BEING_CREATED} AND plan_name = ?2");
    if conn.prepare_cached(held)?.exists(on_plan)? || conn.prepare_cached(&begun)?.exists(on_plan)? {
        return Ok(Err(CreateKeyError::KeyAlreadyExists));
    }
    if let Some(most) = max_keys {
        let sql = format!(
            "SELECT (SELECT count(*) FROM remote_keys WHERE account = ?1)
                  + (SELECT count(DISTINCT key) {BEING_CREATED})"
        );
        let held: i64 = conn.prepare_cached(&sql)?.query_row([&account], |row| row.get(0))?;
        if held >= i64::from(most) {
            return Ok(Err(CreateKeyError::TooManyKeys));
        }
    }
    begin_intent(conn, intent).map(Ok)
}

/// The steps within one transaction, in the order of the fields: the first that fails leaves nothing behind.
fn write(conn: &Connection, change: &RemoteChange) -> rusqlite::Result<()> {
    let RemoteChange { remove, put, done, intents, carried } = change;
    remove.iter().try_for_each(|key| remove_key(conn, *key))?;
    put.iter().try_for_each(|key| put_key(conn, key))?;
    done.iter().try_for_each(|operation| remove_intent(conn, *operation))?;
    intents.iter().try_for_each(|intent| put_intent(conn, intent))?;
    carried.iter().try_for_each(|carried| put_carried(conn, carried))?;
    // By the oldest, so that nothing goes that was just written.
    if let Some(oldest) = carried.iter().map(|carried| carried.period).min() {
        let ended = oldest.saturating_sub(CARRIED_MONTHS.months());
        conn.prepare_cached("DELETE FROM carried_use WHERE period < ?1")?.execute([ended.to_string()])?;
    }
    Ok(())
}
