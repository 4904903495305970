//! The headers that tell a quota's figures: OpenAI's `x-ratelimit-*` and the IETF draft's `RateLimit`.

use actix_web::http::header::{HeaderName, HeaderValue};
use api_types::{Period, QuotaStatus, Timestamp};

const LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit-requests");
const REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining-requests");
const RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset-requests");
const DRAFT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const DRAFT_LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// The headers for a quota as it stands; none where there is no quota.
///
/// `RateLimit-Policy` and `RateLimit` follow draft-ietf-httpapi-ratelimit-headers: a quoted policy name, `q` the quota,
/// `w` the window in seconds (left out for a month, whose length differs), `r` what remains, `t` seconds to the reset.
#[must_use]
pub fn of(quota: &QuotaStatus, now: Timestamp) -> Vec<(HeaderName, HeaderValue)> {
    let QuotaStatus::Limited { limit, remaining, period, reset_at, .. } = *quota else {
        return Vec::new();
    };
    let (name, window) = match period {
        Period::Day => ("daily", ";w=86400"),
        Period::Week => ("weekly", ";w=604800"),
        Period::Month => ("monthly", ""),
    };
    let mut headers = vec![(LIMIT, HeaderValue::from(limit)), (REMAINING, HeaderValue::from(remaining))];
    let mut text = |name: HeaderName, value: String| {
        headers.extend(HeaderValue::try_from(value).map(|value| (name, value)));
    };
    text(DRAFT_POLICY, format!("\"{name}\";q={limit}{window}"));
    match reset_at {
        Some(at) => {
            text(RESET, go_duration(at, now));
            text(DRAFT_LIMIT, format!("\"{name}\";r={remaining};t={}", seconds_until(at, now)));
        }
        None => text(DRAFT_LIMIT, format!("\"{name}\";r={remaining}")),
    }
    headers
}

/// Whole seconds until an instant, rounded up, at least 1: who waits that long is not too early.
#[must_use]
pub fn seconds_until(at: Timestamp, now: Timestamp) -> u64 {
    let left = at.duration_since(now);
    let seconds = left.as_secs() + i64::from(left.subsec_nanos() > 0);
    u64::try_from(seconds).unwrap_or(0).max(1)
}

/// The time until an instant as Go writes durations, in whole seconds: `7h12m5s`, `6m0s`, `1s`.
#[must_use]
pub fn go_duration(at: Timestamp, now: Timestamp) -> String {
    let seconds = seconds_until(at, now);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest}s"),
        (0, _) => format!("{minutes}m{rest}s"),
        _ => format!("{hours}h{minutes}m{rest}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn durations_read_as_go_writes_them() {
        let now = at("2026-11-21T16:47:55Z");
        assert_eq!(go_duration(at("2026-11-22T00:00:00Z"), now), "7h12m5s");
        assert_eq!(go_duration(at("2026-11-21T16:53:55Z"), now), "6m0s");
        assert_eq!(go_duration(at("2026-11-21T16:47:55.012Z"), now), "1s");
        assert_eq!(go_duration(now, now), "1s");
    }

    #[test]
    fn a_window_is_told_where_it_always_has_the_same_length() {
        let policy = |period| {
            let quota = QuotaStatus::Limited { limit: 5, used: 1, remaining: 4, period, reset_at: None };
            let headers = of(&quota, at("2026-11-21T23:00:00Z"));
            let told = headers.iter().find(|(name, _)| name == DRAFT_POLICY).unwrap();
            told.1.to_str().unwrap().to_owned()
        };
        assert_eq!(policy(Period::Week), "\"weekly\";q=5;w=604800");
        assert_eq!(policy(Period::Month), "\"monthly\";q=5");
    }

    #[test]
    fn all_headers_tell_the_same_figures() {
        let quota = QuotaStatus::Limited {
            limit: 10,
            used: 10,
            remaining: 0,
            period: Period::Day,
            reset_at: Some(at("2026-11-22T00:00:00Z")),
        };
        let headers: Vec<_> = of(&quota, at("2026-11-21T23:00:00Z"))
            .into_iter()
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        assert_eq!(
            headers,
            [
                "x-ratelimit-limit-requests: 10",
                "x-ratelimit-remaining-requests: 0",
                "ratelimit-policy: \"daily\";q=10;w=86400",
                "x-ratelimit-reset-requests: 1h0m0s",
                "ratelimit: \"daily\";r=0;t=3600",
            ]
        );
        assert!(of(&QuotaStatus::Unlimited, at("2026-11-21T23:00:00Z")).is_empty());
    }
}
