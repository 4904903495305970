//! A chat over the data plane, with the reader's key, as any client would.

mod chat;
mod choose_key;
mod failure;
mod log;
mod more;

use std::sync::Arc;

use api_types::{About, KeyState, Plan, QuotaStatus, UpstreamInfo};
use leptos::{
    ev::{self, KeyboardEvent, SubmitEvent},
    html::Textarea,
    prelude::*,
    task::spawn_local,
};

use self::{
    chat::{Ask, Chat},
    choose_key::ChooseKey,
    log::Log,
    more::More,
};
use crate::{
    activation,
    announcer::use_announcer,
    browser,
    chat_failure::ChatFailure,
    clock::Clock,
    components::{CopyBox, PromiseNote, StateBadge, StateNote, TellState},
    conversation::Conversation,
    live::{flag, live, maybe, text},
    load::Loader,
    promise_text::{FAILED_COUNT, clear_keys, is_rough},
    reset_time::{remaining, resets},
    visitor::{HeldKey, use_visitor},
    zone_text,
};

/// Asks for a key, then chats.
#[component]
pub(crate) fn PlaygroundPage() -> impl IntoView {
    let visitor = use_visitor();
    let about = expect_context::<Loader<About>>();
    let demo =
        Memo::new(move |_| about.with(|about| matches!(about.upstream, UpstreamInfo::Demo { .. })).unwrap_or(false));
    view! {
        <h1 tabindex="-1">"Playground"</h1>
        {live(move || maybe(demo.get().then_some(()), |()| view! {
            <details class="notice demo" data-testid="demo-note">
                <summary>"The built-in demo model answers here, not a real one."</summary>
                <p>
                    "To connect a real model, set " <code>"OPENAI_API_KEY"</code> ", or " <code>"upstream.base_url"</code>
                    " in " <code>"tollgate.toml"</code> " for any OpenAI-compatible server. Then start Tollgate again."
                </p>
            </details>
        }.into_any()))}
        {live(move || match visitor.key.get() {
            None => view! { <ChooseKey /> }.into_any(),
            Some(key) => view! { <ChatRoom key /> }.into_any(),
        })}
    }
}

#[component]
fn ChatRoom(key: HeldKey) -> impl IntoView {
    let (visitor, announcer) = (use_visitor(), use_announcer());
    let about = expect_context::<Loader<About>>();
    let Clock(now) = expect_context();
    let chat = Chat::new(visitor, about, key.value.clone());
    on_cleanup(move || chat.stop());
    chat.greet();
    let plan = move || chat.status.with(|status| status.as_ref().map(|status| status.plan_name.to_string()));
    let rough = move || is_rough(about.with(|about| about.promises));
    let left = move || chat.status.with(|status| status.as_ref().map(|status| remaining(&status.quota, rough())));
    let state: TellState = Arc::new(move || chat.status.with(|status| Some(status.as_ref()?.state)));
    let told = state.clone();
    let word = Signal::derive(move || {
        let is_refused = chat.failure.with(|failure| failure.as_ref().is_some_and(ChatFailure::is_bad_key));
        let is_spent = chat.status.with(|status| status.as_ref().is_some_and(|status| status.quota.is_spent()));
        if is_refused { Some("Doesn't work") } else { is_spent.then_some("Used up") }
    });
    // While a message waits it is tried, which tells the same.
    let look = Callback::new(move |()| {
        if !chat.busy.get_untracked() {
            spawn_local(async move {
                chat.learn(chat.client()).await;
                if chat.works() {
                    announcer.say("Your key works now.");
                }
            });
        }
    });
    activation::look_while(Memo::new(move |_| told() == Some(KeyState::Activating)), look);
    // Much may have become of the key meanwhile.
    let returning = window_event_listener(ev::focus, move |_| {
        if !chat.busy.get_untracked() {
            spawn_local(chat.learn(chat.client()));
        }
    });
    on_cleanup(move || returning.remove());
    let plans = expect_context::<Loader<Vec<Plan>>>();
    let zone = Memo::new(move |_| {
        let plan = chat.status.with(|status| status.as_ref().map(|status| status.plan_name.clone()))?;
        let zone = plans.with(|plans| zone_text::of_plan(plans, &plan)).flatten()?;
        zone_text::foreign(&zone, browser::time_zone().as_deref())
    });
    let reset = move || {
        chat.status.with(|status| match status.as_ref()?.quota {
            QuotaStatus::Limited { reset_at, .. } => {
                Some(resets(now.get(), reset_at, browser::local, zone.get().as_deref()))
            }
            QuotaStatus::Unlimited => None,
        })
    };
    let started = Memo::new(move |_| visitor.talk.with(|talk| !talk.turns().is_empty()));
    let start_anew = move |_| {
        chat.stop();
        visitor.talk.set(Conversation::default());
        chat.failure.set(None);
        chat.headers.set(Vec::new());
        chat.editing.set(None);
    };
    view! {
        <div class="chat">
            <div class="chat-bar">
                <p>
                    <strong>{text(move || plan().unwrap_or_else(|| "Your key".to_owned()))}</strong> " "
                    <StateBadge state=state.clone() but=word /> " "
                    <span data-testid="remaining">{text(move || left().unwrap_or_default())}</span> " "
                    <span class="quiet small" data-testid="resets">{text(move || reset().unwrap_or_default())}</span>
                    <StateNote state />
                </p>
                {live(move || match visitor.models.with(|models| models.as_ref().map(Vec::len)) {
                    Some(0 | 1) => ().into_any(),
                    Some(_) => view! { <ChooseModel chat /> }.into_any(),
                    None => maybe(chat.models_are_charged().then_some(()), |()| view! { <AskForModels chat /> }.into_any()),
                })}
                <button type="button" class="button small" data-testid="change-key" on:click=move |_| visitor.key.set(None)>
                    "Change key"
                </button>
                {live(move || maybe(started.get().then_some(()), |()| view! {
                    <button type="button" class="button small" data-testid="clear-chat" on:click=start_anew>"New chat"</button>
                }.into_any()))}
            </div>
            {maybe(key.unseen.then_some(key.value), |value| view! { <NewValue value /> }.into_any())}
            <Log chat />
            <Waiting chat />
            <Composer chat />
            <More chat />
        </div>
    }
}

