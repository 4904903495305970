//! The registry: plans from memory, keys from our rows, changes at API Gateway.

use access::{CreateKeyError, Creation, KeyError, KeySecret, NewKey, Registry, RemoteKey, StoreError};
use api_types::{
    AccountId, Date, KeyAtRest, KeyChange, KeyEntry, KeyId, KeyState, Period, Plan, PlanName, Promises, QuotaPromise,
    QuotaStatus, Survival, Timestamp, UsageDay,
};
use async_trait::async_trait;
use tokio::task::JoinSet;

use super::{ApiGateway, Inner, carry::untold_now, create::ToCreate, plans::StagePlan, rotate::ToRotate};

/// A key whose plan was deleted behind our back opens nothing.
const NOTHING_LEFT: QuotaStatus =
    QuotaStatus::Limited { limit: 0, used: 0, remaining: 0, period: Period::Day, reset_at: None };

impl ApiGateway {
    /// "Usage plan throttling and quotas are not hard limits, and are applied on a best-effort basis" (API Gateway
    /// developer guide, usage plans). What was counted can't be given back, when a period begins isn't documented, and
    /// AWS shows a key's value to whoever may read it there.
    pub const PROMISES: Promises = Promises {
        quota: QuotaPromise::BestEffort,
        survives: Survival::Provider,
        fair_charge: false,
        reset_known: false,
        key_at_rest: KeyAtRest::Clear,
    };
}

#[async_trait]
impl Registry for ApiGateway {
    fn promises(&self) -> Promises {
        Self::PROMISES
    }

    async fn plans(&self) -> Result<Vec<Plan>, StoreError> {
        self.inner.plans.offered()
    }

    async fn create_key(&self, new: NewKey<'_>) -> Result<Creation, CreateKeyError> {
        let new = ToCreate::from(new);
        self.to_the_end(|inner| inner.create(new)).await
    }

    async fn keys(&self, account: AccountId, now: Timestamp) -> Result<Vec<KeyEntry>, StoreError> {
        let mut asking = JoinSet::new();
        for (place, row) in self.inner.keys.all_of(account).into_iter().enumerate() {
            let inner = self.inner.clone();
            asking.spawn(async move { inner.entry(row, now).await.map(|entry| (place, entry)) });
        }
        let mut entries = Vec::new();
        while let Some(answer) = asking.join_next().await {
            entries.push(answer.map_err(|error| StoreError::new("list keys", error))??);
        }
        entries.sort_by_key(|(place, _)| *place);
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }

    async fn change_key(
        &self,
        account: AccountId,
        key: KeyId,
        change: KeyChange,
        now: Timestamp,
    ) -> Result<KeyEntry, KeyError> {
        let row: RemoteKey = self.to_the_end(|inner| inner.change((account, key), change, now)).await?;
        Ok(self.inner.entry(row, now).await?)
    }

    async fn rotate_key(
        &self,
        account: AccountId,
        secret: &KeySecret,
        old_value_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<PlanName, KeyError> {
        let rotation = ToRotate::new(account, secret, old_value_until, now);
        self.to_the_end(|inner| inner.rotate(rotation)).await
    }

    async fn revoke_key(&self, account: AccountId, key: KeyId, now: Timestamp) -> Result<(), KeyError> {
        self.to_the_end(|inner| inner.revoke(account, key, now)).await
    }

    async fn today(&self, account: AccountId, key: KeyId, now: Timestamp) -> Result<Date, KeyError> {
        self.inner.keys.of_account(account, key).ok_or(KeyError::NotFound)?;
        Ok(access::TimeZone::utc().day(now))
    }

    async fn usage(&self, account: AccountId, key: KeyId, from: Date, to: Date) -> Result<Vec<UsageDay>, KeyError> {
        let row = self.inner.keys.of_account(account, key).ok_or(KeyError::NotFound)?;
        let Some(plan) = self.inner.plans.of(&row)? else { return Ok(Vec::new()) };
        Ok(self.inner.usage_days(&row, &plan, (from, to)).await.map_err(StoreError::from)?)
    }

    async fn release_account(&self, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
        self.to_the_end(|inner| inner.release(account, now)).await
    }
}

impl Inner {
    /// A key as its owner sees it.
    async fn entry(&self, row: RemoteKey, now: Timestamp) -> Result<KeyEntry, StoreError> {
        let plan = self.plans.of(&row)?;
        let quota = match &plan {
            Some(plan) => self.quota(&row, plan, now).await?,
            None => NOTHING_LEFT,
        };
        let ends = row.earlier.iter().map(|old| old.until).filter(|until| *until > now);
        let mut old_values_until: Vec<Timestamp> = ends.collect();
        old_values_until.sort();
        let carry_over_pending = plan.as_ref().is_some_and(|plan| untold_now(&row, plan, now).is_some());
        Ok(KeyEntry {
            id: row.id,
            state: self.state(&row, plan.as_ref(), now),
            plan_name: row.plan_name,
            label: row.label,
            created_at: row.created_at,
            rotated_at: row.rotated_at,
            old_value_until: old_values_until.last().copied(),
            old_values_until,
            carry_over_pending,
            quota,
            throttle: plan.and_then(|plan| plan.throttle()),
        })
    }

    /// Whether a key works, as far as is known here.
    pub(super) fn state(&self, row: &RemoteKey, plan: Option<&StagePlan>, now: Timestamp) -> KeyState {
        if !row.enabled || plan.is_none() {
            KeyState::Disabled
        } else if self.keys.is_activating(row, now) {
            KeyState::Activating
        } else {
            KeyState::Active
        }
    }
}
