//! How quotas are read from JSON: all fields first, then the kind decides.
//!
//! serde's own way for tagged enums copies every value through a tree of its own, which the page would have to carry.

use serde::Deserialize;

use crate::{Period, Quota, QuotaStatus, Timestamp};

/// Which variant.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Limited,
    Unlimited,
}

/// The fields of every kind of quota, on its own or with its use.
#[derive(Deserialize)]
pub(crate) struct QuotaFields {
    kind: Kind,
    limit: Option<u64>,
    period: Option<Period>,
    offset: Option<u32>,
    used: Option<u64>,
    remaining: Option<u64>,
    #[serde(default, deserialize_with = "crate::time::optional_timestamp")]
    reset_at: Option<Timestamp>,
}

const INCOMPLETE: &str = "a field of a limited quota is missing";

impl TryFrom<QuotaFields> for Quota {
    type Error = &'static str;

    fn try_from(from: QuotaFields) -> Result<Self, Self::Error> {
        match from.kind {
            Kind::Unlimited => Ok(Self::Unlimited),
            Kind::Limited => Ok(Self::Limited {
                limit: from.limit.ok_or(INCOMPLETE)?,
                period: from.period.ok_or(INCOMPLETE)?,
                offset: from.offset.ok_or(INCOMPLETE)?,
            }),
        }
    }
}

impl TryFrom<QuotaFields> for QuotaStatus {
    type Error = &'static str;

    fn try_from(from: QuotaFields) -> Result<Self, Self::Error> {
        match from.kind {
            Kind::Unlimited => Ok(Self::Unlimited),
            Kind::Limited => Ok(Self::Limited {
                limit: from.limit.ok_or(INCOMPLETE)?,
                used: from.used.ok_or(INCOMPLETE)?,
                remaining: from.remaining.ok_or(INCOMPLETE)?,
                period: from.period.ok_or(INCOMPLETE)?,
                reset_at: from.reset_at,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_read_back_as_they_were_written() {
        let limited = Quota::Limited { limit: 10, period: Period::Week, offset: 2 };
        for quota in [limited, Quota::Unlimited] {
            let text = serde_json::to_string(&quota).unwrap();
            assert_eq!(serde_json::from_str::<Quota>(&text).unwrap(), quota, "{text}");
        }
        let limited = QuotaStatus::Limited { limit: 10, used: 3, remaining: 7, period: Period::Day, reset_at: None };
        for status in [limited, QuotaStatus::Unlimited] {
            let text = serde_json::to_string(&status).unwrap();
            assert_eq!(serde_json::from_str::<QuotaStatus>(&text).unwrap(), status, "{text}");
        }
    }

    #[test]
    fn an_unknown_kind_and_a_missing_field_are_refused() {
        for text in ["{}", r#"{"kind": "some"}"#, r#"{"kind": "limited", "limit": 1, "period": "DAY"}"#] {
            assert!(serde_json::from_str::<Quota>(text).is_err(), "{text}");
        }
        assert!(serde_json::from_str::<QuotaStatus>(r#"{"kind": "limited", "limit": 1, "period": "DAY"}"#).is_err());
    }
}
