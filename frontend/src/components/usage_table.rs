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
    view! {
        <div class="table" tabindex="0" role="region" aria-label="Usage by day">
            <table>
                <caption>
                    {format!("{} requests charged in {} days. Days are those of the plan's time zone.", grouped(total), days.len())}
                </caption>
                <thead>
                    <tr>
                        <th scope="col">"Day"</th>
                        <th scope="col">"Charged"</th>
                        {has_limit.then(|| view! { <th scope="col">"Limit"</th> })}
                        <th scope="col">"Refused"</th>
                        <th scope="col">"Given back"</th>
                    </tr>
                </thead>
                <tbody>
                    {days
                        .into_iter()
                        .rev()
                        .map(|day| {
                            view! {
                                <tr class:idle=day.used + day.refused + day.returned == 0>
                                    <th scope="row">{iso(day.date)}</th>
                                    <td>{grouped(day.used)}</td>
                                    {has_limit
                                        .then(|| view! { <td>{day.limit.map_or_else(|| "–".to_owned(), grouped)}</td> })}
                                    <td>{grouped(day.refused)}</td>
                                    <td>{grouped(day.returned)}</td>
                                </tr>
                            }
                        })
                        .collect_view()}
                </tbody>
            </table>
        </div>
        <p class="hint">
            "Refused requests cost nothing. Given back: the charge of a request that failed at the model."
        </p>
    }
}
