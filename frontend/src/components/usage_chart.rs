//! The days of a key as a chart: what was used, and on top of it what was refused. The table beneath it tells the same.

use std::cmp::max;

use api_types::UsageDay;
use leptos::prelude::*;

use crate::{
    figures::grouped,
    live::maybe,
    reset_time::{day_and_month, short},
};

/// A day's room and a bar's width, and the height of the largest bar, in the picture's own units.
const ROOM: u64 = 20;
const BAR: u64 = 14;
const HEIGHT: u64 = 120;

/// One bar per day, the oldest first.
#[component]
pub(crate) fn UsageChart(
    /// The days, oldest first.
    days: Vec<UsageDay>,
) -> impl IntoView {
    let most = days.iter().map(|day| day.used + day.refused).max().unwrap_or_default();
    let refused: u64 = days.iter().map(|day| day.refused).sum();
    let busiest = days.iter().find(|day| most > 0 && day.used + day.refused == most);
    let summary = match busiest {
        Some(day) => format!(
            "Requests per day over {} days. The most came on {}: {} used, {} refused.",
            days.len(),
            day_and_month(day.date),
            grouped(day.used),
            grouped(day.refused),
        ),
        None => format!("No requests in {} days.", days.len()),
    };
    let ends = days.first().zip(days.last()).map(|(first, last)| (short(first.date), short(last.date)));
    let width = ROOM * days.len() as u64;
    let bar = |(at, day): (usize, &UsageDay)| {
        let (used, refused) = heights(day, most);
        let rect = |class: &'static str, top: u64, height: u64| {
            maybe((height > 0).then_some(()), |()| {
                view! {
                    <rect class=class x=(at as u64 * ROOM + (ROOM - BAR) / 2).to_string() y=top.to_string()
                        width=BAR.to_string() height=height.to_string() />
                }
                .into_any()
            })
        };
        let told = format!("{}: {} used, {} refused", short(day.date), grouped(day.used), grouped(day.refused));
        view! {
            <g>
                <title>{told}</title>
                <rect class="day" x=(at as u64 * ROOM).to_string() y="0" width=ROOM.to_string() height=HEIGHT.to_string() />
                {rect("used", HEIGHT - used, used)}
                {rect("refused", HEIGHT - used - refused, refused)}
            </g>
        }
        .into_any()
    };
    view! {
        <figure class="chart" data-testid="usage-chart">
            <figcaption>
                <span class="key-used">"Used"</span>
                {maybe((refused > 0).then_some(()), |()| view! { <span class="key-refused">"Refused"</span> }.into_any())}
                <span class="quiet">{format!("at most {} in a day", grouped(most))}</span>
            </figcaption>
            <svg viewBox=format!("0 0 {width} {HEIGHT}") preserveAspectRatio="none" role="img" aria-label=summary>
                {days.iter().enumerate().map(bar).collect::<Vec<_>>()}
            </svg>
            {maybe(ends, |(first, last)| view! { <p class="quiet small"><span>{first}</span><span>{last}</span></p> }.into_any())}
        </figure>
    }
}

/// How high a day's two parts stand. What happened is seen, however little it is beside other days.
fn heights(day: &UsageDay, most: u64) -> (u64, u64) {
    let height = |requests: u64| match requests {
        0 => 0,
        requests => max(
            2,
            u64::try_from(u128::from(requests) * u128::from(HEIGHT) / u128::from(max(most, 1))).unwrap_or(HEIGHT),
        ),
    };
    let refused = height(day.refused);
    (height(day.used).min(HEIGHT - refused), refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_on_each_other_and_never_above_the_chart() {
        let day =
            |used, refused| UsageDay { date: api_types::Date::default(), used, refused, returned: 0, limit: None };
        assert_eq!(heights(&day(0, 0), 0), (0, 0));
        assert_eq!(heights(&day(5, 0), 10), (60, 0));
        assert_eq!(heights(&day(5, 5), 10), (60, 60));
        assert_eq!(heights(&day(1_000_000, 1), 1_000_001), (118, 2), "a single one is seen");
        assert_eq!(heights(&day(u64::MAX / 2, 0), u64::MAX / 2), (HEIGHT, 0));
    }
}
