//! What can be done with a key, each in a dialog that says what will happen.

use api_types::{
    About, CreatedKey, KeyChange, KeyEntry, KeyId, KeyLabel, Plan, PlanName, RotateKey, UsageDay,
    limits::{KEY_LABEL_MAX_CHARS, ROTATION_GRACE_MAX_SECONDS},
};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::entry;
use crate::{
    api::ApiError,
    browser,
    components::{FormError, KeyAction, Loaded, Modal, SubmitButton, TextField, UsageChart, UsageTable},
    form::FormState,
    live::{attribute, live, maybe},
    load::Loader,
    promise_text::is_rough,
    reset_time::iso,
    visitor::{HeldKey, use_visitor},
    zone_text,
};

/// How a dialog ended.
#[derive(Clone)]
pub(crate) enum Outcome {
    /// Closed without doing anything.
    Nothing,
    /// The key has another label.
    Renamed(KeyEntry),
    /// The key has another value.
    Rotated(CreatedKey),
    /// The key is gone.
    Revoked(KeyId),
}

/// The dialog of an action.
#[component]
pub(crate) fn KeyDialog(
    /// Which.
    action: KeyAction,
    /// On which key.
    entry: KeyEntry,
    /// Whether a new value is left to the playground to show.
    #[prop(optional)]
    unseen: bool,
    /// Where the focus goes if the button that led here is gone.
    #[prop(default = "#keys-title")]
    fallback: &'static str,
    /// It ended.
    on_done: Callback<Outcome>,
) -> impl IntoView {
    let plan = entry.plan_name.to_string();
    let title = match action {
        KeyAction::Usage => format!("Usage of {plan}"),
        KeyAction::Rename => format!("Rename the key for {plan}"),
        KeyAction::Rotate => format!("Rotate the key for {plan}?"),
        KeyAction::Revoke => format!("Revoke the key for {plan}?"),
        // Needs no dialog: it can be undone by the same button.
        KeyAction::Switch => return ().into_any(),
    };
    let on_close = Callback::new(move |()| on_done.run(Outcome::Nothing));
    view! {
        <Modal title fallback on_close>
            {match action {
                KeyAction::Usage => view! { <Usage id=entry.id plan=entry.plan_name /> }.into_any(),
                KeyAction::Rename => view! { <Rename entry on_done /> }.into_any(),
                KeyAction::Rotate => view! { <Rotate id=entry.id unseen on_done /> }.into_any(),
                _ => view! { <Revoke id=entry.id on_done /> }.into_any(),
            }}
        </Modal>
    }
    .into_any()
}

#[component]
fn Usage(id: KeyId, plan: PlanName) -> impl IntoView {
    let session = use_visitor().session();
    let about = expect_context::<Loader<About>>();
    let plans = expect_context::<Loader<Vec<Plan>>>();
    let zone = Memo::new(move |_| plans.with(|plans| zone_text::of_plan(plans, &plan)).flatten());
    let span = RwSignal::new(30_u32);
    let days: Loader<Vec<UsageDay>> = Loader::start(move || {
        let today = browser::local(browser::now()).date;
        let from = (1..span.get_untracked()).try_fold(today, |date, _| date.yesterday()).unwrap_or(today);
        // The plan's zone may be a day ahead of the reader's: that day is shown once something happened on it.
        let to = today.tomorrow().unwrap_or(today);
        Box::pin(async move {
            let Some(session) = session else { return Ok(Vec::new()) };
            let mut days = session.usage(id, from, to).await?;
            days.retain(|day| day.date <= today || day.used + day.refused + day.returned > 0);
            Ok(days)
        })
    });
    let choice = move |length: u32| {
        view! {
            <button
                type="button"
                class="button small"
                aria-pressed=attribute(move || Some((span.get() == length).to_string()))
                on:click=move |_| {
                    span.set(length);
                    days.reload();
                }
            >
                {format!("Last {length} days")}
            </button>
        }
    };
    view! {
        <div class="actions">{choice(14)} {choice(30)}</div>
        <Loaded from=days label="Loading the days…">
            {live(move || maybe(days.get(), |days| view! {
                <UsageChart days=days.clone() />
                <p>
                    <a class="button small" href=csv_address(&days) download="usage.csv" data-testid="download-csv">
                        "Download as CSV"
                    </a>
                </p>
                <UsageTable days about=about.get() zone=zone.get() />
            }.into_any()))}
        </Loaded>
    }
}

/// The days as a file, like the one that the API gives; as data, since the policy lets no address of our own making be
/// fetched.
fn csv_address(days: &[UsageDay]) -> String {
    format!("data:text/csv;charset=utf-8,{}", browser::in_a_query(&csv(days)))
}

fn csv(days: &[UsageDay]) -> String {
    let row = |day: &UsageDay| {
        let limit = day.limit.map(|limit| limit.to_string()).unwrap_or_default();
        format!("{},{},{},{},{limit}\r\n", iso(day.date), day.used, day.refused, day.returned)
    };
    format!("date,used,refused,returned,limit\r\n{}", days.iter().map(row).collect::<String>())
}

