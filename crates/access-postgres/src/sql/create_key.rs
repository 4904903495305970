//! Creating a key on its plan, all or nothing.

use access::{CreateKeyError, Creation, KeyDigest, NewKey, OwnerDigest, RepeatableCall};
use api_types::{AccountId, KeyId, PlanName, SubscriptionId, Timestamp};
use tokio_postgres::GenericClient;

use super::{
    accounts,
    columns::{Columns, PlanRowId},
    plans, repeatable_calls, subscriptions,
};
use crate::error::Unchanged;

/// [`NewKey`] without what it borrows, for a task of its own.
pub(crate) struct ToCreate {
    key: KeyId,
    digest: KeyDigest,
    account: AccountId,
    owner: OwnerDigest,
    plan_name: PlanName,
    subscription: SubscriptionId,
    max_keys: Option<u32>,
    call: Option<RepeatableCall>,
}

impl From<NewKey<'_>> for ToCreate {
    fn from(new: NewKey<'_>) -> Self {
        let NewKey { secret, account, owner, plan_name, subscription, max_keys, call, now: _ } = new;
        let (key, digest) = (secret.id(), secret.digest());
        Self { key, digest, account, owner, plan_name, subscription, max_keys, call }
    }
}

/// The steps, within one transaction: the first that fails leaves nothing behind.
pub(crate) async fn create(
    client: &impl GenericClient,
    new: &ToCreate,
    now: Timestamp,
) -> Result<Creation, Unchanged<CreateKeyError>> {
    // An account's creations take turns from here.
    if !accounts::hold(client, new.account).await? {
        return Err(Unchanged::Answer(CreateKeyError::NoAccount));
    }
    if let Some(call) = &new.call
        && let Some(before) = repeatable_calls::made_before(client, new.account, call, now).await?
    {
        return before.map_err(Unchanged::Answer);
    }
    let plans = plans::all(client).await?;
    let (plan, usage_plan) = plans.offered(&new.plan_name).ok_or(Unchanged::Answer(CreateKeyError::UnknownPlan))?;
    let hold = "SELECT 1 FROM plans WHERE id = $1 AND offered FOR KEY SHARE";
    if client.query_opt(hold, &[&plan.0]).await?.is_none() {
        return Err(Unchanged::Answer(CreateKeyError::UnknownPlan));
    }
    if has_key(client, new, plan).await? {
        return Err(Unchanged::Answer(CreateKeyError::KeyAlreadyExists));
    }
    let account = new.account.to_string();
    if let Some(most) = new.max_keys {
        let count = client.query_one("SELECT count(*) AS held FROM keys WHERE account = $1", &[&account]).await?;
        if count.read::<u64>("held")? >= u64::from(most) {
            return Err(Unchanged::Answer(CreateKeyError::TooManyKeys));
        }
    }
    let today = usage_plan.time_zone().day(now);
    let subscription = subscriptions::obtain(client, new.subscription, &new.owner.0, plan, today).await?;
    let sql = "INSERT INTO keys (id, account, subscription, digest, enabled, label, created_at)
               VALUES ($1, $2, $3, $4, true, '', $5)";
    let (key, digest) = (new.key.to_string(), new.digest.as_bytes().as_slice());
    client.execute(sql, &[&key, &account, &subscription.0, &digest, &now]).await?;
    if let Some(call) = &new.call {
        repeatable_calls::note(client, new.account, call, new.key, now).await?;
    }
    Ok(Creation::Made)
}

/// Whether the owner has a key on the plan. By the account too: an owner's digest changes with the key that makes it.
async fn has_key(
    client: &impl GenericClient,
    new: &ToCreate,
    plan: PlanRowId,
) -> Result<bool, Unchanged<CreateKeyError>> {
    let sql = "SELECT 1 FROM keys JOIN subscriptions ON subscriptions.id = keys.subscription
               WHERE subscriptions.plan = $1 AND (subscriptions.owner = $2 OR keys.account = $3) LIMIT 1";
    let owner = new.owner.0.as_slice();
    Ok(client.query_opt(sql, &[&plan.0, &owner, &new.account.to_string()]).await?.is_some())
}
