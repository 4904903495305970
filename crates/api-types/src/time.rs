//! Reads times off the wire without linking the time library's error texts, which would be a sixth of the page.

use serde::{Deserialize, Deserializer, de::Error};

use crate::{Date, Timestamp};

/// An RFC 3339 timestamp.
pub(crate) fn timestamp<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    String::deserialize(from)?.parse().map_err(|_| D::Error::custom("not a time like 2026-11-21T00:00:00Z"))
}

/// An RFC 3339 timestamp, null, or left out (together with `#[serde(default)]`).
pub(crate) fn optional_timestamp<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(from)?;
    text.map(|text| text.parse().map_err(|_| D::Error::custom("not a time like 2026-11-21T00:00:00Z"))).transpose()
}

/// A calendar day.
pub(crate) fn date<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
    String::deserialize(from)?.parse().map_err(|_| D::Error::custom("not a day like 2026-11-21"))
}

#[cfg(test)]
mod tests {
    use crate::{QuotaStatus, UsageDay};

    fn quota(reset_at: &str) -> Result<QuotaStatus, serde_json::Error> {
        serde_json::from_str(&format!(
            r#"{{"kind": "limited", "limit": 1, "used": 0, "remaining": 1, "period": "DAY"{reset_at}}}"#
        ))
    }

    #[test]
    fn a_time_reads_back_as_it_was_written() {
        let status = quota(r#", "reset_at": "2026-11-22T00:00:00Z""#).unwrap();
        assert_eq!(serde_json::to_value(status).unwrap()["reset_at"], "2026-11-22T00:00:00Z");
        let day = r#"{"date":"2026-11-21","used":1,"refused":0,"returned":0,"limit":null}"#;
        assert_eq!(serde_json::to_string(&serde_json::from_str::<UsageDay>(day).unwrap()).unwrap(), day);
    }

    #[test]
    fn an_unknown_time_is_null_or_left_out_and_a_wrong_one_is_refused() {
        assert_eq!(quota(r#", "reset_at": null"#).unwrap(), quota("").unwrap());
        assert!(quota(r#", "reset_at": "tomorrow""#).is_err());
    }
}
