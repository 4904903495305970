//! The gate: one look in memory, and API Gateway decides. What it answered is judged here.

use std::time::Duration;

use access::{
    Admission, Charge, End, Gate, Holder, Inspection, NotReady, Pass, Phase, PresentedKey, Recognition, Refusal,
    RemoteKey, StoreError, UpstreamHead, UsedUp, Verdict,
};
use api_types::{AdmissionId, KeyStatus, Timestamp};
use async_trait::async_trait;

use super::{
    ApiGateway,
    answer::Answer,
    known::{keys::Look, stage_plans::StagePlan},
    shared::Shared,
};

/// API Gateway refills a bucket continuously and says no time; a second is what SDKs wait at least.
const THROTTLE_PAUSE: Duration = Duration::from_secs(1);

#[async_trait]
impl Gate for ApiGateway {
    /// Lets through what may be good: whether it is, and within its limits, API Gateway decides. What is known here to
    /// be bad stays here.
    async fn admit(&self, key: &PresentedKey, id: AdmissionId, now: Timestamp) -> Result<Admission, StoreError> {
        let row = match self.shared.look(key, now) {
            Look::Good(row) => Some(row),
            Look::Elsewhere => None,
            Look::Bad => return Ok(Admission::Unknown),
        };
        let (holder, account) = (row.as_deref().map(holder), row.as_deref().map(|row| row.account));
        if let Some(holder) = &holder {
            self.shared.figures.begin(id, holder.key);
        }
        Ok(Admission::Granted(Pass { id, holder, account, booking: None }))
    }

    async fn settle(&self, pass: &Pass, end: End, _now: Timestamp) -> Result<Charge, StoreError> {
        Ok(self.shared.note(pass, end))
    }

    fn settle_at_once(&self, pass: &Pass, end: End) -> Option<Charge> {
        Some(self.shared.note(pass, end))
    }

    async fn inspect(&self, key: &PresentedKey, now: Timestamp) -> Result<Inspection, StoreError> {
        let row = match self.shared.look(key, now) {
            Look::Good(row) => row,
            Look::Elsewhere => return Ok(Inspection::Elsewhere),
            Look::Bad => return Ok(Inspection::Unknown),
        };
        let Some(plan) = self.shared.plans.of(&row)? else { return Ok(Inspection::Unknown) };
        let quota = self.shared.quota(&row, &plan, now).await?;
        let state = self.shared.state(&row, Some(&plan), now);
        let throttle = plan.throttle();
        let plan_name = row.plan_name.clone();
        Ok(Inspection::Known(KeyStatus { id: row.id, plan_name, state, last_used_at: None, quota, throttle }))
    }

    async fn recognise(&self, key: &PresentedKey, now: Timestamp) -> Result<Recognition, StoreError> {
        Ok(match self.shared.look(key, now) {
            Look::Good(row) => Recognition::Holder(holder(&row)),
            Look::Elsewhere => Recognition::Elsewhere,
            Look::Bad => Recognition::Unknown,
        })
    }

    fn judge(&self, key: &PresentedKey, head: UpstreamHead<'_>, now: Timestamp) -> Verdict {
        let row = match self.shared.look(key, now) {
            Look::Good(row) => Some(row),
            Look::Bad | Look::Elsewhere => None,
        };
        match Answer::of(head) {
            Answer::Upstream => Verdict::Upstream,
            Answer::Route => Verdict::Misdirected,
            Answer::Key => match row {
                Some(row) if self.shared.keys.is_activating(&row, now) => Verdict::Activating,
                Some(row) => {
                    tracing::warn!(
                        key = %row.id,
                        "API Gateway refuses a key that should be good: it was switched off or deleted there, or \
                         aws.invoke_url leads to another stage"
                    );
                    Verdict::Unknown
                }
                None => Verdict::Unknown,
            },
            Answer::Quota => Verdict::Refused(self.shared.used_up(row.as_deref(), now)),
            Answer::Throttle => Verdict::Refused(self.shared.too_fast(row.as_deref())),
        }
    }

    /// Whether API Gateway could be asked the last time, at most a minute ago, and our rows can be written.
    async fn ready(&self) -> Result<(), NotReady> {
        self.shared.rows.installation(self.shared.installation).await?;
        self.shared.health.get().map_err(NotReady::Provider)
    }
}

fn holder(row: &RemoteKey) -> Holder {
    Holder { key: row.id, plan_name: row.plan_name.clone() }
}

impl Shared {
    /// Notes what passed. API Gateway has counted it, unless it was never sent or refused there; nothing can be given
    /// back.
    fn note(&self, pass: &Pass, end: End) -> Charge {
        let is_refused = matches!(end.status, None | Some(401 | 403 | 429));
        if end.phase == Phase::NotSent || is_refused {
            self.figures.forget_begun(pass.id);
            return if end.phase == Phase::NotSent { Charge::Returned } else { Charge::Spent };
        }
        if let Some(holder) = &pass.holder {
            self.figures.count(pass.id, holder.key);
            // Some refusals of API Gateway's own, such as of a path, say nothing of the key.
            if matches!(end.status, Some(200..=299)) {
                self.keys.works(holder.key);
            }
        }
        Charge::Spent
    }

    fn look(&self, key: &PresentedKey, now: Timestamp) -> Look {
        let Some((id, digest)) = key.own() else { return Look::Elsewhere };
        match self.keys.look(id, digest, now) {
            Look::Good(row) if self.rows.is_blocked(row.account) => Look::Bad,
            look => look,
        }
    }

    fn used_up(&self, row: Option<&RemoteKey>, now: Timestamp) -> Refusal {
        let plan = row.and_then(|row| self.plans.of(row).ok().flatten());
        let limit = plan.as_ref().and_then(StagePlan::limit);
        // While several values work, a refusal of one tells nothing of the others.
        if let (Some(row), Some(plan), Some((limit, _))) = (row.filter(|row| row.earlier.is_empty()), &plan, limit) {
            self.figures.spent(row.id, plan.span(now).start, limit, now);
        }
        let used_up = limit.map(|(limit, period)| UsedUp { limit, used: limit, period });
        Refusal::Quota { holder: row.map(holder), used_up, reset_at: None }
    }

    fn too_fast(&self, row: Option<&RemoteKey>) -> Refusal {
        let plan = row.and_then(|row| self.plans.of(row).ok().flatten());
        let throttle = plan.and_then(|plan| plan.throttle());
        Refusal::Throttle { holder: row.map(holder), throttle, retry_after: THROTTLE_PAUSE, quota: None }
    }
}
