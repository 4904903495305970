//! When a quota resets, as a sentence in the reader's own time zone.
//!
//! The clock and the time zone are arguments: the page passes the browser's, tests pass their own.

use api_types::{Date, Period, PlanName, QuotaStatus, Timestamp, openai::SpentQuota};

use crate::figures::{figure, grouped, per_time};

/// A moment as the reader's calendar and clock show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LocalTime {
    /// The day.
    pub(crate) date: Date,
    /// 0 to 23.
    pub(crate) hour: u8,
    /// 0 to 59.
    pub(crate) minute: u8,
}

/// How long until then: "5 h 12 min", "3 days", "less than a minute". `None` when it has passed.
pub(crate) fn wait(now: Timestamp, then: Timestamp) -> Option<String> {
    let seconds = then.as_second() - now.as_second();
    if seconds <= 0 {
        return None;
    }
    // Rounded up: who comes back after the time we said must not find the door still closed.
    let minutes = (seconds + 59) / 60;
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    Some(match (days, hours, rest) {
        (0, 0, _) if seconds < 60 => "less than a minute".to_owned(),
        (0, 0, m) => format!("{m} min"),
        (0, h, 0) => format!("{h} h"),
        (0, h, m) => format!("{h} h {m} min"),
        (1, 0, _) => "1 day".to_owned(),
        (1, h, _) => format!("1 day {h} h"),
        (d, ..) => format!("{d} days"),
    })
}

/// The same to the second: "5 h 12 min 03 s".
pub(crate) fn countdown(now: Timestamp, then: Timestamp) -> Option<String> {
    let seconds = then.as_second() - now.as_second();
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours / 24, hours % 24) {
        _ if seconds <= 0 => None,
        (0, 0) if minutes == 0 => Some(format!("{rest} s")),
        (0, 0) => Some(format!("{minutes} min {rest:02} s")),
        (0, hours) => Some(format!("{hours} h {minutes:02} min {rest:02} s")),
        (1, hours) => Some(format!("1 day {hours} h {minutes:02} min {rest:02} s")),
        (days, hours) => Some(format!("{days} days {hours} h {minutes:02} min {rest:02} s")),
    }
}

/// The moment, seen from now: "today at 18:30", "tomorrow at 02:00", "on Monday 1 December at 00:00".
pub(crate) fn moment(now: Timestamp, then: Timestamp, local: impl Fn(Timestamp) -> LocalTime) -> String {
    let (today, at) = (local(now).date, local(then));
    let day = match today {
        _ if at.date == today => "today".to_owned(),
        _ if today.tomorrow().is_ok_and(|tomorrow| tomorrow == at.date) => "tomorrow".to_owned(),
        _ => format!("on {} {}", weekday(at.date), day_and_month(at.date)),
    };
    format!("{day} at {:02}:{:02}", at.hour, at.minute)
}

/// "It resets tomorrow at 02:00 (in 5 h 12 min)." Says so when the time is unknown or has passed. `zone`: whose midnight
/// that is, where it isn't the reader's own: "It resets today at 19:00, midnight in UTC (in 5 h)."
pub(crate) fn resets(
    now: Timestamp,
    at: Option<Timestamp>,
    local: impl Fn(Timestamp) -> LocalTime,
    zone: Option<&str>,
) -> String {
    resets_in(wait, now, at, local, zone)
}

/// The same with the time until then told in another way, such as by [`countdown`].
pub(crate) fn resets_in(
    wait: fn(Timestamp, Timestamp) -> Option<String>,
    now: Timestamp,
    at: Option<Timestamp>,
    local: impl Fn(Timestamp) -> LocalTime,
    zone: Option<&str>,
) -> String {
    match at.map(|at| (at, wait(now, at))) {
        None => "When the count starts anew isn't known exactly.".to_owned(),
        Some((_, None)) => "It has reset since: try again.".to_owned(),
        Some((at, Some(wait))) => {
            let zone = zone.map(|zone| format!(", midnight in {zone}")).unwrap_or_default();
            format!("It resets {}{zone} (in {wait}).", moment(now, at, local))
        }
    }
}

/// The sentence of a spent quota: which limit, how much of it is used, when it resets.
/// The period isn't in the answer; the page knows it where it asked the key before.
pub(crate) fn spent(
    quota: &SpentQuota,
    period: Option<Period>,
    rough: bool,
    now: Timestamp,
    local: impl Fn(Timestamp) -> LocalTime,
) -> String {
    let SpentQuota { plan, limit, used, reset_at } = quota;
    let requests = if *limit == 1 { "request" } else { "requests" };
    let span = period.map(|period| format!(" {}", span(period, *reset_at))).unwrap_or_default();
    if reset_at.is_none() {
        let used = format!(" You've used {used} of {} {requests}{span}.", figure(*limit, rough));
        return used_up(Some(plan), &used);
    }
    let used = match *used {
        used if used >= *limit => format!("all {used} of {limit}"),
        used => format!("{used} of {limit}"),
    };
    format!("You've used {used} {requests} that {plan} allows{span}. {}", resets(now, *reset_at, local, None))
}

