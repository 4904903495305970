//! Reads times off the wire by hand.
//!
//! The time library's parser knows every calendar notation, and its error texts come along: together they would be a
//! sixth of the page. What this API writes is one notation only.

use serde::{Deserialize, Deserializer, de::Error};

use crate::{Date, Timestamp};

/// A timestamp as this API writes it: RFC 3339 in UTC, with up to nine digits of a second's fraction.
pub(crate) fn timestamp<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    read_timestamp(&String::deserialize(from)?).ok_or_else(|| D::Error::custom(NOT_A_TIME))
}

/// A timestamp, null, or left out (together with `#[serde(default)]`).
pub(crate) fn optional_timestamp<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    Option::<String>::deserialize(from)?
        .map(|text| read_timestamp(&text).ok_or_else(|| D::Error::custom(NOT_A_TIME)))
        .transpose()
}

/// Timestamps that the page doesn't look at: reading a list would make it larger by half a kilobyte.
pub(crate) fn unread<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Timestamp>, D::Error> {
    serde::de::IgnoredAny::deserialize(from).map(|_| Vec::new())
}

/// A calendar day.
pub(crate) fn date<'de, D: Deserializer<'de>>(from: D) -> Result<Date, D::Error> {
    let text = String::deserialize(from)?;
    read_date(&text).ok_or_else(|| D::Error::custom("not a day like 2026-11-21"))
}

const NOT_A_TIME: &str = "not a time in UTC like 2026-11-21T00:00:00Z";

fn read_timestamp(text: &str) -> Option<Timestamp> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let (time, fraction) = time.split_once('.').map_or((time, None), |(time, fraction)| (time, Some(fraction)));
    let [hour, minute, second] = numbers::<3>(time, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let nanosecond = match fraction {
        None => 0,
        Some(digits) if digits.len() <= 9 => number(digits)? * 10_i32.pow(9 - u32::try_from(digits.len()).ok()?),
        Some(_) => return None,
    };
    let seconds = days_since_1970(read_date(date)?) * 86_400 + i64::from(hour * 3600 + minute * 60 + second);
    Timestamp::new(seconds, nanosecond).ok()
}

fn read_date(text: &str) -> Option<Date> {
    let [year, month, day] = numbers::<3>(text, '-', [4, 2, 2])?;
    Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// As many numbers as there are lengths, each with exactly that many digits.
fn numbers<const N: usize>(text: &str, separator: char, lengths: [usize; N]) -> Option<[i32; N]> {
    let mut parts = text.split(separator);
    let mut out = [0; N];
    for (slot, length) in out.iter_mut().zip(lengths) {
        *slot = number(parts.next().filter(|part| part.len() == length)?)?;
    }
    parts.next().is_none().then_some(out)
}

/// Digits only: no sign, no space, and something at all.
fn number(digits: &str) -> Option<i32> {
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}

/// Days from 1970-01-01 in the Gregorian calendar, negative before. A year is counted from March, so that the leap day
/// is its last.
fn days_since_1970(date: Date) -> i64 {
    let (month, day) = (i64::from(date.month()), i64::from(date.day()));
    let year = i64::from(date.year()) - i64::from(month <= 2);
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    // 146,097 days are 400 years; 719,468 days lie between 0000-03-01 and 1970-01-01.
    era * 146_097 + day_of_era - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{QuotaStatus, UsageDay};

    proptest! {
        #[test]
        fn every_time_that_is_written_reads_back(seconds in -62_167_219_200_i64..253_402_207_200, nanos in 0..1_000_000_000) {
            let time = Timestamp::new(seconds, if seconds < 0 { 0 } else { nanos }).unwrap();
            prop_assert_eq!(read_timestamp(&time.to_string()), Some(time));
            let day = time.to_zoned(jiff::tz::TimeZone::UTC).date();
            prop_assert_eq!(read_date(&day.to_string()), Some(day));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,40}") {
            let _ = (read_timestamp(&text), read_date(&text));
        }
    }

    #[test]
    fn what_this_api_never_writes_is_refused() {
        for text in [
            "",
            "Z",
            "2026-11-21",
            "2026-11-21T00:00:00",
            "2026-11-21T00:00:00+01:00",
            "2026-11-21T24:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-11-21T00:00:60Z",
            "2026-11-21T0:00:00Z",
            "2026-11-21T00:00:00.Z",
            "2026-11-21T00:00:00.1234567890Z",
            "+026-11-21T00:00:00Z",
        ] {
            assert_eq!(read_timestamp(text), None, "{text}");
        }
        assert_eq!(read_date("2026-11-21 "), None);
    }

    #[test]
    fn an_unknown_time_is_null_or_left_out_and_a_wrong_one_is_refused() {
        let quota = |reset_at: &str| {
            serde_json::from_str::<QuotaStatus>(&format!(
                r#"{{"kind": "limited", "limit": 1, "used": 0, "remaining": 1, "period": "DAY"{reset_at}}}"#
            ))
        };
        assert_eq!(quota(r#", "reset_at": null"#).unwrap(), quota("").unwrap());
        assert!(quota(r#", "reset_at": "tomorrow""#).is_err());
        let known = quota(r#", "reset_at": "2026-11-22T00:00:00Z""#).unwrap();
        assert_eq!(serde_json::to_value(known).unwrap()["reset_at"], "2026-11-22T00:00:00Z");
    }

    #[test]
    fn a_day_of_usage_reads_back_as_it_was_written() {
        let day = r#"{"date":"2026-11-21","used":1,"refused":0,"returned":0,"limit":null}"#;
        assert_eq!(serde_json::to_string(&serde_json::from_str::<UsageDay>(day).unwrap()).unwrap(), day);
    }
}
