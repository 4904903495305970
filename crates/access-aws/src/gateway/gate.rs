//! The gate: one look in memory, and API Gateway decides. What it answered is judged here.

use std::time::Duration;

use access::{
    Admission, Charge, End, Gate, Holder, Inspection, NotReady, Pass, Phase, PresentedKey, Recognition, Refusal,
    RemoteKey, Spent, StoreError, UpstreamHead, Verdict,
};
use api_types::{AdmissionId, KeyStatus, Timestamp};
use async_trait::async_trait;

use super::{ApiGateway, Inner, local_keys::Look, plans::StagePlan};
use crate::marks::{REFUSAL_HEADER, refusal};

/// API Gateway refills a bucket continuously and says no time; a second is what SDKs wait at least.
const THROTTLE_PAUSE: Duration = Duration::from_secs(1);

#[async_trait]
impl Gate for ApiGateway {
    /// Lets through what may be good: whether it is, and within its limits, API Gateway decides. What is known here to
    /// be bad stays here.
    async fn admit(&self, key: &PresentedKey, id: AdmissionId, now: Timestamp) -> Result<Admission, StoreError> {
        let row = match self.inner.look(key, now) {
            Look::Good(row) => Some(row),
            Look::Unheard => None,
            Look::Bad => return Ok(Admission::Unknown),
        };
        let (holder, account) = (row.as_deref().map(holder), row.as_deref().map(|row| row.account));
        if let Some(holder) = &holder {
            self.inner.uses.begin(id, holder.key);
        }
        Ok(Admission::Granted(Pass { id, holder, account, booking: None }))
    }

    /// Notes what passed. API Gateway has counted it, unless it was never sent or refused there; nothing can be given
    /// back.
    async fn settle(&self, pass: &Pass, end: End, _now: Timestamp) -> Result<Charge, StoreError> {
        let is_refused = matches!(end.status, None | Some(401 | 403 | 429));
        if end.phase == Phase::NotSent || is_refused {
            self.inner.uses.forget_begun(pass.id);
            return Ok(if end.phase == Phase::NotSent { Charge::Returned } else { Charge::Spent });
        }
        if let Some(holder) = &pass.holder {
            self.inner.uses.count(pass.id, holder.key);
            // Some refusals of API Gateway's own, such as of a path, say nothing of the key.
            if matches!(end.status, Some(200..=299)) {
                self.inner.keys.works(holder.key);
            }
        }
        Ok(Charge::Spent)
    }

    async fn inspect(&self, key: &PresentedKey, now: Timestamp) -> Result<Inspection, StoreError> {
        let row = match self.inner.look(key, now) {
            Look::Good(row) => row,
            Look::Unheard => return Ok(Inspection::Elsewhere),
            Look::Bad => return Ok(Inspection::Unknown),
        };
        let Some(plan) = self.inner.plans.of(&row)? else { return Ok(Inspection::Unknown) };
        let quota = self.inner.quota(&row, &plan, now).await?;
        let state = self.inner.state(&row, Some(&plan), now);
        let throttle = plan.throttle();
        let plan_name = row.plan_name.clone();
        Ok(Inspection::Known(KeyStatus { id: row.id, plan_name, state, quota, throttle }))
    }

    async fn recognise(&self, key: &PresentedKey, now: Timestamp) -> Result<Recognition, StoreError> {
        Ok(match self.inner.look(key, now) {
            Look::Good(row) => Recognition::Holder(holder(&row)),
            Look::Unheard => Recognition::Elsewhere,
            Look::Bad => Recognition::Unknown,
        })
    }

    fn judge(&self, key: &PresentedKey, head: UpstreamHead<'_>, now: Timestamp) -> Verdict {
        let row = match self.inner.look(key, now) {
            Look::Good(row) => Some(row),
            Look::Bad | Look::Unheard => None,
        };
        match Answer::of(head) {
            Answer::Upstream => Verdict::Upstream,
            Answer::Route => Verdict::Misdirected,
            Answer::Key => match row {
                Some(row) if self.inner.keys.is_activating(&row, now) => Verdict::Activating,
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
            Answer::Quota => Verdict::Refused(self.inner.spent(row.as_deref(), now)),
            Answer::Throttle => Verdict::Refused(self.inner.too_fast(row.as_deref())),
        }
    }

    /// Whether API Gateway could be asked the last time, at most a minute ago, and our rows can be written.
    async fn ready(&self) -> Result<(), NotReady> {
        self.inner.rows.installation(self.inner.installation).await?;
        self.inner.health.get().map_err(NotReady::Provider)
    }
}

/// Whose answer it is, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// The model's server.
    Upstream,
    /// API Gateway: no key, or one that opens nothing.
    Key,
    /// API Gateway: it has no such path.
    Route,
    /// API Gateway: the quota is used up.
    Quota,
    /// API Gateway: too fast.
    Throttle,
}

