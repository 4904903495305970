//! A refused chat request in words.

use api_types::{KeyStatus, QuotaStatus, Timestamp, openai::ErrorObject};

use crate::{
    api::CallFailure,
    reset_time::{LocalTime, spent, throttled, used_up},
};

/// A key that was waited for as long as an activation takes.
const STILL_ACTIVATING: &str = "Your key still isn't active after two minutes. Your message is back in the field below: \
    send it again in a few minutes. If that doesn't help, rotate the key on the dashboard, or ask whoever runs this \
    server.";

/// What to tell, and whether another key would help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ChatFailure {
    failure: CallFailure,
}

/// Whether what was asked can be asked once more as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Retry {
    /// It would be refused again.
    InVain,
    /// Now, or when the server said.
    Later,
    /// As soon as there is a connection.
    Connected,
}

impl ChatFailure {
    /// Of a call that failed.
    pub(crate) const fn of(failure: CallFailure) -> Self {
        Self { failure }
    }

    /// Whether the key itself is refused.
    pub(crate) const fn is_bad_key(&self) -> bool {
        matches!(self.failure, CallFailure::Refused { status: 401, .. })
    }

    /// Whether asking once more may help.
    pub(crate) fn retry(&self) -> Retry {
        match &self.failure {
            CallFailure::Network => Retry::Connected,
            CallFailure::Refused { status: 429, .. } if self.spent().is_some() => Retry::InVain,
            CallFailure::Refused { status: 408 | 429 | 500..=599, .. } => Retry::Later,
            CallFailure::Refused { .. } => Retry::InVain,
        }
    }

    /// Whether the quota is spent, and until when, where that is known.
    pub(crate) fn spent(&self) -> Option<Option<Timestamp>> {
        let CallFailure::Refused { error: Some(error), .. } = &self.failure else { return None };
        match &error.quota {
            Some(quota) => Some(quota.reset_at),
            None if error.kind == "throttle" => None,
            None => (error.code.as_deref() == Some("rate_limit_exceeded")).then_some(None),
        }
    }

    /// The sentence. `key` is what the key told about itself before, if it was asked; `rough`: limits hold about.
    pub(crate) fn sentence(
        &self,
        key: Option<&KeyStatus>,
        rough: bool,
        now: Timestamp,
        local: impl Fn(Timestamp) -> LocalTime,
    ) -> String {
        match &self.failure {
            CallFailure::Network => "The server can't be reached. Check your connection, then send again.".to_owned(),
            CallFailure::Refused { status: 401, .. } => {
                "This key doesn't work: it may be mistyped, disabled, rotated or revoked. Use another one.".to_owned()
            }
            failure if failure.is_activating() => STILL_ACTIVATING.to_owned(),
            CallFailure::Refused { error: Some(error), retry_after, .. } => {
                said(error, *retry_after, key, rough, now, local)
            }
            CallFailure::Refused { status, error: None, .. } => {
                format!("The answer can't be read (status {status}). Send again in a moment.")
            }
        }
    }
}

fn said(
    error: &ErrorObject,
    retry_after: Option<u64>,
    key: Option<&KeyStatus>,
    rough: bool,
    now: Timestamp,
    local: impl Fn(Timestamp) -> LocalTime,
) -> String {
    if let Some(quota) = &error.quota {
        let period = key.and_then(|key| match key.quota {
            QuotaStatus::Limited { period, .. } => Some(period),
            QuotaStatus::Unlimited => None,
        });
        return spent(quota, period, rough, now, local);
    }
    if error.kind == "throttle" {
        let rate = key.and_then(|key| key.throttle).map(|throttle| throttle.rate);
        return throttled(key.map(|key| &key.plan_name), rate, retry_after);
    }
    if error.code.as_deref() == Some("rate_limit_exceeded") {
        return used_up(key.map(|key| &key.plan_name), "");
    }
    match retry_after {
        Some(1) => format!("{} Try again in 1 second.", ended(&error.message)),
        Some(seconds) => format!("{} Try again in {seconds} seconds.", ended(&error.message)),
        None => ended(&error.message),
    }
}

/// The sentence with a full stop, so that another can follow.
fn ended(sentence: &str) -> String {
    let sentence = sentence.trim();
    if sentence.ends_with(['.', '!', '?']) { sentence.to_owned() } else { format!("{sentence}.") }
}

