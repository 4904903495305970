//! Creating a key: intent, value, attachment, row; all or nothing.

use std::sync::Arc;

use access::{
    CreateKeyError, Creation, Intent, IntentKind, KeyDigest, NewKey, OwnerDigest, RemoteChange, RemoteKey, RemoteValue,
    RepeatableCall, StoreError, UntoldUse,
};
use api_types::{AccountId, KeyId, KeyLabel, OperationId, PlanName, Timestamp};
use zeroize::Zeroizing;

use crate::gateway::{
    known::stage_plans::StagePlan,
    shared::Shared,
    value::{
        make::ToMake,
        names::{ValueName, operation_of},
    },
};

/// [`NewKey`] without what it borrows, for a task of its own.
pub(crate) struct ToCreate {
    key: KeyId,
    operation: OperationId,
    digest: KeyDigest,
    value: Zeroizing<String>,
    account: AccountId,
    owner: OwnerDigest,
    plan_name: PlanName,
    max_keys: Option<u32>,
    call: Option<RepeatableCall>,
    now: Timestamp,
}

impl From<NewKey<'_>> for ToCreate {
    fn from(new: NewKey<'_>) -> Self {
        // Subscriptions are API Gateway's business here: a key on a plan is one.
        let NewKey { secret, account, owner, plan_name, max_keys, call, now, subscription: _ } = new;
        Self {
            key: secret.id(),
            operation: operation_of(secret),
            digest: secret.digest(),
            value: Zeroizing::new(secret.for_provider().to_owned()),
            account,
            owner,
            plan_name,
            max_keys,
            call,
            now,
        }
    }
}

impl Shared {
    /// All steps, in the account's turn.
    pub(crate) async fn create(self: Arc<Self>, new: ToCreate) -> Result<Creation, CreateKeyError> {
        let ToCreate { key, operation, digest, account, owner, call, now, .. } = new;
        let _turn = self.turn(account).await?;
        // After the turn is ours: whoever repeats a call waits here until it has ended.
        if let Some(call) = call
            && let Some(before) = self.rows.made_before(account, call, now).await?
        {
            return Ok(before);
        }
        let plan = self.plans.named(&new.plan_name)?.filter(|plan| plan.is_offered);
        let plan = plan.ok_or(CreateKeyError::UnknownPlan)?;
        let before = self.used_before(owner, &plan, now).await?;
        let remaining = plan.limit().filter(|_| before > 0).map(|(limit, _)| limit.saturating_sub(before));
        let intent = Intent {
            operation,
            key,
            account,
            plan_name: new.plan_name.clone(),
            kind: IntentKind::Create,
            remote_id: None,
            due_at: now,
        };
        let _under_way = self.begin(operation);
        self.rows.begin_key(intent.clone(), new.max_keys).await?;

        let name = ValueName { key, account, operation };
        let to_make = ToMake { name, value: new.value, plan: plan.clone(), enabled: true, remaining };
        let made = match self.make(&to_make).await {
            Ok(made) => made,
            Err(unmade) => {
                let is_plan_gone = unmade.is_plan_gone();
                let error = self.undo(intent, unmade, now).await;
                if is_plan_gone {
                    tracing::warn!(plan = %new.plan_name, "the usage plan is gone from API Gateway");
                    self.plans.forget(&plan.id);
                    return Err(CreateKeyError::UnknownPlan);
                }
                return Err(StoreError::from(error).into());
            }
        };
        let row = RemoteKey {
            id: key,
            account,
            owner,
            plan_name: new.plan_name,
            remote_plan: plan.id.clone(),
            label: KeyLabel::default(),
            enabled: true,
            created_at: now,
            rotated_at: None,
            fresh_since: now,
            value: RemoteValue { operation, remote_id: made.id, digest },
            earlier: Vec::new(),
            untold: (!made.is_told).then(|| UntoldUse { period: plan.span(now).start, used: before }),
        };
        let change = RemoteChange { put: Some(row.clone()), call, done: vec![operation], ..RemoteChange::default() };
        if let Err(error) = self.rows.change_remote(change).await {
            let remove = Intent { kind: IntentKind::Remove, remote_id: Some(row.value.remote_id), ..intent };
            self.remove_now(&[remove], now).await;
            return Err(error.into());
        }
        if plan.limit().is_some() {
            self.figures.set(key, plan.span(now).start, if made.is_told { before } else { 0 }, now);
        }
        self.keys.put(row);
        Ok(Creation::Made)
    }

    /// What an owner who revoked a key in this period has used of the plan.
    async fn used_before(&self, owner: OwnerDigest, plan: &StagePlan, now: Timestamp) -> Result<u64, StoreError> {
        let Some((limit, _)) = plan.limit() else { return Ok(0) };
        let carried = self.rows.carried_use(owner, &plan.plan.plan().name).await?;
        let carried = carried.filter(|carried| carried.period == plan.span(now).start);
        Ok(carried.map_or(0, |carried| carried.used.min(limit)))
    }
}
