//! The days of a key as a table.

use api_types::{About, Survival, UsageDay};
use leptos::prelude::*;

use crate::{
    browser,
    figures::grouped,
    promise_text::{FAILED_COUNT, whose_days},
    reset_time::{iso, short},
    zone_text,
};

/// One row per day, the newest first.
#[component]
pub(crate) fn UsageTable(
    /// The days, oldest first.
    days: Vec<UsageDay>,
    /// Who counts them, and what it counts; nothing is said of that where it isn't known.
    about: Option<About>,
    /// The time zone that the plan follows, where it is known.
    zone: Option<String>,
) -> impl IntoView {
    let promises = about.as_ref().map(|about| about.promises);
    // Who counts elsewhere tells nothing of refused requests, and who gives nothing back returned nothing.
    let has_refused = promises.is_none_or(|promises| promises.survives != Survival::Provider)
        || days.iter().any(|day| day.refused > 0);
    let has_returned = promises.is_none_or(|promises| promises.fair_charge) || days.iter().any(|day| day.returned > 0);
    // One limit for all days is told in a sentence; several, of a plan that changed, have a column.
    let limit = days.first().and_then(|day| day.limit);
    let has_limits = days.iter().any(|day| day.limit != limit);
    let total: u64 = days.iter().map(|day| day.used).sum();
    let cell = |number: u64| view! { <td>{grouped(number)}</td> }.into_any();
    let row = |day: UsageDay| {
        let mut cells = vec![
            view! { <th scope="row"><time datetime=iso(day.date)>{short(day.date)}</time></th> }.into_any(),
            cell(day.used),
        ];
        // Rows have the limit wherever the heading has it.
        if has_limits {
            cells.push(day.limit.map_or_else(|| view! { <td>"–"</td> }.into_any(), cell));
        }
        if has_refused {
            cells.push(cell(day.refused));
        }
        if has_returned {
            cells.push(cell(day.returned));
        }
        let class = if day.used + day.refused + day.returned == 0 { "idle" } else { "" };
        view! { <tr class=class>{cells}</tr> }.into_any()
    };
    let heads = [
        Some("Day"),
        Some("Used"),
        has_limits.then_some("Limit"),
        has_refused.then_some("Refused"),
        has_returned.then_some("Returned"),
    ];
    let plans_days = || zone_text::days(zone.as_deref(), browser::time_zone().as_deref());
    let whose_days = about.as_ref().and_then(whose_days).unwrap_or_else(plans_days);
    let limit =
        limit.filter(|_| !has_limits).map(|limit| format!(", at most {} a day", grouped(limit))).unwrap_or_default();
    let requests = if total == 1 { "request" } else { "requests" };
    let summary = format!("{} {requests} used in {} days{limit}. {whose_days}", grouped(total), days.len());
    let returned = if has_returned {
        "Returned: the charge of a request that failed at the model, given back."
    } else {
        FAILED_COUNT
    };
    view! {
        <p class="hint">{summary}</p>
        <div class="table">
            <table aria-label="Usage by day">
                <thead>
                    <tr>
                        {heads
                            .into_iter()
                            .flatten()
                            .map(|head| view! { <th scope="col">{head.to_owned()}</th> }.into_any())
                            .collect::<Vec<_>>()}
                    </tr>
                </thead>
                <tbody>{days.into_iter().rev().map(row).collect::<Vec<_>>()}</tbody>
            </table>
        </div>
        <p class="hint">"Refused requests cost nothing. " {returned}</p>
    }
}
