//! One key of the reader's: what is used, what is left, and what can be done with it.

use api_types::{KeyEntry, KeyState, QuotaStatus};
use leptos::{either::Either, prelude::*};

use crate::{
    browser,
    plan_text::grouped,
    reset_time::{day_and_month, moment, resets, this},
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
    #[prop(into)]
    entry: Signal<Option<KeyEntry>>,
    /// The time, told anew every half minute.
    now: Signal<api_types::Timestamp>,
    /// Whether a change is under way.
    #[prop(into)]
    busy: Signal<bool>,
    /// Somebody chose an action.
    on_action: Callback<KeyAction>,
) -> impl IntoView {
    let field = move |read: fn(&KeyEntry) -> String| entry.with(|entry| entry.as_ref().map_or_else(String::new, read));
    let plan = Memo::new(move |_| field(|entry| entry.plan_name.to_string()));
    let label = Memo::new(move |_| field(|entry| entry.label.to_string()));
    let id = Memo::new(move |_| field(|entry| entry.id.to_string()));
    let active =
        Memo::new(move |_| entry.with(|entry| entry.as_ref().is_some_and(|entry| entry.state == KeyState::Active)));
    let dates = move || {
        let entry = entry.get()?;
        let created = format!("Created {}", day_and_month(browser::local(entry.created_at).date));
        let rotated = entry
            .rotated_at
            .map(|at| format!(", rotated {}", day_and_month(browser::local(at).date)))
            .unwrap_or_default();
        let old = entry
            .old_value_until
            .filter(|until| *until > now.get())
            .map(|until| format!(". The old value works until {}", moment(now.get(), until, browser::local)))
            .unwrap_or_default();
        Some(format!("{created}{rotated}{old}."))
    };
    let button = move |action: KeyAction, name: &'static str| {
        let label = move || format!("{name}, key for {}", plan.get());
        let disabled = move || (action == KeyAction::Switch && busy.get()).then_some("true");
        view! {
            <button
                type="button"
                class="button small"
                class:danger=action == KeyAction::Revoke
                aria-label=label
                aria-disabled=disabled
                data-action=name.to_lowercase()
                on:click=move |_| on_action.run(action)
            >
                {name}
            </button>
        }
    };
    view! {
        <li class="card key" data-testid="key-row" data-plan=move || plan.get()>
            <div class="key-head">
                <h3>{move || plan.get()}</h3>
                {move || (!label.get().is_empty()).then(|| view! { <span class="quiet">{label.get()}</span> })}
                <span class="badge" class:off=move || !active.get() data-testid="key-state">
                    {move || if active.get() { "Active" } else { "Disabled" }}
                </span>
            </div>
            {move || entry.with(|entry| entry.as_ref().map(|entry| quota(&entry.quota, now.get())))}
            <p class="quiet small"><code>{move || id.get()}</code><br />{dates}</p>
            <div class="actions">
                {button(KeyAction::Usage, "Usage")} {button(KeyAction::Rename, "Rename")}
                {move || {
                    if active.get() { button(KeyAction::Switch, "Disable") } else { button(KeyAction::Switch, "Enable") }
                }}
                {button(KeyAction::Rotate, "Rotate")} {button(KeyAction::Revoke, "Revoke")}
            </div>
        </li>
    }
}

/// Used, remaining and reset.
fn quota(quota: &QuotaStatus, now: api_types::Timestamp) -> impl IntoView + use<> {
    match *quota {
        QuotaStatus::Unlimited => Either::Left(view! { <p data-testid="key-used">"No limit on requests."</p> }),
        QuotaStatus::Limited { limit, used, remaining, period, reset_at } => Either::Right(view! {
            <div class="meter">
                <p>
                    <span data-testid="key-used">
                        <strong>{grouped(used)}</strong>
                        {format!(" of {} used {}", grouped(limit), this(period))}
                    </span>
                    <span data-testid="key-remaining">{format!("{} left", grouped(remaining))}</span>
                </p>
                <progress
                    max=limit.to_string()
                    value=used.min(limit).to_string()
                    class:spent=remaining == 0
                    aria-label=format!("{used} of {limit} requests used")
                ></progress>
                <p class="quiet small" data-testid="key-reset">{resets(now, reset_at, browser::local)}</p>
            </div>
        }),
    }
}
