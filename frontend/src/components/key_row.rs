//! One key of the reader's: what is used, what is left, and what can be done with it.

use std::sync::Arc;

use api_types::{About, KeyEntry, KeyState, QuotaStatus, Timestamp};
use leptos::prelude::*;

use super::{Countdown, StateBadge, StateNote, TellState};
use crate::{
    ago::ago,
    browser,
    clock::seconds,
    figures::{figure, grouped},
    live::{attribute, flag, live, maybe, text},
    load::Loader,
    promise_text::is_rough,
    reset_time::{countdown, day_and_month, moment, resets_in, span, used_of, wait},
};

/// What the reader wants to do with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyAction {
    /// See its days.
    Usage,
    /// Give it another label.
    Rename,
    /// Disable it, or enable it again.
    Switch,
    /// Replace its value.
    Rotate,
    /// End it.
    Revoke,
}

/// A key as a row of the list. Follows its entry, so that a change keeps the focus where it is.
#[component]
pub(crate) fn KeyRow(
    /// The key as the server tells it; `None` for the moment between its end and the row's.
    entry: Memo<Option<KeyEntry>>,
    /// What the backend promises of its figures.
    about: Loader<About>,
    /// The time zone that its plan follows, where it is known and isn't the reader's own.
    zone: Memo<Option<String>>,
    /// The time, told anew every half minute.
    now: Signal<Timestamp>,
    /// Whether a change is under way.
    busy: RwSignal<bool>,
    /// Somebody chose an action.
    on_action: Callback<KeyAction>,
) -> impl IntoView {
    let read = move |read: fn(&KeyEntry) -> String| entry.with(|entry| entry.as_ref().map_or_else(String::new, read));
    let plan = move || read(|entry| entry.plan_name.to_string());
    let state = move || entry.with(|entry| entry.as_ref().map(|entry| entry.state));
    let tell_state: TellState = Arc::new(state);
    let is_spent = move || entry.with(|entry| entry.as_ref().is_some_and(|entry| entry.quota.is_spent()));
    let spent = Signal::derive(move || is_spent().then_some("Used up"));
    let rough = move || is_rough(about.with(|about| about.promises));
    let second = seconds();
    // One button for both ways, so that the focus stays on it.
    let name = move |action| match action {
        KeyAction::Usage => "Usage",
        KeyAction::Rename => "Rename",
        KeyAction::Switch if state() == Some(KeyState::Disabled) => "Enable",
        KeyAction::Switch => "Disable",
        KeyAction::Rotate => "Rotate",
        KeyAction::Revoke => "Revoke",
    };
    let button = move |action: KeyAction| {
        let class = if action == KeyAction::Revoke { "button small danger" } else { "button small" };
        view! {
            <button
                type="button"
                class=class
                aria-label=attribute(move || Some(format!("{}, key for {}", name(action), plan())))
                aria-disabled=flag(move || action == KeyAction::Switch && busy.get())
                data-action=attribute(move || Some(name(action).to_ascii_lowercase()))
                on:click=move |_| on_action.run(action)
            >
                {text(move || name(action).to_owned())}
            </button>
        }
        .into_any()
    };
    let actions = [KeyAction::Usage, KeyAction::Rename, KeyAction::Switch, KeyAction::Rotate, KeyAction::Revoke];
    view! {
        <li class="card key" data-testid="key-row" data-plan=attribute(move || Some(plan()))>
            <div class="key-head">
                <h3>{text(plan)}</h3>
                <span class="quiet" data-testid="key-label">{text(move || read(|entry| entry.label.to_string()))}</span>
                <StateBadge state=tell_state.clone() but=spent />
            </div>
            {live(move || entry.with(|entry| maybe(entry.as_ref(), |entry| quota(entry, rough(), second, zone.get()))))}
            <p class="quiet small">
                <code>{text(move || read(|entry| entry.id.to_string()))}</code>
                <br />
                {text(move || entry.with(|entry| entry.as_ref().map(|entry| dates(entry, rough(), now.get())).unwrap_or_default()))}
            </p>
            <div class="actions">{actions.map(button).into_iter().collect::<Vec<_>>()}</div>
            // Last, so that it moves no button when it comes.
            <StateNote state=tell_state />
        </li>
    }
}

/// When it was made, changed and used. Where figures are rough the requests are counted elsewhere, and nobody says when the
/// last one came.
fn dates(entry: &KeyEntry, rough: bool, now: Timestamp) -> String {
    let mut text = format!("Created {}", day_and_month(browser::local(entry.created_at).date));
    if let Some(at) = entry.rotated_at {
        text = format!("{text}, rotated {}", day_and_month(browser::local(at).date));
    }
    match entry.last_used_at {
        Some(at) => text = format!("{text}, last used {}", ago(now, at, browser::local)),
        None if rough => {}
        None => text.push_str(", never used"),
    }
    match entry.old_value_until.filter(|until| *until > now) {
        Some(until) => format!("{text}. Old values work until {} at most.", moment(now, until, browser::local)),
        None => format!("{text}."),
    }
}

/// Used, remaining and reset.
fn quota(entry: &KeyEntry, rough: bool, now: Signal<Timestamp>, zone: Option<String>) -> AnyView {
    let carry_over_pending = entry.carry_over_pending;
    // Where nothing is left, a line of its own tells the seconds.
    let tell = if entry.quota.is_spent() { wait } else { countdown };
    match entry.quota {
        QuotaStatus::Unlimited => view! { <p data-testid="key-used">"No limit on requests."</p> }.into_any(),
        QuotaStatus::Limited { limit, used, remaining, period, reset_at } => view! {
            <div class="meter">
                <p>
                    <span data-testid="key-used">
                        <strong>{grouped(used)}</strong>
                        {used_of(limit, &span(period, reset_at), rough)}
                    </span>
                    <span data-testid="key-remaining">{format!("{} left", figure(remaining, rough))}</span>
                </p>
                <progress
                    max=limit.to_string()
                    value=used.min(limit).to_string()
                    class=if remaining == 0 { "spent" } else { "" }
                    aria-label=format!("{used} of {} requests used", figure(limit, rough))
                ></progress>
                <p class="quiet small" data-testid="key-reset">
                    {text(move || if carry_over_pending {
                        "What was used before could not be carried over yet: what is left may hold it again.".to_owned()
                    } else {
                        resets_in(tell, now.get(), reset_at, browser::local, zone.as_deref())
                    })}
                </p>
                {maybe(reset_at.filter(|_| remaining == 0), |until| view! { <Countdown until /> }.into_any())}
            </div>
        }
        .into_any(),
    }
}
