//! Plans and keys: the page after signing in.

use std::sync::Arc;

use api_types::{About, CreateKey, CreatedKey, KeyEntry, KeyId, KeyState, Plan, PlanName, ProblemCode, Survival};
use leptos::{prelude::*, task::spawn_local};

use super::{key_dialogs::KeyDialog, key_dialogs::Outcome, operators::OperatorsWay, waiting::Waiting};
use crate::{
    activation,
    announcer::{Announcer, use_announcer},
    api::ApiError,
    browser,
    client_code::Target,
    clock::Clock,
    components::{
        Busy, ClientTabs, Failure, KeyAction, KeyRow, Loaded, NewKey, NoPlans, PlanCard, PromiseNote, TellState,
    },
    live::{flag, live, maybe, text},
    load::{FirstKeys, Loader},
    promise_text::caveats,
    visitor::{HeldKey, use_visitor},
    zone_text,
};

/// What is at work here, shared by the parts of the page.
#[derive(Clone, Copy)]
struct Desk {
    about: Loader<About>,
    plans: Loader<Vec<Plan>>,
    keys: Loader<Vec<KeyEntry>>,
    /// The key whose value is on show.
    made: RwSignal<Option<CreatedKey>>,
    /// The plan whose key is being made.
    making: RwSignal<Option<String>>,
    /// Whether keys come after an operator's approval, which isn't there yet.
    waits: Memo<bool>,
    /// What went wrong with the last action.
    error: RwSignal<Option<ApiError>>,
}

/// The reader's keys, and the plans to get one on.
#[component]
pub(crate) fn DashboardPage() -> impl IntoView {
    let visitor = use_visitor();
    let about = expect_context::<Loader<About>>();
    let session = visitor.session();
    let desk = Desk {
        about,
        plans: expect_context(),
        keys: Loader::start_with(expect_context::<FirstKeys>().take(), move || {
            Box::pin(async move {
                match session {
                    Some(session) => session.keys().await,
                    None => Ok(Vec::new()),
                }
            })
        }),
        made: visitor.made,
        making: RwSignal::new(None),
        waits: visitor.waits(),
        error: RwSignal::new(None),
    };
    // Counts move while requests are made elsewhere: who comes back to this tab sees today's figures.
    let returning = window_event_listener(leptos::ev::focus, move |_| {
        desk.keys.reload();
        desk.plans.reload();
    });
    on_cleanup(move || returning.remove());
    // And by themselves, where that costs the server one look into its own store.
    let Clock(now) = expect_context();
    Effect::new(move |before: Option<()>| {
        now.track();
        let is_quick = about.with_untracked(|about| about.promises.survives != Survival::Provider) == Some(true);
        if before.is_some() && is_quick && browser::is_visible() {
            desk.keys.look();
        }
    });
    follow_activation(desk);
    let uses_keys = Memo::new(move |_| desk.keys.with(|keys| !keys.is_empty()).unwrap_or(false));
    let done = Callback::new(move |()| {
        desk.made.set(None);
        request_animation_frame(|| browser::focus("#keys-title"));
    });
    view! {
        <h1 tabindex="-1">"Dashboard"</h1>
        <OperatorsWay />
        <Failure error=desk.error testid="dashboard-error" />
        <Waiting waits=desk.waits />
        {live(move || match desk.made.get() {
            Some(key) => {
                let id = key.id;
                let state: TellState = Arc::new(move || desk.keys.with(|keys| Some(find(keys, id)?.state)).flatten());
                view! { <NewKey key about state on_done=done /> }.into_any()
            }
            // Its room, from the press of the button on: what comes a moment later moves nothing.
            None if desk.making.with(Option::is_some) => {
                view! { <div class="new-key"><Busy label="Making your key…" /></div> }.into_any()
            }
            None => ().into_any(),
        })}
        // Where they come later than the first frame, nothing stands below that they would push down.
        <section aria-labelledby="keys-title" class:awaited=move || !desk.keys.is_ready() && desk.keys.trouble().is_none()>
            <h2 id="keys-title" tabindex="-1">"Your keys"</h2>
            <Loaded from=desk.keys label="Loading your keys…">
                <Keys desk />
            </Loaded>
        </section>
        <section aria-labelledby="plans-title">
            <h2 id="plans-title">"Plans"</h2>
            <Loaded from=desk.plans label="Loading the plans…">
                <PromiseNote about tell=caveats testid="plan-caveats" />
                <Plans desk />
            </Loaded>
        </section>
        {live(move || maybe((uses_keys.get() && desk.made.with(Option::is_none)).then_some(()), |()| view! {
            <section aria-labelledby="use-title">
                <h2 id="use-title">"Use your key"</h2>
                <p class="quiet">"From any OpenAI client: give it this address and the key that you saved."</p>
                {live(move || {
                    let upstream = about.with(|about| about.upstream.clone());
                    view! { <ClientTabs target=Target::new(browser::base(), None, upstream.as_ref()) /> }.into_any()
                })}
            </section>
        }.into_any()))}
    }
}

