//! The registry: plans from memory, keys from our rows, changes at API Gateway.

use access::{CreateKeyError, Creation, KeyError, KeySecret, NewKey, Registry, RemoteKey, StoreError};
use api_types::{
    AccountId, Date, KeyAtRest, KeyChange, KeyEntry, KeyId, KeyState, Period, Plan, PlanName, Promises, QuotaPromise,
    QuotaStatus, Survival, Timestamp, UsageDay,
};
use async_trait::async_trait;
use tokio::task::JoinSet;

use super::{
    ApiGateway,
    change::{create::ToCreate, rotate::ToRotate},
    known::stage_plans::StagePlan,
    shared::Shared,
};

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
        self.shared.plans.offered()
    }

    async fn create_key(&self, new: NewKey<'_>) -> Result<Creation, CreateKeyError> {
        let new = ToCreate::from(new);
        self.run_detached(|shared| shared.create(new)).await
    }

    async fn keys(&self, account: AccountId, now: Timestamp) -> Result<Vec<KeyEntry>, StoreError> {
        let mut asking = JoinSet::new();
        for (place, row) in self.shared.keys.all_of(account).into_iter().enumerate() {
            let shared = self.shared.clone();
            asking.spawn(async move { shared.entry(row, now).await.map(|entry| (place, entry)) });
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
        let row: RemoteKey = self.run_detached(|shared| shared.change((account, key), change, now)).await?;
        Ok(self.shared.entry(row, now).await?)
    }

    async fn rotate_key(
        &self,
        account: AccountId,
        secret: &KeySecret,
        old_value_until: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<PlanName, KeyError> {
        let rotation = ToRotate::new(account, secret, old_value_until, now);
        self.run_detached(|shared| shared.rotate(rotation)).await
    }

    async fn revoke_key(&self, account: AccountId, key: KeyId, now: Timestamp) -> Result<(), KeyError> {
        self.run_detached(|shared| shared.revoke(account, key, now)).await
    }

    async fn today(&self, account: AccountId, key: KeyId, now: Timestamp) -> Result<Date, KeyError> {
        self.shared.keys.of_account(account, key).ok_or(KeyError::NotFound)?;
        Ok(access::TimeZone::utc().day(now))
    }

    async fn usage(&self, account: AccountId, key: KeyId, from: Date, to: Date) -> Result<Vec<UsageDay>, KeyError> {
        let row = self.shared.keys.of_account(account, key).ok_or(KeyError::NotFound)?;
        let Some(plan) = self.shared.plans.of(&row)? else { return Ok(Vec::new()) };
        Ok(self.shared.usage_days(&row, &plan, (from, to)).await.map_err(StoreError::from)?)
    }

    async fn release_account(&self, account: AccountId, now: Timestamp) -> Result<(), StoreError> {
        self.run_detached(|shared| shared.release(account, now)).await
    }
}

impl Shared {
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
        let carry_over_pending = plan.as_ref().is_some_and(|plan| plan.untold(&row, now).is_some());
        Ok(KeyEntry {
            id: row.id,
            state: self.state(&row, plan.as_ref(), now),
            plan_name: row.plan_name,
            label: row.label,
            created_at: row.created_at,
            // API Gateway tells it of no key.
            last_used_at: None,
            rotated_at: row.rotated_at,
            old_value_until: old_values_until.last().copied(),
            old_values_until,
            carry_over_pending,
            quota,
            throttle: plan.and_then(|plan| plan.throttle()),
        })
    }

    /// Whether a key works, as far as is known here.
    pub(crate) fn state(&self, row: &RemoteKey, plan: Option<&StagePlan>, now: Timestamp) -> KeyState {
        if !row.enabled || plan.is_none() {
            KeyState::Disabled
        } else if self.keys.is_activating(row, now) {
            KeyState::Activating
        } else {
            KeyState::Active
        }
    }
}
