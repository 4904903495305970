//! One plan as a card.

use api_types::{About, Plan, Quota};
use leptos::prelude::*;

use crate::{
    browser,
    live::{live, text},
    load::Loader,
    plan_text,
    promise_text::is_rough,
};

/// What a plan allows, and beneath it what can be done with it.
#[component]
pub(crate) fn PlanCard(
    /// The plan.
    plan: Plan,
    /// What the backend promises of it.
    about: Loader<About>,
    /// The button or the sentence in its place.
    children: Children,
) -> impl IntoView {
    let name = plan.name.to_string();
    let (heading, description) = (name.clone(), plan.description.clone());
    let (figure, unit) = plan_text::quota(&plan.quota);
    let is_limited = matches!(plan.quota, Quota::Limited { .. });
    let promises = move || about.with(|about| about.promises);
    let roughly = move || if is_limited && is_rough(promises()) { "about " } else { "" }.to_owned();
    let facts = move || {
        let facts = plan_text::facts(&plan, promises(), browser::time_zone().as_deref());
        facts.into_iter().map(|fact| view! { <li>{fact}</li> }.into_any()).collect::<Vec<_>>().into_any()
    };
    view! {
        <li class="card plan" data-testid="plan-card" data-plan=name>
            <h3>{heading}</h3>
            <p class="quiet">{description}</p>
            <p class="figure">{text(roughly)}<strong>{figure}</strong> " " {unit}</p>
            <ul class="facts">{live(facts)}</ul>
            <div class="card-end">{children()}</div>
        </li>
    }
}

/// What stands in the place of plans where there are none.
#[component]
pub(crate) fn NoPlans() -> impl IntoView {
    view! {
        <p class="empty">"There are no plans yet. Whoever runs this server adds them to its configuration."</p>
    }
}