#[component]
fn Keys(desk: Desk) -> impl IntoView {
    let visitor = use_visitor();
    let announcer = use_announcer();
    let Clock(now) = expect_context();
    let ids = Memo::new(move |_| desk.keys.with(|keys| keys.iter().map(|key| key.id).collect::<Vec<_>>()));
    // One is on its way into the list.
    let is_coming = Memo::new(move |_| {
        let is_listed = |id: KeyId| desk.keys.with(|keys| find(keys, id).is_some()) == Some(true);
        desk.making.with(Option::is_some)
            || desk.made.with(|made| made.as_ref().is_some_and(|made| !is_listed(made.id)))
    });
    let dialog = RwSignal::new(None::<(KeyAction, KeyEntry)>);
    let switching = RwSignal::new(false);

    let switch = move |entry: KeyEntry| {
        let Some(session) = visitor.session() else { return };
        if switching.get_untracked() {
            return;
        }
        switching.set(true);
        desk.error.set(None);
        let enabled = entry.state == KeyState::Disabled;
        spawn_local(async move {
            let change = api_types::KeyChange { enabled: Some(enabled), label: None };
            match session.change_key(entry.id, &change).await {
                Ok(entry) => {
                    announcer.say(format!(
                        "The key for {} is {}.",
                        entry.plan_name,
                        match entry.state {
                            KeyState::Active => "enabled: it works again",
                            KeyState::Activating => "enabled: it can take up to two minutes to work",
                            KeyState::Disabled => "disabled: requests with it are refused",
                        }
                    ));
                    replace(desk, entry);
                }
                Err(error) => fail(desk, error),
            }
            switching.try_set(false);
        });
    };
    let finished = Callback::new(move |outcome: Outcome| {
        dialog.set(None);
        match outcome {
            Outcome::Nothing => {}
            Outcome::Renamed(entry) => {
                announcer.say("Renamed.");
                replace(desk, entry);
            }
            Outcome::Rotated(key) => {
                desk.keys.reload();
                show_new(desk, key);
            }
            Outcome::Revoked(id) => {
                announcer.say("The key is revoked.");
                desk.keys.change(|keys| keys.retain(|key| key.id != id));
                desk.made.update(|made| drop(made.take_if(|made| made.id == id)));
                visitor.key.update(|held| drop(held.take_if(|held| held.id == Some(id))));
                desk.keys.reload();
            }
        }
    });
    // The usage that a link on another page leads to.
    Effect::new(move |_| {
        let Some(id) = visitor.inspected.get() else { return };
        if let Some(entry) = desk.keys.with(|keys| find(keys, id).cloned()) {
            visitor.inspected.set(None);
            dialog.set(entry.map(|entry| (KeyAction::Usage, entry)));
        }
    });
    let row = move |id: KeyId| {
        let entry = Memo::new(move |_| desk.keys.with(|keys| find(keys, id).cloned()).flatten());
        let on_action = Callback::new(move |action| {
            if let Some(entry) = entry.get_untracked() {
                match action {
                    KeyAction::Switch => switch(entry),
                    KeyAction::Rotate if is_unsaved(desk, announcer) => {}
                    _ => dialog.set(Some((action, entry))),
                }
            }
        });
        let zone = Memo::new(move |_| {
            let plan = entry.with(|entry| entry.as_ref().map(|entry| entry.plan_name.clone()))?;
            let zone = desk.plans.with(|plans| zone_text::of_plan(plans, &plan)).flatten()?;
            zone_text::foreign(&zone, browser::time_zone().as_deref())
        });
        view! { <KeyRow entry about=desk.about zone now busy=switching on_action /> }.into_any()
    };
    view! {
        {live(move || match ids.get() {
            Some(ids) if !ids.is_empty() || is_coming.get() => {
                view! {
                    <ul class="keys">
                        {ids.into_iter().map(row).collect::<Vec<_>>()}
                        {live(move || maybe(is_coming.get().then_some(()), |()| {
                            view! { <li class="key card"><Busy label="Making your key…" /></li> }.into_any()
                        }))}
                    </ul>
                }
                .into_any()
            }
            _ if desk.waits.get() => view! { <p class="empty">"No key yet: keys come after the approval."</p> }.into_any(),
            _ => view! { <p class="empty">"You have no key yet. Pick a plan below: one click makes your key."</p> }.into_any(),
        })}
        {live(move || maybe(dialog.get(), |(action, entry)| {
            view! { <KeyDialog action entry on_done=finished /> }.into_any()
        }))}
    }
}

