//! Creating a key and attaching it to its plan, all or nothing.

use access::{CreateKeyError, KeyDigest, NewKey, OwnerDigest};
use api_types::{AccountId, KeyId, PlanName, SubscriptionId, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    counting::ledger::Ledger, counting::live_plan::PlanRow, counting::passes::SubscriptionRow, writer::state::Forget,
};

/// [`NewKey`] without what it borrows, for the writer's thread.
pub(crate) struct ToCreate {
    key: KeyId,
    digest: KeyDigest,
    account: AccountId,
    owner: OwnerDigest,
    plan_name: PlanName,
    subscription: SubscriptionId,
    max_keys: Option<u32>,
    pub(crate) now: Timestamp,
}

impl From<NewKey<'_>> for ToCreate {
    fn from(new: NewKey<'_>) -> Self {
        let NewKey { secret, account, owner, plan_name, subscription, max_keys, now } = new;
        Self { key: secret.id(), digest: secret.digest(), account, owner, plan_name, subscription, max_keys, now }
    }
}

/// The steps, within one transaction: the first that fails leaves nothing behind.
pub(crate) fn create(
    conn: &Connection,
    ledger: &Ledger,
    forget: &mut Forget,
    new: &ToCreate,
) -> rusqlite::Result<Result<(), CreateKeyError>> {
    let account = new.account.to_string();
    if !conn.prepare_cached("SELECT 1 FROM accounts WHERE id = ?1")?.exists([&account])? {
        return Ok(Err(CreateKeyError::NoAccount));
    }
    let sql = "SELECT id FROM plans WHERE name = ?1 AND offered = 1";
    let plan: Option<PlanRow> =
        conn.prepare_cached(sql)?.query_row([new.plan_name.as_str()], |row| row.get(0)).optional()?;
    let Some(plan) = plan else { return Ok(Err(CreateKeyError::UnknownPlan)) };
    let Ok(live) = ledger.plan(plan) else { return Ok(Err(CreateKeyError::UnknownPlan)) };

    let sql = "SELECT id, EXISTS (SELECT 1 FROM plan_keys WHERE subscription = subscriptions.id)
               FROM subscriptions WHERE owner = ?1 AND plan = ?2";
    let known: Option<(SubscriptionRow, bool)> = conn
        .prepare_cached(sql)?
        .query_row(params![new.owner.0, plan], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    // By the account too: an owner's digest changes with the key that makes it.
    let sql = "SELECT 1 FROM keys JOIN plan_keys ON plan_keys.key = keys.id
               JOIN subscriptions ON subscriptions.id = plan_keys.subscription
               WHERE keys.account = ?1 AND subscriptions.plan = ?2";
    if matches!(known, Some((_, true))) || conn.prepare_cached(sql)?.exists(params![account, plan])? {
        return Ok(Err(CreateKeyError::KeyAlreadyExists));
    }

    if let Some(most) = new.max_keys {
        let sql = "SELECT count(*) FROM keys WHERE account = ?1";
        let held: i64 = conn.prepare_cached(sql)?.query_row([&account], |row| row.get(0))?;
        if held >= i64::from(most) {
            return Ok(Err(CreateKeyError::TooManyKeys));
        }
    }

    let subscription = match known {
        Some((row, _)) => row,
        None => {
            let sql = "INSERT INTO subscriptions (public_id, owner, plan, subscribed_on) VALUES (?1, ?2, ?3, ?4)";
            let subscribed_on = live.span(new.now).today.to_string();
            conn.prepare_cached(sql)?.execute(params![
                new.subscription.to_string(),
                new.owner.0,
                plan,
                subscribed_on
            ])?;
            conn.last_insert_rowid()
        }
    };

    forget.keys.push(new.key);
    let key = new.key.to_string();
    let sql = "INSERT INTO keys (id, account, digest, enabled, label, created_at) VALUES (?1, ?2, ?3, 1, '', ?4)";
    conn.prepare_cached(sql)?.execute(params![key, account, new.digest.as_bytes(), new.now.as_millisecond()])?;
    let sql = "INSERT INTO plan_keys (subscription, key) VALUES (?1, ?2)";
    conn.prepare_cached(sql)?.execute(params![subscription, key])?;
    Ok(Ok(()))
}