/// The label as a form of its own: the server takes it as one field of a `KeyChange`.
#[component]
fn Rename(entry: KeyEntry, on_done: Callback<Outcome>) -> impl IntoView {
    let visitor = use_visitor();
    let mut state = FormState::new::<KeyChange>(&["label"]);
    state.set("label", entry.label.to_string());
    let form = RwSignal::new(state);
    let busy = RwSignal::new(false);
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(session) = visitor.session() else { return };
        entry::submit(
            form,
            busy,
            move |_| async move {
                // The form has just checked it.
                let label = form.with_untracked(|form| KeyLabel::parse(form.value("label")).ok());
                session.change_key(entry.id, &KeyChange { enabled: None, label }).await
            },
            move |entry| on_done.run(Outcome::Renamed(entry)),
        );
    };
    view! {
        <form on:submit=send novalidate aria-label="Rename the key">
            <FormError form />
            <TextField form name="label" label="Label" kind="text" autocomplete="off"
                hint=format!("Your own words, such as “laptop”; at most {KEY_LABEL_MAX_CHARS} characters. Leave it empty for none.") />
            <div class="actions">
                <SubmitButton busy label="Save" busy_label="Saving…" />
                <button type="button" class="button" on:click=move |_| on_done.run(Outcome::Nothing)>"Cancel"</button>
            </div>
        </form>
    }
}

#[component]
fn Rotate(id: KeyId, unseen: bool, on_done: Callback<Outcome>) -> impl IntoView {
    let visitor = use_visitor();
    let grace = RwSignal::new(0_u32);
    let choice = move |seconds: u32, label: &'static str| {
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="grace"
                    value=seconds.to_string()
                    prop:checked=move || grace.get() == seconds
                    on:change=move |_| grace.set(seconds)
                />
                {label}
            </label>
        }
    };
    let act = move || {
        let session = visitor.session();
        let grace_seconds = grace.get_untracked();
        async move {
            let session = session.ok_or(ApiError::Network)?;
            let key = session.rotate_key(id, &RotateKey { grace_seconds }).await?;
            visitor.key.set(Some(HeldKey { value: key.value.clone(), id: Some(key.id), unseen }));
            Ok(Outcome::Rotated(key))
        }
    };
    let rough = expect_context::<Loader<About>>().with_untracked(|about| is_rough(Some(about.promises)));
    let words = if rough == Some(true) {
        "You get a new value, shown once, which can take up to two minutes to work. Plan and label stay, and \
         roughly the count."
    } else {
        "You get a new value, shown once. Count, plan and label stay."
    };
    view! {
        <p>{words}</p>
        <fieldset>
            <legend>"The old value stops working"</legend>
            {choice(0, "now")} {choice(3600, "in 1 hour")} {choice(ROTATION_GRACE_MAX_SECONDS, "in 1 day")}
        </fieldset>
        <Confirm label="Rotate" busy_label="Rotating…" class="primary" act on_done />
    }
}

#[component]
fn Revoke(id: KeyId, on_done: Callback<Outcome>) -> impl IntoView {
    let visitor = use_visitor();
    let act = move || {
        let session = visitor.session();
        async move {
            session.ok_or(ApiError::Network)?.revoke_key(id).await?;
            Ok(Outcome::Revoked(id))
        }
    };
    view! {
        <p>
            "The key stops working at once, and can't be brought back. You can get a new one on the same plan; what you used stays counted."
        </p>
        <Confirm label="Revoke the key" busy_label="Revoking…" class="danger" act on_done />
    }
}

/// The two buttons at the end of a dialog, with what went wrong above them.
#[component]
fn Confirm<A, F>(
    label: &'static str,
    busy_label: &'static str,
    class: &'static str,
    /// Does it.
    act: A,
    on_done: Callback<Outcome>,
) -> impl IntoView
where
    A: Fn() -> F + Copy + 'static,
    F: Future<Output = Result<Outcome, ApiError>> + 'static,
{
    let busy = RwSignal::new(false);
    let error = RwSignal::new(None::<ApiError>);
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        error.set(None);
        let answer = act();
        spawn_local(async move {
            let answer = answer.await;
            busy.try_set(false);
            match answer {
                Ok(outcome) => on_done.run(outcome),
                Err(trouble) => drop(error.try_set(Some(trouble))),
            }
        });
    };
    view! {
        <form on:submit=send>
            {live(move || maybe(error.get(), |error| {
                view! { <div class="notice bad" role="alert"><p>{error.sentence()}</p></div> }.into_any()
            }))}
            <div class="actions">
                <SubmitButton busy label busy_label class />
                <button type="button" class="button" on:click=move |_| on_done.run(Outcome::Nothing)>"Cancel"</button>
            </div>
        </form>
    }
}
