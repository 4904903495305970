//! A refused request in the flow of the chat: why, until when, and what can be done.

use api_types::{Plan, PlanName};
use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use super::chat::Chat;
use crate::{
    browser,
    chat_failure::Retry,
    clock::Clock,
    components::{Countdown, PageLink},
    live::{flag, live, maybe, text},
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
                <div class="notice bad">
                    <p role="alert" data-testid="chat-error">{text(move || sentence().unwrap_or_default())}</p>
                    {maybe((failure.retry() != Retry::InVain).then(|| failure.retry()), |retry| {
                        view! { <SendAgain chat retry /> }.into_any()
                    })}
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

/// Asks once more: when the server said that it opens, or once there is a connection.
#[component]
fn SendAgain(chat: Chat, retry: Retry) -> impl IntoView {
    let until = chat.opens_at.get_untracked();
    let left = until.map_or(0, |until| until.as_millisecond() - browser::now().as_millisecond());
    let is_offline = retry == Retry::Connected && !browser::is_online();
    let is_closed = RwSignal::new(left > 0 || is_offline);
    if let Some(left) = u32::try_from(left).ok().filter(|left| *left > 0) {
        spawn_local(async move {
            TimeoutFuture::new(left).await;
            is_closed.try_set(false);
        });
    }
    if is_offline {
        let connected = window_event_listener(leptos::ev::online, move |_| is_closed.set(false));
        on_cleanup(move || connected.remove());
    }
    let send = move |_| {
        if !is_closed.get_untracked() {
            chat.send_again();
            browser::focus("textarea[name=message]");
        }
    };
    view! {
        {maybe(until.filter(|_| left > 0), |until| view! { <Countdown until /> }.into_any())}
        {maybe(is_offline.then_some(()), |()| view! {
            <p role="status" data-testid="connection">{text(move || {
                if is_closed.get() { "You are offline." } else { "You are online again." }.to_owned()
            })}</p>
        }.into_any())}
        <button type="button" class="button primary" data-testid="send-again"
            aria-disabled=flag(move || is_closed.get()) on:click=send>
            "Send again"
        </button>
    }
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
