//! The days of a key as a table.

use api_types::UsageDay;
use leptos::prelude::*;

use crate::{plan_text::grouped, reset_time::iso};

/// One row per day, the newest first.
#[component]
pub(crate) fn UsageTable(
    /// The days, oldest first.
    days: Vec<UsageDay>,
) -> impl IntoView {
    let has_limit = days.iter().any(|day| day.limit.is_some());
    let total: u64 = days.iter().map(|day| day.used).sum();
    let cell = |number: u64| view! { <td>{grouped(number)}</td> }.into_any();
    let row = |day: UsageDay| {
        let mut cells = vec![view! { <th scope="row">{iso(day.date)}</th> }.into_any(), cell(day.used)];
        // Rows have the limit wherever the heading has it.
        if has_limit {
            cells.push(cell(day.limit.unwrap_or_default()));
        }
        cells.extend([cell(day.refused), cell(day.returned)]);
        let class = if day.used + day.refused + day.returned == 0 { "idle" } else { "" };
        view! { <tr class=class>{cells}</tr> }.into_any()
    };
    let mut heads = vec!["Day", "Used", "Refused", "Returned"];
    if has_limit {
        heads.insert(2, "Limit");
    }
    let summary =
        format!("{} requests used in {} days. Days are those of the plan's time zone.", grouped(total), days.len());
    view! {
        <p class="hint">{summary}</p>
        <div class="table" tabindex="0" role="region" aria-label="Usage by day">
            <table>
                <thead>
                    <tr>
                        {heads
                            .into_iter()
                            .map(|head| view! { <th scope="col">{head.to_owned()}</th> }.into_any())
                            .collect::<Vec<_>>()}
                    </tr>
                </thead>
                <tbody>{days.into_iter().rev().map(row).collect::<Vec<_>>()}</tbody>
            </table>
        </div>
        <p class="hint">
            "Refused requests cost nothing. Returned: the charge of a request that failed at the model, given back."
        </p>
    }
}