#[component]
fn Plans(desk: Desk) -> impl IntoView {
    let visitor = use_visitor();
    let announcer = use_announcer();
    let make = move |plan_name: PlanName| {
        let Some(session) = visitor.session().filter(|_| desk.making.get_untracked().is_none()) else { return };
        if is_unsaved(desk, announcer) {
            return;
        }
        desk.error.set(None);
        desk.making.set(Some(plan_name.to_string()));
        spawn_local(async move {
            let answer = session.create_key(&CreateKey { plan_name, user: None }).await;
            desk.making.try_set(None);
            match answer {
                Ok(key) => {
                    visitor.key.set(Some(HeldKey { value: key.value.clone(), id: Some(key.id), unseen: false }));
                    desk.keys.reload();
                    show_new(desk, key);
                }
                Err(error) => {
                    // Made in another tab, or a plan that went: what stands here is old.
                    match error.code() {
                        Some(ProblemCode::KeyAlreadyExists) => desk.keys.reload(),
                        Some(ProblemCode::UnknownPlan) => desk.plans.reload(),
                        _ => {}
                    }
                    fail(desk, error);
                }
            }
        });
    };
    // A key asked for before there was an account, or on another page, is made as soon as it is known that there is none.
    Effect::new(move |_| {
        let is_ready = desk.keys.is_ready() && desk.plans.is_ready() && !desk.waits.get();
        let Some(wanted) = visitor.wanted.get().filter(|_| is_ready) else { return };
        visitor.wanted.set(None);
        let is_there = desk.keys.with_untracked(|keys| keys.iter().any(|key| key.plan_name == wanted.plan));
        if is_there == Some(true) {
            announcer.say(format!("You have a key on {}.", wanted.plan));
        } else if wanted.asked {
            make(wanted.plan);
        } else {
            let button = format!("[data-plan='{}'] .button", wanted.plan);
            request_animation_frame(move || browser::focus(&button));
        }
    });
    let card = move |plan: Plan| {
        let name = plan.name.clone();
        let (for_have, for_busy) = (name.clone(), name.to_string());
        // Whether there is a key on this plan, and whether its quota is spent.
        let have = Memo::new(move |_| {
            let is_spent = |keys: &Vec<KeyEntry>| {
                keys.iter().find(|key| key.plan_name == for_have).map(|key| key.quota.is_spent())
            };
            desk.keys.with(is_spent).flatten()
        });
        let busy = Memo::new(move |_| desk.making.with(|making| making.as_ref() == Some(&for_busy)));
        let end = move || {
            let name = name.clone();
            match have.get() {
                Some(true) => return view! { <p class="have spent">"Your key is used up for now"</p> }.into_any(),
                Some(false) => return view! { <p class="have">"✓ You have a key on this plan"</p> }.into_any(),
                None if desk.waits.get() => return view! { <p class="have spent">"After the approval"</p> }.into_any(),
                None => {}
            }
            view! {
                <button
                    type="button"
                    class="button primary"
                    data-testid="get-key"
                    aria-label=format!("Get a key for {name}")
                    aria-busy=flag(move || busy.get())
                    aria-disabled=flag(move || desk.making.with(Option::is_some))
                    on:click=move |_| make(name.clone())
                >
                    {text(move || if busy.get() { "Creating…" } else { "Get a key" }.to_owned())}
                </button>
            }
            .into_any()
        };
        view! { <PlanCard plan about=desk.about>{live(end)}</PlanCard> }.into_any()
    };
    // Asked for again now and then: cards that stay the same stay where they are.
    let plans = Memo::new(move |_| desk.plans.get());
    live(move || match plans.get() {
        Some(plans) if !plans.is_empty() => {
            view! { <ul class="cards">{plans.into_iter().map(card).collect::<Vec<_>>()}</ul> }.into_any()
        }
        _ => view! { <NoPlans /> }.into_any(),
    })
}

