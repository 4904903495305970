//! How long ago something was, in the words that people use for it.

use api_types::Timestamp;

use crate::reset_time::{LocalTime, day_and_month};

/// "just now", "3 minutes ago", "2 days ago", "on 3 March 2026". What lies ahead, by another clock, is now.
pub(crate) fn ago(now: Timestamp, then: Timestamp, local: impl Fn(Timestamp) -> LocalTime) -> String {
    let minutes = (now.as_second() - then.as_second()) / 60;
    let told = |count: i64, unit: &str| format!("{count} {unit}{} ago", if count == 1 { "" } else { "s" });
    match (minutes / 60 / 24, minutes / 60) {
        _ if minutes < 1 => "just now".to_owned(),
        (0, 0) => told(minutes, "minute"),
        (0, hours) => told(hours, "hour"),
        (days, _) if days < 31 => told(days, "day"),
        _ => {
            let date = local(then).date;
            format!("on {} {}", day_and_month(date), date.year())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_is_the_one_that_people_would_use() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let now = at("2026-11-21T12:00:00Z");
        let local = |_| LocalTime { date: "2026-03-03".parse().unwrap(), hour: 0, minute: 0 };
        for (then, told) in [
            ("2026-11-21T12:00:30Z", "just now"),
            ("2026-11-21T11:59:01Z", "just now"),
            ("2026-11-21T11:59:00Z", "1 minute ago"),
            ("2026-11-21T11:01:00Z", "59 minutes ago"),
            ("2026-11-21T11:00:00Z", "1 hour ago"),
            ("2026-11-20T12:01:00Z", "23 hours ago"),
            ("2026-11-20T12:00:00Z", "1 day ago"),
            ("2026-10-22T12:00:00Z", "30 days ago"),
            ("2026-10-21T12:00:00Z", "on 3 March 2026"),
        ] {
            assert_eq!(ago(now, at(then), local), told, "{then}");
        }
    }
}
