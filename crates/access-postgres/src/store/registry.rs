//! The registry: plans, keys and usage, each change a transaction that admissions come before or after.

use access::{
    Counts, CreateKeyError, Creation, KeyError, KeySecret, NewKey, Registry, StoreError, last_listed, last_use,
};
use api_types::{
    AccountId, Date, KeyAtRest, KeyChange, KeyEntry, KeyId, Plan, PlanName, Promises, QuotaPromise, Survival,
    Timestamp, UsageDay,
};
use async_trait::async_trait;
use tokio_postgres::GenericClient;

use super::{PostgresStore, time};
use crate::{
    error::Failure,
    sql::{
        accounts, counts,
        create_key::{ToCreate, create},
        keys::{self, OwnedKey},
        plans::{self, Plans},
    },
};

impl PostgresStore {
    /// What this backend keeps to.
    pub const PROMISES: Promises = Promises {
        quota: QuotaPromise::Exact,
        survives: Survival::PowerCut,
        fair_charge: true,
        reset_known: true,
        key_at_rest: KeyAtRest::Digest,
    };
}

#[async_trait]
impl Registry for PostgresStore {
    fn promises(&self) -> Promises {
        Self::PROMISES
    }

    async fn plans(&self) -> Result<Vec<Plan>, StoreError> {
        self.read("list plans", |client| Box::pin(async move { Ok(plans::offered(&***client).await?) })).await
    }

    async fn create_key(&self, new: NewKey<'_>) -> Result<Creation, CreateKeyError> {
        self.purge_if_due(new.now).await;
        let (told, new) = (self.told(new.now), ToCreate::from(new));
        self.change("create a key", move |step| {
            Box::pin(async move {
                let now = time(step, told).await?;
                create(step, &new, now).await
            })
        })
        .await
    }

    async fn keys(&self, account: AccountId, now: Timestamp) -> Result<Vec<KeyEntry>, StoreError> {
        let told = self.told(now);
        self.read("list keys", move |client| {
            Box::pin(async move {
                let now = time(&***client, told).await?;
                let plans = plans::all(&***client).await?;
                let mut entries = Vec::new();
                for key in keys::all_of(&***client, account).await? {
                    entries.push(entry(&***client, &plans, key, now).await?);
                }
                Ok(entries)
            })
        })
        .await
    }

    async fn change_key(
        &self,
        account: AccountId,
        key: KeyId,
        change: KeyChange,
        now: Timestamp,
    ) -> Result<KeyEntry, KeyError> {
        let told = self.told(now);
        self.change("change a key", move |step| {
            Box::pin(async move {
                let changed = keys::change(step, account, key, &change).await?;
                let plans = plans::all(step).await?;
                let now = time(step, told).await?;
                Ok(entry(step, &plans, changed, now).await?)
            })
        })
        .await
    }

    async fn rotate_key(
        &self,
        account: AccountId,
        secret: &KeySecret,
        old_value_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<PlanName, KeyError> {
        let (key, told) = ((secret.id(), secret.digest()), self.told(now));
        self.change("rotate a key", move |step| {
            Box::pin(async move {
                let now = time(step, told).await?;
                let rotated = keys::rotate(step, account, key, old_value_until, now).await?;
                Ok(plans::all(step).await?.get(rotated.subscription.plan)?.plan().name.clone())
            })
        })
        .await
    }

    async fn revoke_key(&self, account: AccountId, key: KeyId, now: Timestamp) -> Result<(), KeyError> {
        self.purge_if_due(now).await;
        self.change("revoke a key", move |step| Box::pin(keys::delete(step, account, key))).await
    }

    async fn today(&self, account: AccountId, key: KeyId, now: Timestamp) -> Result<Date, KeyError> {
        let told = self.told(now);
        self.read("find a plan's day", move |client| {
            Box::pin(async move {
                let found = keys::find(&***client, account, key).await?;
                let now = time(&***client, told).await?;
                let plans = plans::all(&***client).await?;
                Ok(plans.get(found.subscription.plan)?.time_zone().day(now))
            })
        })
        .await
    }

    async fn usage(&self, account: AccountId, key: KeyId, from: Date, to: Date) -> Result<Vec<UsageDay>, KeyError> {
        let store = self.clone();
        self.read("list usage", move |client| {
            Box::pin(async move {
                let subscription = keys::find(&***client, account, key).await?.subscription;
                let plans = plans::all(&***client).await?;
                let last = last_listed(from, to);
                // Nothing was counted before there were API keys.
                let first = from.max(jiff::civil::date(2000, 1, 1));
                let mut counts = if first <= last {
                    counts::days(&***client, subscription.id, first, last.min(jiff::civil::date(9999, 1, 1))).await?
                } else {
                    Default::default()
                };
                for (day, more) in store.inner.shared.refusals.waiting_for(subscription.id) {
                    counts.entry(day).or_insert_with(Counts::default).refused += more;
                }
                Ok(plans.get(subscription.plan)?.usage(subscription.subscribed_on, (from, to), &counts))
            })
        })
        .await
    }

    async fn release_account(&self, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
        self.purge_if_due(now).await;
        self.change("release an account", move |step| {
            Box::pin(async move {
                accounts::hold_for_good(step, account).await?;
                Ok(keys::delete_all_of(step, account).await?)
            })
        })
        .await
    }
}

/// A key as listed, with its quota as of now.
async fn entry(client: &impl GenericClient, plans: &Plans, key: OwnedKey, now: Timestamp) -> Result<KeyEntry, Failure> {
    let plan = plans.get(key.subscription.plan)?;
    let quota = key.subscription.quota(client, plan, &plan.span(now)).await?;
    let old_values_until: Vec<Timestamp> = key.earlier_until.into_iter().filter(|until| *until > now).collect();
    Ok(KeyEntry {
        id: key.id,
        plan_name: plan.plan().name.clone(),
        label: key.label,
        state: key.state,
        created_at: key.created_at,
        last_used_at: last_use(key.subscription.used_at, key.created_at),
        rotated_at: key.rotated_at,
        old_value_until: old_values_until.last().copied(),
        old_values_until,
        carry_over_pending: false,
        quota,
        throttle: plan.plan().throttle,
    })
}
