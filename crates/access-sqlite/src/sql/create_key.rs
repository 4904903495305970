//! Creating a key on its plan, all or nothing.

use access::{CreateKeyError, Creation, KeyDigest, NewKey, OwnerDigest, RepeatableCall};
use api_types::{AccountId, Date, KeyId, PlanName, SubscriptionId, Timestamp};
use rusqlite::{Connection, params};

use super::{
    accounts,
    error::Unchanged,
    repeatable_calls,
    statements::{first, has, run},
};
use crate::counting::PlanRowId;

/// [`NewKey`] without what it borrows, for the writer's thread.
pub(crate) struct ToCreate {
    pub(crate) key: KeyId,
    digest: KeyDigest,
    account: AccountId,
    owner: OwnerDigest,
    pub(crate) plan_name: PlanName,
    subscription: SubscriptionId,
    max_keys: Option<u32>,
    call: Option<RepeatableCall>,
    pub(crate) now: Timestamp,
}

impl From<NewKey<'_>> for ToCreate {
    fn from(new: NewKey<'_>) -> Self {
        let NewKey { secret, account, owner, plan_name, subscription, max_keys, call, now } = new;
        let (key, digest) = (secret.id(), secret.digest());
        Self { key, digest, account, owner, plan_name, subscription, max_keys, call, now }
    }
}

/// The steps, within one transaction: the first that fails leaves nothing behind. The plan, if there is one of that
/// name, comes with its day now.
pub(crate) fn create(
    conn: &Connection,
    new: &ToCreate,
    plan: Option<(PlanRowId, Date)>,
) -> Result<Creation, Unchanged<CreateKeyError>> {
    if !accounts::is_there(conn, new.account)? {
        return Err(Unchanged::Answer(CreateKeyError::NoAccount));
    }
    if let Some(call) = &new.call
        && let Some(before) = repeatable_calls::made_before(conn, new.account, call, new.now)?
    {
        return before.map_err(Unchanged::Answer);
    }
    let (plan, today) = plan.ok_or(Unchanged::Answer(CreateKeyError::UnknownPlan))?;
    let account = new.account.to_string();

    let sql = "SELECT id FROM subscriptions WHERE owner = ?1 AND plan = ?2";
    let known: Option<i64> = first(conn, sql, params![new.owner.0, plan.0], |row| row.get("id"))?;
    // By the account too: an owner's digest changes with the key that makes it.
    let sql = "SELECT 1 FROM keys WHERE subscription = ?1
               OR account = ?2 AND (SELECT plan FROM subscriptions WHERE id = keys.subscription) = ?3";
    if has(conn, sql, params![known, account, plan.0])? {
        return Err(Unchanged::Answer(CreateKeyError::KeyAlreadyExists));
    }

    let sql = "SELECT 1 WHERE (SELECT count(*) FROM keys WHERE account = ?1) >= ?2";
    if let Some(most) = new.max_keys
        && has(conn, sql, params![account, most])?
    {
        return Err(Unchanged::Answer(CreateKeyError::TooManyKeys));
    }

    let subscription = match known {
        Some(id) => id,
        None => {
            let sql = "INSERT INTO subscriptions (public_id, owner, plan, subscribed_on) VALUES (?1, ?2, ?3, ?4)";
            run(conn, sql, params![new.subscription.to_string(), new.owner.0, plan.0, today.to_string()])?;
            conn.last_insert_rowid()
        }
    };
    let sql = "INSERT INTO keys (id, account, subscription, digest, enabled, label, created_at)
               VALUES (?1, ?2, ?3, ?4, 1, '', ?5)";
    let created_at = new.now.as_millisecond();
    run(conn, sql, params![new.key.to_string(), account, subscription, new.digest.as_bytes(), created_at])?;
    if let Some(call) = &new.call {
        repeatable_calls::note(conn, new.account, call, new.key, new.now)?;
    }
    Ok(Creation::Made)
}
