//! A refused request in the flow of the chat: why, until when, and what can be done.

use api_types::{Plan, PlanName};
use leptos::prelude::*;

use super::chat::Chat;
use crate::{
    browser,
    clock::Clock,
    components::{Countdown, PageLink},
    live::{live, maybe, text},
    load::Loader,
    page::{Page, Standing},
    plan_text::larger,
    promise_text::is_rough,
};

/// Why the last request was refused; times in it keep up with the clock.
#[component]
pub(super) fn Failure(chat: Chat) -> impl IntoView {
    let Clock(now) = expect_context();
    let sentence = move || {
        // The clock ticks every half minute; a failure newer than the last tick is told from now.
        let time = now.get().max(browser::now());
        let failure = chat.failure.get()?;
        let rough = is_rough(chat.about.with(|about| about.promises));
        chat.status.with(|status| Some(failure.sentence(status.as_ref(), rough, time, browser::local)))
    };
    // Drawn anew for another failure only, so that the focus stays on its buttons.
    let failure = Memo::new(move |_| chat.failure.get());
    live(move || {
        maybe(failure.get(), |failure| {
            view! {
                <div class="notice bad" role="alert">
                    <p data-testid="chat-error">{text(move || sentence().unwrap_or_default())}</p>
                    {maybe(failure.is_bad_key().then_some(()), |()| view! { <AnotherKey chat /> }.into_any())}
                    {maybe(failure.spent(), |until| view! {
                        {maybe(until, |until| view! { <Countdown until /> }.into_any())}
                        <WaysOn chat />
                    }.into_any())}
                </div>
            }
            .into_any()
        })
    })
}

#[component]
fn AnotherKey(chat: Chat) -> impl IntoView {
    view! {
        <button type="button" class="button" on:click=move |_| chat.visitor.key.set(None)>"Use another key"</button>
    }
}

/// What can be done while a quota is spent: a key on a larger plan, and a look at what used it up.
#[component]
fn WaysOn(chat: Chat) -> impl IntoView {
    let plans = expect_context::<Loader<Vec<Plan>>>();
    let plan = Memo::new(move |_| chat.status.with(|status| status.as_ref().map(|status| status.plan_name.clone())));
    let next = Memo::new(move |_| -> Option<PlanName> {
        let plan = plan.get()?;
        plans.with(|plans| larger(plans, &plan).map(|plan| plan.name.clone())).flatten()
    });
    let inspected = move || {
        let is_ours = chat.visitor.standing() == Standing::SignedIn;
        chat.status.with(|status| status.as_ref().map(|status| status.id)).filter(|_| is_ours)
    };
    view! {
        <div class="actions">
            {live(move || maybe(next.get(), |plan| {
                let words = format!("Get a key on {plan}");
                view! { <PageLink to=Page::SignUp plan class="button primary" testid="larger-plan">{words}</PageLink> }.into_any()
            }))}
            {live(move || maybe(inspected(), |id| view! {
                <PageLink to=Page::Dashboard usage_of=id class="button" testid="see-usage">"See the usage"</PageLink>
            }.into_any()))}
            <AnotherKey chat />
        </div>
    }
}
