//! The decisions: admit a request, end a pass, tell a key about itself.

use std::collections::hash_map::Entry;

use access::{
    Admission, Booking, Charge, Holder, KeyDigest, OpenPass, Pass, Passes, Span, StoreError, TokenBucket, last_use,
};
use api_types::{AccountId, AdmissionId, KeyId, KeyState, KeyStatus, QuotaStatus, Timestamp};

use super::{
    batch::Change,
    ledger::Ledger,
    plans::LivePlan,
    rows::{Rows, SubscriptionRowId},
    subscriptions::Subscription,
};

/// An answer, and whether it stands on what the batch changed and must wait for its commit.
#[derive(Debug)]
pub(crate) struct Decision<T> {
    /// What to answer.
    pub(crate) answer: T,
    /// Whether to hold it until the batch is written.
    pub(crate) held: bool,
}

/// One request that asks to be admitted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asking {
    /// The key's id.
    pub(crate) key: KeyId,
    /// Digest of the presented value.
    pub(crate) digest: KeyDigest,
    /// Told by the caller: asked again with it, it is the same admission.
    pub(crate) admission: AdmissionId,
    /// Tells this call from another of the same id.
    pub(crate) asker: u64,
    /// When.
    pub(crate) now: Timestamp,
}

/// A request that both limits let pass, and what it is charged to.
pub(super) struct Charging {
    pub(super) asking: Asking,
    pub(super) account: AccountId,
    pub(super) id: SubscriptionRowId,
    pub(super) span: Span,
    /// Charges of the period so far.
    pub(super) used: u64,
}

impl Charging {
    /// Takes of both limits and opens the pass.
    pub(super) fn grant(
        self,
        subscription: &mut Subscription,
        plan: &LivePlan,
        passes: &mut Passes<SubscriptionRowId>,
    ) -> Pass {
        let Self { asking: Asking { key, admission, asker, now, .. }, account, id, span, used } = self;
        subscription.open += 1;
        subscription.used_at = Some(now);
        if plan.plan.plan().throttle.is_some() {
            subscription.bucket.iter_mut().for_each(TokenBucket::take);
        }
        subscription.days.day(span.today).counts.used += 1;
        let stored = subscription.row;
        let quota = plan.plan.quota_status(&span, stored.subscribed_on, used + 1);
        let holder = Some(Holder { key, plan_name: plan.plan.plan().name.clone() });
        let booking = Some(Booking { subscription: stored.id, day: span.today, quota });
        let pass = Pass { id: admission, holder, account: Some(account), booking };
        passes.open.insert(admission, OpenPass { pass: pass.clone(), subscription: id, span, asker: Some(asker) });
        pass
    }
}

impl Ledger {
    /// Decides one request: both limits are looked at, both taken or neither, the quota's refusal before the
    /// throttle's.
    pub(crate) fn admit(&mut self, rows: &impl Rows, asking: Asking) -> Result<Decision<Admission>, StoreError> {
        let Self { plans, keys, passes, subscriptions, batch, with_block } = self;
        let Asking { key, digest, admission, now, .. } = asking;
        let unknown = Decision { answer: Admission::Unknown, held: false };
        let Some((id, account)) = keys.subscription_of(rows, key, digest, now)? else { return Ok(unknown) };
        if let Some(pass) = passes.granted_to(admission) {
            if pass.holder.as_ref().is_none_or(|holder| holder.key != key) {
                return Err(StoreError::new("admit", "the admission belongs to another key"));
            }
            return Ok(Decision { answer: Admission::Granted(pass.clone()), held: true });
        }

        let Some(subscription) = subscriptions.known(rows, id, plans, now)? else { return Ok(unknown) };
        let stored = subscription.row;
        let plan = plans.get(stored.plan)?;
        let (span, shown) = (plan.span(now), plan.plan.plan());
        let used = subscription.sum(rows, &span)?.used;
        let bucket = shown.throttle.map(|limit| *subscription.refilled(limit, now));
        let refusal = match plan.plan.decide(key, &span, stored.subscribed_on, used, bucket.as_ref()) {
            Err(refusal) => *refusal,
            Ok(quota) => {
                subscription.touch(batch);
                subscription.counts(span.today, batch);
                if subscription.reserve(span.today, quota, batch) {
                    with_block.insert(id);
                }
                let pass = Charging { asking, account, id, span, used }.grant(subscription, plan, passes);
                batch.changes.push(Change::Granted(admission, id, span.today));
                return Ok(Decision { answer: Admission::Granted(pass), held: true });
            }
        };
        subscription.counts(span.today, batch).refused += 1;
        if subscription.touched {
            batch.changes.push(Change::Refused(id, span.today));
        }
        Ok(Decision { answer: Admission::Refused(refusal), held: subscription.touched })
    }

