//! The registry: plans, keys and usage, each change between two batches of admissions.

use access::{CreateKeyError, KeyError, KeySecret, NewKey, Registry, StoreError};
use api_types::{
    AccountId, Date, KeyAtRest, KeyChange, KeyEntry, KeyId, Plan, PlanName, Promises, QuotaPromise, Survival,
    Timestamp, UsageDay,
};
use async_trait::async_trait;
use rusqlite::{Connection, params};

use crate::{
    SqliteStore, Synchronous,
    sql::columns::store_error,
    sql::counted::{PLAN_COLUMNS, read_plan},
    sql::earlier_values::{end_earlier_values, keep_present_value},
    sql::keys::{StoredKey, entry, key_of, keys_of},
    store::create_key::{ToCreate, create},
    store::usage::{today, usage},
    writer::state::{Desk, Forget},
};

#[async_trait]
impl Registry for SqliteStore {
    fn promises(&self) -> Promises {
        let survives = match self.inner.options.synchronous {
            Synchronous::Normal => Survival::ProcessKill,
            Synchronous::Full => Survival::PowerCut,
        };
        Promises {
            quota: QuotaPromise::Exact,
            survives,
            fair_charge: true,
            reset_known: true,
            key_at_rest: KeyAtRest::Digest,
        }
    }

    async fn plans(&self) -> Result<Vec<Plan>, StoreError> {
        let read = |conn: &Connection| {
            let sql = format!("SELECT {PLAN_COLUMNS} FROM plans WHERE offered = 1 ORDER BY position, id");
            let mut statement = conn.prepare_cached(&sql)?;
            statement.query_map([], |row| Ok(read_plan(row)?.1.plan.plan().clone()))?.collect()
        };
        self.inner.reader.read("list plans", read).await
    }

    async fn create_key(&self, new: NewKey<'_>) -> Result<(), CreateKeyError> {
        let doing = "create a key";
        let new = ToCreate::from(new);
        let job = move |desk: &mut Desk| {
            desk.purge_if_due(new.now);
            desk.change(doing, |conn, ledger, forget| create(conn, ledger, forget, &new))
        };
        self.inner.queue.run(doing, job).await.map_err(CreateKeyError::CreateFailed)?
    }

    async fn keys(&self, account: AccountId, now: Timestamp) -> Result<Vec<KeyEntry>, StoreError> {
        let doing = "list keys";
        let job = move |desk: &mut Desk| {
            let stored = keys_of(&desk.conn, account).map_err(store_error(doing))?;
            stored.into_iter().map(|key| entry(desk, key, now)).collect()
        };
        self.inner.queue.run(doing, job).await
    }

    async fn change_key(
        &self,
        account: AccountId,
        key: KeyId,
        change: KeyChange,
        now: Timestamp,
    ) -> Result<KeyEntry, KeyError> {
        let doing = "change a key";
        let job = move |desk: &mut Desk| {
            let changed = desk.change(doing, |conn, _, forget| {
                forget.keys.push(key);
                let sql = "UPDATE keys SET enabled = coalesce(?3, enabled), label = coalesce(?4, label)
                           WHERE id = ?1 AND account = ?2";
                let label = change.label.as_ref().map(|label| label.as_str());
                let values = params![key.to_string(), account.to_string(), change.enabled, label];
                if conn.prepare_cached(sql)?.execute(values)? > 0 && change.enabled == Some(false) {
                    end_earlier_values(conn, key)?;
                }
                key_of(conn, account, key)
            })?;
            match changed {
                Ok(stored) => entry(desk, stored, now).map(Ok),
                Err(missing) => Ok(Err(missing)),
            }
        };
        self.inner.queue.run(doing, job).await?
    }

    async fn rotate_key(
        &self,
        account: AccountId,
        secret: &KeySecret,
        old_value_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<PlanName, KeyError> {
        let doing = "rotate a key";
        let (key, digest) = (secret.id(), secret.digest());
        let job = move |desk: &mut Desk| {
            let rotated = desk.change(doing, |conn, _, forget| {
                forget.keys.push(key);
                let stored = match key_of(conn, account, key)? {
                    Ok(stored) => stored,
                    Err(missing) => return Ok(Err(missing)),
                };
                if let Some(until) = old_value_until.filter(|until| *until > now)
                    && let Err(refused) = keep_present_value(conn, key, until, now)?
                {
                    return Ok(Err(refused));
                }
                let sql = "UPDATE keys SET digest = ?2, rotated_at = ?3 WHERE id = ?1";
                conn.prepare_cached(sql)?.execute(params![key.to_string(), digest.as_bytes(), now.as_millisecond()])?;
                Ok(Ok(stored))
            })?;
            match rotated {
                Ok(StoredKey { subscription, .. }) => {
                    let sql = "SELECT plan FROM subscriptions WHERE id = ?1";
                    let plan = desk.conn.query_row(sql, [subscription], |row| row.get(0));
                    let plan = plan.map_err(store_error(doing))?;
                    Ok(Ok(desk.ledger.plan(plan)?.plan.plan().name.clone()))
                }
                Err(refused) => Ok(Err(refused)),
            }
        };
        self.inner.queue.run(doing, job).await?
    }

    async fn revoke_key(&self, account: AccountId, key: KeyId, now: Timestamp) -> Result<(), KeyError> {
        let doing = "revoke a key";
        let job = move |desk: &mut Desk| {
            desk.purge_if_due(now);
            desk.change(doing, |conn, _, forget| {
                forget.keys.push(key);
                let sql = "DELETE FROM keys WHERE id = ?1 AND account = ?2";
                let ended = conn.prepare_cached(sql)?.execute(params![key.to_string(), account.to_string()])?;
                Ok(if ended > 0 { Ok(()) } else { Err(KeyError::NotFound) })
            })
        };
        self.inner.queue.run(doing, job).await?
    }

    async fn today(&self, account: AccountId, key: KeyId, now: Timestamp) -> Result<Date, KeyError> {
        self.inner.queue.run("find a plan's day", move |desk| today(desk, account, key, now)).await?
    }

    async fn usage(&self, account: AccountId, key: KeyId, from: Date, to: Date) -> Result<Vec<UsageDay>, KeyError> {
        self.inner.queue.run("list usage", move |desk| usage(desk, account, key, (from, to))).await?
    }

    async fn release_account(&self, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
        let doing = "release an account";
        let job = move |desk: &mut Desk| {
            desk.purge_if_due(now);
            let outcome = desk.change::<_, std::convert::Infallible>(doing, |conn, _, forget| {
                end_keys_of(conn, account, forget).map(Ok)
            });
            let Ok(()) = outcome?;
            Ok(())
        };
        self.inner.queue.run(doing, job).await
    }
}

/// Ends every key of an account; its subscriptions stay with the owner's digest.
pub(crate) fn end_keys_of(conn: &Connection, account: AccountId, forget: &mut Forget) -> rusqlite::Result<()> {
    let account_id = account.to_string();
    forget.keys.extend(keys_of(conn, account)?.into_iter().map(|key| key.id));
    conn.prepare_cached("DELETE FROM keys WHERE account = ?1")?.execute([account_id]).map(drop)
}