fn find(keys: &[KeyEntry], id: KeyId) -> Option<&KeyEntry> {
    keys.iter().find(|key| key.id == id)
}

/// Looks whether new keys work yet, and says so.
fn follow_activation(desk: Desk) {
    let announcer = use_announcer();
    let activating = Memo::new(move |_| {
        let activating = |key: &&KeyEntry| key.state == KeyState::Activating;
        desk.keys.with(|keys| keys.iter().filter(activating).map(|key| key.id).collect::<Vec<_>>())
    });
    let is_any = Memo::new(move |_| activating.with(|ids| ids.as_ref().is_some_and(|ids| !ids.is_empty())));
    activation::look_while(is_any, Callback::new(move |()| desk.keys.look()));
    Effect::new(move |before: Option<Option<Vec<KeyId>>>| {
        let now = activating.get();
        desk.keys.with_untracked(|keys| {
            for key in before.iter().flatten().flatten().filter_map(|id| find(keys, *id)) {
                if key.state == KeyState::Active {
                    announcer.say(format!("The key for {} works now.", key.plan_name));
                }
            }
        });
        now
    });
}

/// Puts the changed entry in the place of the old one.
fn replace(desk: Desk, entry: KeyEntry) {
    desk.keys.change(|keys| {
        if let Some(old) = keys.iter_mut().find(|key| key.id == entry.id) {
            *old = entry;
        }
    });
}

/// Shows a value and leads the focus to it.
fn show_new(desk: Desk, key: CreatedKey) {
    desk.made.try_set(Some(key));
    // A frame later than a closing dialog, which gives the focus back to its button.
    request_animation_frame(|| request_animation_frame(lead_to_new));
}

fn lead_to_new() {
    browser::focus("#new-key-title");
    browser::scroll_to_top();
}

/// Whether a value is on show that nobody said they have; then leads there, since another one would take its place.
fn is_unsaved(desk: Desk, announcer: Announcer) -> bool {
    let is_unsaved = desk.made.with_untracked(Option::is_some);
    if is_unsaved {
        announcer.say("Copy the key above first, then press “I have saved it”.");
        lead_to_new();
    }
    is_unsaved
}

/// Shows an error at the top and leads there. An ended session shows as the sign-in form instead.
fn fail(desk: Desk, error: ApiError) {
    if !error.is_unauthenticated() {
        desk.error.try_set(Some(error));
        request_animation_frame(browser::scroll_to_top);
    }
}