/// The sentence of a spent quota of which nobody can tell when it opens again; `used` are its figures, if known.
pub(crate) fn used_up(plan: Option<&PlanName>, used: &str) -> String {
    let plan = plan.map_or_else(|| "this key's plan".to_owned(), ToString::to_string);
    format!(
        "The quota of {plan} is used up.{used} When it opens again isn't known exactly. Try again later, or use a key on \
         another plan."
    )
}

/// The sentence of a throttled request: which limit, and when to come back.
pub(crate) fn throttled(plan: Option<&PlanName>, rate: Option<f64>, retry_after: Option<u64>) -> String {
    let plan = plan.map_or_else(|| "This key's plan".to_owned(), ToString::to_string);
    let limit = match rate {
        Some(rate) => format!("{plan} allows {}.", per_time(rate)),
        None => format!("{plan} limits how fast requests may come."),
    };
    let seconds = retry_after.unwrap_or(1).max(1);
    let unit = if seconds == 1 { "second" } else { "seconds" };
    format!("Too many requests at once. {limit} Try again in {seconds} {unit}; nothing was charged.")
}

/// The span that a quota counts in, as of now.
const fn this(period: Period) -> &'static str {
    match period {
        Period::Day => "today",
        Period::Week => "this week",
        Period::Month => "this month",
    }
}

/// The span of a count: "today" where the backend says when that ends, else "per day".
pub(crate) fn span(period: Period, reset_at: Option<Timestamp>) -> String {
    reset_at.map_or_else(|| format!("per {}", period.noun()), |_| this(period).to_owned())
}

/// What follows the number of requests used: " of 10 used today", " used of about 10 per day".
pub(crate) fn used_of(limit: u64, span: &str, rough: bool) -> String {
    if rough {
        format!(" used of {} {span}", figure(limit, true))
    } else {
        format!(" of {} used {span}", grouped(limit))
    }
}

/// What is left, in a few words: "7 of 10 left today", "about 7 left of 10 per day", "no limit".
pub(crate) fn remaining(quota: &QuotaStatus, rough: bool) -> String {
    match *quota {
        QuotaStatus::Unlimited => "No limit on requests".to_owned(),
        QuotaStatus::Limited { limit, remaining, period, reset_at, .. } => {
            let span = span(period, reset_at);
            if rough {
                format!("{} left of {} {span}", figure(remaining, true), grouped(limit))
            } else {
                format!("{} of {} left {span}", grouped(remaining), grouped(limit))
            }
        }
    }
}

/// "1 December".
pub(crate) fn day_and_month(date: Date) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month = usize::try_from(date.month() - 1).ok().and_then(|month| MONTHS.get(month)).unwrap_or(&"");
    format!("{} {month}", date.day())
}

/// "1 Dec".
pub(crate) fn short(date: Date) -> String {
    let day_and_month = day_and_month(date);
    let (day, month) = day_and_month.split_once(' ').unwrap_or_default();
    format!("{day} {}", month.get(..3).unwrap_or_default())
}

/// "2026-12-01", as the API writes it.
pub(crate) fn iso(date: Date) -> String {
    format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day())
}

