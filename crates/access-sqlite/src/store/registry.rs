//! The registry: plans, keys and usage, each change between two batches of admissions.

use access::{CreateKeyError, Creation, KeyError, KeySecret, NewKey, Registry, StoreError, last_use};
use api_types::{
    AccountId, Date, KeyAtRest, KeyChange, KeyEntry, KeyId, Plan, PlanName, Promises, QuotaPromise, Survival,
    Timestamp, UsageDay,
};
use async_trait::async_trait;

use super::SqliteStore;
use crate::{
    Synchronous,
    sql::{
        create_key::{ToCreate, create},
        earlier_values,
        keys::{self, OwnedKey},
        plans, store_error,
    },
    writer::WriterState,
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
        self.inner.reader.read("list plans", plans::offered).await
    }

    async fn create_key(&self, new: NewKey<'_>) -> Result<Creation, CreateKeyError> {
        let (doing, new) = ("create a key", ToCreate::from(new));
        self.run(doing, move |state| {
            state.purge_if_due(new.now);
            state.ledger().forget_key(new.key);
            let plan = state.ledger().plans.offered(&new.plan_name).map(|(id, plan)| (id, plan.span(new.now).today));
            state.change(doing, |conn| create(conn, &new, plan))
        })
        .await
    }

    async fn keys(&self, account: AccountId, now: Timestamp) -> Result<Vec<KeyEntry>, StoreError> {
        let doing = "list keys";
        self.run(doing, move |state| {
            let owned = keys::all_of(&state.conn, account).map_err(store_error(doing))?;
            owned.into_iter().map(|key| entry(state, key, now)).collect()
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
        let doing = "change a key";
        self.run(doing, move |state| {
            state.ledger().forget_key(key);
            let changed = state.change(doing, |conn| keys::change(conn, account, key, &change))?;
            Ok(entry(state, changed, now)?)
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
        let doing = "rotate a key";
        let (key, digest) = (secret.id(), secret.digest());
        self.run(doing, move |state| {
            state.ledger().forget_key(key);
            let rotate = |conn: &_| keys::rotate(conn, account, (key, digest), old_value_until, now);
            let rotated = state.change(doing, rotate)?;
            Ok(state.ledger().plans.get(rotated.plan)?.plan.plan().name.clone())
        })
        .await
    }

    async fn revoke_key(&self, account: AccountId, key: KeyId, now: Timestamp) -> Result<(), KeyError> {
        let doing = "revoke a key";
        self.run(doing, move |state| {
            state.purge_if_due(now);
            state.ledger().forget_key(key);
            state.change(doing, |conn| keys::delete(conn, account, key))
        })
        .await
    }

    async fn today(&self, account: AccountId, key: KeyId, now: Timestamp) -> Result<Date, KeyError> {
        let doing = "find a plan's day";
        self.run(doing, move |state| {
            let found = keys::find(&state.conn, account, key).map_err(|not| not.told(doing))?;
            Ok(state.ledger().plans.get(found.plan)?.plan.time_zone().day(now))
        })
        .await
    }

    async fn usage(&self, account: AccountId, key: KeyId, from: Date, to: Date) -> Result<Vec<UsageDay>, KeyError> {
        let doing = "list usage";
        self.run(doing, move |state| {
            let found = keys::find(&state.conn, account, key).map_err(|not| not.told(doing))?;
            let (mut ledger, rows) = state.parts();
            ledger.usage(&rows, found.subscription, (from, to))?.ok_or(KeyError::NotFound)
        })
        .await
    }

    async fn release_account(&self, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
        let doing = "release an account";
        self.run(doing, move |state| {
            state.purge_if_due(now);
            state.forget_keys_of(doing, account)?;
            state.change(doing, |conn| Ok(keys::delete_all_of(conn, account)?))
        })
        .await
    }
}

/// A key as listed, with its quota as of now.
fn entry(state: &mut WriterState, key: OwnedKey, now: Timestamp) -> Result<KeyEntry, StoreError> {
    let (mut ledger, rows) = state.parts();
    let standing = ledger.standing(&rows, key.subscription, now)?;
    let (quota, used_at) = standing.ok_or_else(|| StoreError::new("show a key", "its subscription is gone"))?;
    let plan = ledger.plans.get(key.plan)?.plan.plan();
    let (plan_name, throttle) = (plan.name.clone(), plan.throttle);
    let earlier = earlier_values::all_of(&state.conn, key.id).map_err(store_error("list old values"))?;
    let old_values_until: Vec<Timestamp> = earlier.into_iter().map(|(_, until)| until).filter(|u| *u > now).collect();
    Ok(KeyEntry {
        id: key.id,
        plan_name,
        label: key.label,
        state: key.state,
        created_at: key.created_at,
        last_used_at: last_use(used_at, key.created_at),
        rotated_at: key.rotated_at,
        old_value_until: old_values_until.last().copied(),
        old_values_until,
        carry_over_pending: false,
        quota,
        throttle,
    })
}