impl Answer {
    /// By our gateway responses' mark, else by API Gateway's own header, which an upstream can't send through it:
    /// API Gateway renames an upstream's own (developer guide, "known issues": `x-amzn-Remapped-…`).
    fn of(head: UpstreamHead<'_>) -> Self {
        match head.header(REFUSAL_HEADER) {
            Some(refusal::INVALID_API_KEY) => return Self::Key,
            Some(refusal::ROUTE) => return Self::Route,
            Some(refusal::QUOTA) => return Self::Quota,
            Some(refusal::THROTTLE) => return Self::Throttle,
            // A firewall's or an authorizer's, which says nothing of the key.
            Some(refusal::DENIED) => return Self::Upstream,
            _ => {}
        }
        let kind = head.header("x-amzn-errortype").map(|kind| kind.split(':').next().unwrap_or_default());
        match (head.status, kind) {
            (401 | 403, Some("ForbiddenException")) => Self::Key,
            (403, Some("MissingAuthenticationTokenException")) => Self::Route,
            (429, Some("LimitExceededException")) => Self::Quota,
            (429, Some("TooManyRequestsException")) => Self::Throttle,
            _ => Self::Upstream,
        }
    }
}

/// What a failed request without a key tells of the address that it was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keyless {
    /// It leads to a stage of ours, which asks for a key.
    Asks,
    /// It leads to a stage that asks for a key, or to none: API Gateway answers both alike.
    AsksOrIsNoStage,
    /// It leads to a stage that has no such path.
    NoSuchPath,
    /// It isn't API Gateway that answered.
    Elsewhere,
}

impl Keyless {
    /// Reads the head of an answer to a request without a key, and the beginning of its body: of API Gateway's own
    /// answers some emulators give the body alone.
    #[must_use]
    pub fn of(head: UpstreamHead<'_>, text: Option<&str>) -> Self {
        match Answer::of(head) {
            Answer::Key if head.header(REFUSAL_HEADER).is_some() => Self::Asks,
            Answer::Key => Self::AsksOrIsNoStage,
            Answer::Route => Self::NoSuchPath,
            Answer::Upstream if head.status == 403 => match text.and_then(message_of).as_deref() {
                Some("Forbidden") => Self::AsksOrIsNoStage,
                Some("Missing Authentication Token") => Self::NoSuchPath,
                _ => Self::Elsewhere,
            },
            Answer::Upstream | Answer::Quota | Answer::Throttle => Self::Elsewhere,
        }
    }
}

/// The message of an answer in API Gateway's own form.
fn message_of(text: &str) -> Option<String> {
    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Own {
        message: String,
    }
    serde_json::from_str::<Own>(text).ok().map(|own| own.message)
}

fn holder(row: &RemoteKey) -> Holder {
    Holder { key: row.id, plan_name: row.plan_name.clone() }
}

impl Inner {
    fn look(&self, key: &PresentedKey, now: Timestamp) -> Look {
        key.own().map_or(Look::Unheard, |(id, digest)| self.keys.look(id, digest, now))
    }

    fn spent(&self, row: Option<&RemoteKey>, now: Timestamp) -> Refusal {
        let plan = row.and_then(|row| self.plans.of(row).ok().flatten());
        let limit = plan.as_ref().and_then(StagePlan::limit);
        // While several values work, a refusal of one tells nothing of the others.
        if let (Some(row), Some(plan), Some((limit, _))) = (row.filter(|row| row.earlier.is_empty()), &plan, limit) {
            self.uses.spent(row.id, plan.span(now).start, limit, now);
        }
        let spent = limit.map(|(limit, period)| Spent { limit, used: limit, period });
        Refusal::Quota { holder: row.map(holder), spent, reset_at: None }
    }

    fn too_fast(&self, row: Option<&RemoteKey>) -> Refusal {
        let plan = row.and_then(|row| self.plans.of(row).ok().flatten());
        let throttle = plan.and_then(|plan| plan.throttle());
        Refusal::Throttle { holder: row.map(holder), throttle, retry_after: THROTTLE_PAUSE, quota: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstreams_own_refusal_is_not_taken_for_api_gateways() {
        let of = |status, headers| Answer::of(UpstreamHead { status, headers });
        assert_eq!(of(403, &[]), Answer::Upstream);
        assert_eq!(of(429, &[("retry-after", "1")]), Answer::Upstream);
        assert_eq!(of(403, &[("x-amzn-remapped-x-amzn-errortype", "ForbiddenException")]), Answer::Upstream);
        assert_eq!(of(403, &[("x-amzn-errortype", "AccessDeniedException")]), Answer::Upstream);
        assert_eq!(of(403, &[("x-amzn-errortype", "ForbiddenException")]), Answer::Key);
        assert_eq!(of(403, &[("x-amzn-errortype", "ForbiddenException:http://internal")]), Answer::Key);
        assert_eq!(of(401, &[("x-tollgate-refusal", "invalid_api_key")]), Answer::Key);
        assert_eq!(of(403, &[("x-amzn-errortype", "MissingAuthenticationTokenException")]), Answer::Route);
        assert_eq!(of(429, &[("x-amzn-errortype", "LimitExceededException")]), Answer::Quota);
        assert_eq!(of(429, &[("x-amzn-errortype", "TooManyRequestsException")]), Answer::Throttle);
        assert_eq!(of(429, &[("x-tollgate-refusal", "throttle")]), Answer::Throttle);
    }
}