    /// Ends a pass whose charge stays.
    pub(crate) fn spend(&mut self, admission: AdmissionId) {
        let Self { passes, subscriptions, .. } = self;
        let Some(open) = passes.open.remove(&admission) else { return };
        if let Some(subscription) = subscriptions.get(open.subscription) {
            subscription.open = subscription.open.saturating_sub(1);
        }
        passes.remember(open.pass);
    }

    /// Ends a pass.
    pub(crate) fn settle(
        &mut self,
        rows: &impl Rows,
        admission: AdmissionId,
        charge: Charge,
        now: Timestamp,
    ) -> Result<Decision<Charge>, StoreError> {
        let Self { plans, passes, subscriptions, batch, .. } = self;
        let spent = Decision { answer: Charge::Spent, held: false };
        let Entry::Occupied(open) = passes.open.entry(admission) else { return Ok(spent) };
        let OpenPass { subscription: id, span, .. } = *open.get();
        let returned = charge == Charge::Returned
            && match subscriptions.known(rows, id, plans, now)? {
                Some(subscription) => subscription.may_return(rows, plans.get(subscription.row.plan)?, &span)?,
                None => false,
            };
        let open = open.remove();
        if let Some(subscription) = subscriptions.get(id) {
            subscription.open = subscription.open.saturating_sub(1);
            if returned {
                subscription.touch(batch);
                let counts = subscription.counts(span.today, batch);
                counts.used = counts.used.saturating_sub(1);
                counts.returned += 1;
                batch.changes.push(Change::Returned(Box::new(open)));
                return Ok(Decision { answer: Charge::Returned, held: true });
            }
        }
        passes.remember(open.pass);
        Ok(spent)
    }

    /// The asker went away before it had its answer: nothing was sent, so the charge is given back and the admission
    /// forgotten. Whether something must be written.
    pub(crate) fn abandon(
        &mut self,
        rows: &impl Rows,
        admission: AdmissionId,
        asker: u64,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        match self.passes.open.get(&admission) {
            Some(open) if open.asker == Some(asker) => Ok(self.settle(rows, admission, Charge::Returned, now)?.held),
            _ => Ok(false),
        }
    }

    /// What a key may learn about itself.
    pub(crate) fn inspect(
        &mut self,
        rows: &impl Rows,
        (key, digest): (KeyId, KeyDigest),
        now: Timestamp,
    ) -> Result<Decision<Option<KeyStatus>>, StoreError> {
        let Self { plans, keys, subscriptions, .. } = self;
        let unknown = Decision { answer: None, held: false };
        let Some((id, _)) = keys.subscription_of(rows, key, digest, now)? else { return Ok(unknown) };
        let Some(subscription) = subscriptions.known(rows, id, plans, now)? else { return Ok(unknown) };
        let plan = plans.get(subscription.row.plan)?;
        let (quota, shown) = (subscription.quota(rows, plan, now)?, plan.plan.plan());
        let (plan_name, throttle) = (shown.name.clone(), shown.throttle);
        let last_used_at = keys.made_at(key).and_then(|made_at| last_use(subscription.used_at, made_at));
        let status = KeyStatus { id: key, plan_name, state: KeyState::Active, last_used_at, quota, throttle };
        Ok(Decision { answer: Some(status), held: subscription.touched })
    }

    /// How much of a subscription's quota is used now, and when it was last used; `None` if there is no such subscription.
    pub(crate) fn standing(
        &mut self,
        rows: &impl Rows,
        id: SubscriptionRowId,
        now: Timestamp,
    ) -> Result<Option<(QuotaStatus, Option<Timestamp>)>, StoreError> {
        let Self { plans, subscriptions, .. } = self;
        let Some(subscription) = subscriptions.known(rows, id, plans, now)? else { return Ok(None) };
        let quota = subscription.quota(rows, plans.get(subscription.row.plan)?, now)?;
        Ok(Some((quota, subscription.used_at)))
    }
}
