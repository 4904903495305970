//! Plans and promises in plain words; figures come from the server as they are.

use api_types::{KeyAtRest, Period, Promises, Quota, QuotaPromise, Survival, Throttle, UpstreamInfo};

use crate::reset_time::per_time;

/// The quota as a card's figure and its unit: ("10", "requests per day").
pub(crate) fn quota(quota: &Quota) -> (String, String) {
    match quota {
        Quota::Unlimited => ("Unlimited".to_owned(), "requests".to_owned()),
        Quota::Limited { limit, period, .. } => {
            let requests = if *limit == 1 { "request" } else { "requests" };
            (grouped(*limit), format!("{requests} per {}", period.noun()))
        }
    }
}

/// What is smaller in the first period, where a plan says so.
pub(crate) fn first_period(quota: &Quota) -> Option<String> {
    match quota {
        Quota::Limited { limit, period, offset } if *offset > 0 => {
            let first = limit.saturating_sub(u64::from(*offset));
            Some(format!("{} in the first {}", grouped(first), period.noun()))
        }
        _ => None,
    }
}

/// When a period begins, for the plan's card.
pub(crate) const fn resets_each(period: Period) -> &'static str {
    match period {
        Period::Day => "Resets every day at midnight, in the plan's time zone",
        Period::Week => "Resets every Monday, in the plan's time zone",
        Period::Month => "Resets on the 1st of the month, in the plan's time zone",
    }
}

/// The throttle in words.
pub(crate) fn throttle(throttle: Option<&Throttle>) -> String {
    match throttle {
        None => "No limit on speed".to_owned(),
        Some(Throttle { rate, burst }) => format!("Up to {}, bursts of {burst}", per_time(*rate)),
    }
}

/// What this installation keeps to, a sentence each.
pub(crate) fn promises(promises: &Promises) -> Vec<&'static str> {
    vec![
        match promises.quota {
            QuotaPromise::Exact => "Counts are exact: not one request over, not one under.",
            QuotaPromise::BestEffort => "Quotas are best-effort: a few requests over are possible.",
        },
        match promises.survives {
            Survival::ProcessKill => "Counts survive a crash. A power cut may lose the last few.",
            Survival::PowerCut => "Counts survive a crash and a power cut.",
            Survival::Provider => "Counts are kept by the provider behind this server.",
        },
        if promises.fair_charge {
            "A request that fails at the model isn't charged."
        } else {
            "A request that fails at the model is charged all the same."
        },
        match promises.key_at_rest {
            KeyAtRest::Digest => "A key's value is shown once. Only its fingerprint is stored.",
            KeyAtRest::Clear => "A key's value is stored by the provider, where its administrators can read it.",
        },
    ]
}

/// The curl line that works as it stands, for a POSIX shell. `model` is asked for only where no default is set.
pub(crate) fn curl(origin: &str, key: &str, upstream: Option<&UpstreamInfo>) -> String {
    let model = match upstream {
        Some(UpstreamInfo::Configured { default_model: None }) => r#""model": "YOUR-MODEL", "#,
        _ => "",
    };
    format!(
        "curl -N {origin}/v1/chat/completions \\\n  \
         -H 'Authorization: Bearer {key}' \\\n  \
         -H 'Content-Type: application/json' \\\n  \
         -d '{{{model}\"messages\": [{{\"role\": \"user\", \"content\": \"Hello!\"}}], \"stream\": true}}'"
    )
}

/// Digits in groups of three: 1,000.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_in_threes() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn a_quota_is_a_figure_and_its_unit() {
        let day = Quota::Limited { limit: 10, period: Period::Day, offset: 0 };
        assert_eq!(quota(&day), ("10".to_owned(), "requests per day".to_owned()));
        assert_eq!(first_period(&day), None);
        let month = Quota::Limited { limit: 1000, period: Period::Month, offset: 2 };
        assert_eq!(quota(&month).0, "1,000");
        assert_eq!(first_period(&month).as_deref(), Some("998 in the first month"));
    }

    #[test]
    fn the_curl_line_has_valid_json_and_names_a_model_only_where_none_is_set() {
        let demo = UpstreamInfo::Demo { model: "demo".to_owned() };
        let none = UpstreamInfo::Configured { default_model: None };
        for (upstream, named) in [(None, false), (Some(&demo), false), (Some(&none), true)] {
            let line = curl("http://127.0.0.1:8000", "tg_a_b", upstream);
            let body = line.rsplit_once("-d '").unwrap().1.strip_suffix('\'').unwrap();
            let body: serde_json::Value = serde_json::from_str(body).unwrap();
            assert_eq!(body["stream"], true);
            assert_eq!(body.get("model").is_some(), named);
            assert!(line.contains("Bearer tg_a_b"));
        }
    }
}