#[component]
fn ChooseModel(chat: Chat) -> impl IntoView {
    let option = move |id: String| {
        let selected = chat.model.with_untracked(|model| model.as_ref() == Some(&id));
        let name = id.clone();
        view! { <option value=id selected=selected>{name}</option> }.into_any()
    };
    view! {
        <label class="model">
            <span>"Model "</span>
            <select name="model" aria-label="Model" on:change=move |event| chat.model.set(Some(event_target_value(&event)))>
                {chat.visitor.models.get_untracked().into_iter().flatten().map(option).collect::<Vec<_>>()}
            </select>
        </label>
    }
}

/// Where the list of models is charged, the reader decides about it.
#[component]
fn AskForModels(chat: Chat) -> impl IntoView {
    let announcer = use_announcer();
    let asking = RwSignal::new(false);
    let ask = move |_| {
        if asking.get_untracked() {
            return;
        }
        asking.set(true);
        spawn_local(async move {
            let client = chat.client();
            match chat.list_models(client.clone()).await {
                Some(sentence) => announcer.say(sentence),
                None => request_animation_frame(|| browser::focus("select[name=model]")),
            }
            asking.try_set(false);
            chat.learn(client).await;
        });
    };
    view! {
        <button type="button" class="button small" data-testid="ask-for-models" aria-busy=flag(move || asking.get()) on:click=ask>
            "Choose a model (1 request)"
        </button>
    }
}

/// The value of a key that was rotated for the playground: nobody has seen it yet.
#[component]
fn NewValue(value: String) -> impl IntoView {
    let visitor = use_visitor();
    let shown = RwSignal::new(true);
    let value = StoredValue::new(value);
    let saved = move |_| {
        shown.set(false);
        // Nobody is told: the key in use stays the same.
        visitor.key.update_untracked(|key| {
            if let Some(key) = key {
                key.unseen = false;
            }
        });
    };
    live(move || {
        maybe(shown.get().then_some(()), |()| {
            view! {
                <div class="notice">
                    <p>
                        <strong>
                            "This is the new value of your key. Copy it now: this is the only time it is shown."
                        </strong>
                    </p>
                    <PromiseNote about=expect_context() tell=clear_keys testid="key-at-rest" />
                    <CopyBox text=value.get_value() what="key" id="key-value" testids=("key-value", "copy-key") />
                    <button type="button" class="button small" data-testid="key-done" on:click=saved>"I have saved it"</button>
                </div>
            }
            .into_any()
        })
    })
}

/// A request whose key is being activated. The seconds are for eyes only; the rest is said once.
#[component]
fn Waiting(chat: Chat) -> impl IntoView {
    let is_waiting = Memo::new(move |_| chat.waiting.with(Option::is_some));
    let said = move || {
        if is_waiting.get() { "Your key is being activated. Your message is sent again by itself." } else { "" }
            .to_owned()
    };
    view! {
        <p class="quiet-visually" role="status">{text(said)}</p>
        {live(move || maybe(is_waiting.get().then_some(()), |()| view! {
            <p class="notice" data-testid="activating" aria-hidden="true">
                {text(move || chat.waiting.get().unwrap_or_default())}
            </p>
        }.into_any()))}
    }
}

#[component]
fn Composer(chat: Chat) -> impl IntoView {
    let field = NodeRef::<Textarea>::new();
    let go = move || {
        if let Some(field) = field.get_untracked() {
            drop(field.focus());
        }
        chat.send(Ask::New);
    };
    // The button goes; the focus must not go with it.
    let stop = move |_| {
        chat.stop();
        if let Some(field) = field.get_untracked() {
            drop(field.focus());
        }
    };
    let hint = move || {
        let failed = chat.about.with(|about| !about.promises.fair_charge).unwrap_or(false);
        let failed = if failed { FAILED_COUNT } else { "" };
        format!("Each message is one request. {failed}")
    };
    let on_key = move |key: KeyboardEvent| {
        // Enter that ends a composition (Japanese, Chinese) belongs to the keyboard's own window.
        if key.key() == "Enter" && !key.shift_key() && !key.is_composing() {
            key.prevent_default();
            go();
        }
    };
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        go();
    };
    view! {
        <form class="composer" on:submit=send aria-label="Message">
            <label class="quiet-visually" for="message">"Your message"</label>
            <textarea
                id="message"
                name="message"
                rows="2"
                placeholder="Your message"
                aria-describedby="message-hint"
                node_ref=field
                prop:value=move || chat.visitor.draft.get()
                on:input=move |event| chat.visitor.draft.set(event_target_value(&event))
                on:keydown=on_key
            ></textarea>
            {live(move || if chat.busy.get() {
                view! {
                    <button type="button" class="button danger" data-testid="stop" on:click=stop>"Stop"</button>
                }.into_any()
            } else {
                view! {
                    <button type="submit" class="button primary" data-testid="send"
                        aria-disabled=flag(move || chat.visitor.draft.with(|text| text.trim().is_empty()))>
                        "Send"
                    </button>
                }.into_any()
            })}
            <p class="hint" id="message-hint">
                <span class="keyboard">"Enter sends, Shift+Enter starts a new line. "</span>
                {text(hint)}
            </p>
        </form>
    }
}
