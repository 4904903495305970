//! One plan as a card.

use api_types::{Plan, Quota};
use leptos::prelude::*;

use crate::plan_text;

/// What a plan allows, and beneath it what can be done with it.
#[component]
pub(crate) fn PlanCard(
    /// The plan.
    plan: Plan,
    /// The button or the sentence in its place.
    children: Children,
) -> impl IntoView {
    let name = plan.name.to_string();
    let heading = name.clone();
    let (figure, unit) = plan_text::quota(&plan.quota);
    let resets = match plan.quota {
        Quota::Limited { period, .. } => Some(plan_text::resets_each(period).to_owned()),
        Quota::Unlimited => None,
    };
    let facts = [plan_text::first_period(&plan.quota), Some(plan_text::throttle(plan.throttle.as_ref())), resets];
    view! {
        <li class="card plan" data-testid="plan-card" data-plan=name>
            <h3>{heading}</h3>
            <p class="quiet">{plan.description}</p>
            <p class="figure"><strong>{figure}</strong> " " {unit}</p>
            <ul class="facts">
                {facts.into_iter().flatten().map(|fact| view! { <li>{fact}</li> }.into_any()).collect::<Vec<_>>()}
            </ul>
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