#[cfg(test)]
mod tests {
    use api_types::{Date, KeyId, KeyState, Period, PlanName, Throttle, openai::SpentQuota};

    use super::*;

    fn plan() -> PlanName {
        PlanName::parse("10RequestPerDay").unwrap()
    }

    fn key() -> KeyStatus {
        KeyStatus {
            id: KeyId::from_random([1; 16]),
            plan_name: plan(),
            state: KeyState::Active,
            last_used_at: None,
            quota: QuotaStatus::Limited { limit: 10, used: 10, remaining: 0, period: Period::Day, reset_at: None },
            throttle: Some(Throttle { rate: 10.0, burst: 20 }),
        }
    }

    fn refused(status: u16, kind: &str, quota: Option<SpentQuota>, retry_after: Option<u64>) -> ChatFailure {
        coded(status, kind, None, quota, retry_after)
    }

    fn coded(
        status: u16,
        kind: &str,
        code: Option<&str>,
        quota: Option<SpentQuota>,
        retry_after: Option<u64>,
    ) -> ChatFailure {
        let error = ErrorObject {
            message: "The upstream is busy".to_owned(),
            kind: kind.to_owned(),
            param: None,
            code: code.map(str::to_owned),
            quota,
        };
        ChatFailure::of(CallFailure::Refused { status, error: Some(Box::new(error)), retry_after })
    }

    fn sentence(failure: &ChatFailure) -> String {
        let local = |_| LocalTime { date: Date::default(), hour: 2, minute: 0 };
        failure.sentence(Some(&key()), true, "2026-11-21T18:48:00Z".parse().unwrap(), local)
    }

    #[test]
    fn a_spent_quota_is_told_by_its_own_figures() {
        let quota = SpentQuota { plan: plan(), limit: 10, used: 10, reset_at: None };
        let text = sentence(&refused(429, "requests", Some(quota), Some(18_720)));
        assert!(text.contains("10RequestPerDay") && text.contains("10 of about 10 requests per day"), "{text}");
    }

    #[test]
    fn a_spent_quota_without_figures_still_names_the_plan_and_no_time() {
        let text = sentence(&coded(429, "requests", Some("rate_limit_exceeded"), None, None));
        assert!(text.starts_with("The quota of 10RequestPerDay is used up. When it opens again isn't known"), "{text}");
    }

    #[test]
    fn a_key_that_stays_inactive_tells_what_to_do() {
        let failure = coded(503, "server_error", Some("key_activating"), None, Some(10));
        let text = sentence(&failure);
        assert!(text.contains("send it again") && !text.contains("10 seconds") && !failure.is_bad_key(), "{text}");
    }

    #[test]
    fn a_throttle_is_told_by_its_wait() {
        let text = sentence(&refused(429, "throttle", None, Some(3)));
        assert!(text.contains("10 requests per second") && text.contains("in 3 seconds"), "{text}");
    }

    #[test]
    fn anything_else_is_the_servers_own_sentence_and_its_wait() {
        assert_eq!(
            sentence(&refused(503, "server_error", None, Some(5))),
            "The upstream is busy. Try again in 5 seconds."
        );
        assert_eq!(sentence(&refused(502, "server_error", None, None)), "The upstream is busy.");
    }

    #[test]
    fn a_refused_key_asks_for_another() {
        let failure = refused(401, "invalid_request_error", None, None);
        assert!(failure.is_bad_key() && sentence(&failure).contains("another"));
    }

    #[test]
    fn what_may_pass_is_offered_again_and_what_stays_is_not() {
        for (status, kind, code, retry) in [
            (429, "throttle", Some("rate_limit_exceeded"), Retry::Later),
            (429, "requests", Some("rate_limit_exceeded"), Retry::InVain),
            (503, "server_error", None, Retry::Later),
            (401, "invalid_request_error", None, Retry::InVain),
            (400, "invalid_request_error", None, Retry::InVain),
        ] {
            assert_eq!(coded(status, kind, code, None, Some(3)).retry(), retry, "{status} {kind}");
        }
        assert_eq!(ChatFailure::of(CallFailure::Network).retry(), Retry::Connected);
    }

    #[test]
    fn no_answer_is_not_the_keys_fault() {
        let failure = ChatFailure::of(CallFailure::Network);
        assert!(!failure.is_bad_key() && sentence(&failure).contains("connection"));
    }
}