/// "Monday".
pub(crate) fn weekday(date: Date) -> &'static str {
    const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
    usize::try_from(date.weekday().to_monday_zero_offset()).ok().and_then(|day| DAYS.get(day)).unwrap_or(&"")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// A reader whose clock is `hours` ahead of UTC.
    fn zone(hours: i64) -> impl Fn(Timestamp) -> LocalTime {
        move |time| {
            let seconds = time.as_second() + hours * 3600;
            let date: Date = "1970-01-01".parse().unwrap();
            let mut day = date;
            for _ in 0..seconds.div_euclid(86_400) {
                day = day.tomorrow().unwrap();
            }
            let rest = seconds.rem_euclid(86_400);
            LocalTime {
                date: day,
                hour: u8::try_from(rest / 3600).unwrap(),
                minute: u8::try_from(rest / 60 % 60).unwrap(),
            }
        }
    }

    fn ten(reset_at: Option<&str>) -> SpentQuota {
        SpentQuota {
            plan: PlanName::parse("10RequestPerDay").unwrap(),
            limit: 10,
            used: 10,
            reset_at: reset_at.map(at),
        }
    }

    #[test]
    fn a_spent_quota_says_which_limit_how_much_and_when_in_the_readers_zone() {
        assert_eq!(
            spent(&ten(Some("2026-11-22T00:00:00Z")), Some(Period::Day), false, at("2026-11-21T18:48:00Z"), zone(2)),
            "You've used all 10 of 10 requests that 10RequestPerDay allows today. \
             It resets tomorrow at 02:00 (in 5 h 12 min)."
        );
    }

    #[test]
    fn the_day_is_the_readers_day() {
        let (now, reset) = (at("2026-11-21T18:48:00Z"), at("2026-11-22T00:00:00Z"));
        assert_eq!(moment(now, reset, zone(0)), "tomorrow at 00:00");
        assert_eq!(moment(now, reset, zone(-5)), "today at 19:00");
        assert_eq!(moment(now, reset, zone(9)), "today at 09:00");
        assert_eq!(moment(now, at("2026-12-01T00:00:00Z"), zone(0)), "on Tuesday 1 December at 00:00");
    }

    #[test]
    fn an_unknown_reset_is_said_to_be_unknown_and_what_to_do() {
        let now = at("2026-11-21T18:48:00Z");
        assert_eq!(
            spent(&ten(None), Some(Period::Day), true, now, zone(0)),
            "The quota of 10RequestPerDay is used up. You've used 10 of about 10 requests per day. When it opens again \
             isn't known exactly. Try again later, or use a key on another plan."
        );
        assert_eq!(
            used_up(None, ""),
            "The quota of this key's plan is used up. When it opens again isn't known exactly. Try again later, or use \
             a key on another plan."
        );
        assert_eq!(resets(now, None, zone(0), None), "When the count starts anew isn't known exactly.");
    }

    #[test]
    fn whose_midnight_it_is_is_said() {
        let (now, reset) = (at("2026-11-21T18:48:00Z"), at("2026-11-22T00:00:00Z"));
        assert_eq!(
            resets(now, Some(reset), zone(-5), Some("UTC")),
            "It resets today at 19:00, midnight in UTC (in 5 h 12 min)."
        );
        assert_eq!(
            resets_in(countdown, now, Some(reset), zone(0), None),
            "It resets tomorrow at 00:00 (in 5 h 12 min 00 s)."
        );
    }

    #[test]
    fn a_passed_reset_invites_to_try_again() {
        let text = spent(&ten(Some("2026-11-21T00:00:00Z")), None, false, at("2026-11-21T18:48:00Z"), zone(0));
        assert!(text.ends_with("It has reset since: try again."), "{text}");
    }

    #[test]
    fn waits_are_rounded_up_and_short() {
        let now = at("2026-11-21T00:00:00Z");
        let cases = [
            ("2026-11-21T00:00:00Z", None),
            ("2026-11-21T00:00:30Z", Some("less than a minute")),
            ("2026-11-21T00:01:00Z", Some("1 min")),
            ("2026-11-21T00:01:01Z", Some("2 min")),
            ("2026-11-21T01:00:00Z", Some("1 h")),
            ("2026-11-21T05:12:00Z", Some("5 h 12 min")),
            ("2026-11-22T00:00:00Z", Some("1 day")),
            ("2026-11-22T03:00:00Z", Some("1 day 3 h")),
            ("2026-12-01T00:00:00Z", Some("10 days")),
        ];
        for (then, expected) in cases {
            assert_eq!(wait(now, at(then)).as_deref(), expected, "{then}");
        }
    }

    #[test]
    fn a_countdown_tells_seconds_and_ends() {
        let told = |then| countdown(at("2026-11-21T00:00:00Z"), at(then));
        assert_eq!(told("2026-11-21T00:00:09Z").as_deref(), Some("9 s"));
        assert_eq!(told("2026-11-21T00:01:09Z").as_deref(), Some("1 min 09 s"));
        assert_eq!(told("2026-11-21T05:12:03Z").as_deref(), Some("5 h 12 min 03 s"));
        assert_eq!(told("2026-11-24T01:00:00Z").as_deref(), Some("3 days 1 h 00 min 00 s"));
        assert_eq!(told("2026-11-21T00:00:00Z"), None);
    }

    #[test]
    fn a_throttled_request_says_how_fast_and_how_long() {
        let plan = PlanName::parse("slow").unwrap();
        assert_eq!(
            throttled(Some(&plan), Some(10.0), Some(2)),
            "Too many requests at once. slow allows 10 requests per second. Try again in 2 seconds; nothing was charged."
        );
        assert!(throttled(None, None, None).contains("in 1 second;"));
    }

    #[test]
    fn a_day_is_written_as_the_api_writes_it() {
        let date: Date = "2026-02-03".parse().unwrap();
        assert_eq!(iso(date), date.to_string());
        assert_eq!(short(date), "3 Feb");
    }

    fn seven_of_ten(reset_at: Option<&str>) -> QuotaStatus {
        QuotaStatus::Limited { limit: 10, used: 3, remaining: 7, period: Period::Week, reset_at: reset_at.map(at) }
    }

    #[test]
    fn what_is_left_is_short() {
        assert_eq!(remaining(&seven_of_ten(Some("2026-11-23T00:00:00Z")), false), "7 of 10 left this week");
    }

    #[test]
    fn a_rough_count_is_about_and_of_no_calendar() {
        assert_eq!(remaining(&seven_of_ten(None), true), "about 7 left of 10 per week");
        assert_eq!(used_of(1000, &span(Period::Day, None), true), " used of about 1,000 per day");
        assert_eq!(used_of(10, "today", false), " of 10 used today");
    }
}
