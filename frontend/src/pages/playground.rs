//! A chat over the data plane, with the reader's key, as any client would.

mod chat;
mod choose_key;
mod log;

use api_types::{About, QuotaStatus, UpstreamInfo};
use leptos::{
    ev::{KeyboardEvent, SubmitEvent},
    html::Textarea,
    prelude::*,
    task::spawn_local,
};

use self::{chat::Chat, choose_key::ChooseKey, log::Log};
use crate::{
    app::Clock,
    browser,
    chat_failure::ChatFailure,
    components::CopyBox,
    conversation::Conversation,
    live::{flag, live, maybe, text},
    load::Loader,
    reset_time::{remaining, resets},
    visitor::{HeldKey, use_visitor},
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
    let visitor = use_visitor();
    let about = expect_context::<Loader<About>>();
    let Clock(now) = expect_context();
    let chat = Chat::new(visitor, about);
    on_cleanup(move || chat.stop());
    chat.greet(key.value.clone());
    let value = StoredValue::new(key.value.clone());
    let plan = move || chat.status.with(|status| status.as_ref().map(|status| status.plan_name.to_string()));
    let left = move || chat.status.with(|status| status.as_ref().map(|status| remaining(&status.quota)));
    let reset = move || {
        chat.status.with(|status| match status.as_ref()?.quota {
            QuotaStatus::Limited { reset_at, .. } => Some(resets(now.get(), reset_at, browser::local)),
            QuotaStatus::Unlimited => None,
        })
    };
    let started = Memo::new(move |_| visitor.talk.with(|talk| !talk.turns().is_empty()));
    let start_anew = move |_| {
        chat.stop();
        visitor.talk.set(Conversation::default());
        chat.failure.set(None);
    };
    view! {
        <div class="chat">
            <div class="chat-bar">
                <p>
                    <strong>{text(move || plan().unwrap_or_else(|| "Your key".to_owned()))}</strong> " "
                    <span data-testid="remaining">{text(move || left().unwrap_or_default())}</span> " "
                    <span class="quiet small" data-testid="resets">{text(move || reset().unwrap_or_default())}</span>
                </p>
                {live(move || maybe((chat.models.with(Vec::len) > 1).then_some(()), |()| view! { <ChooseModel chat /> }.into_any()))}
                <button type="button" class="button small" data-testid="change-key" on:click=move |_| visitor.key.set(None)>
                    "Change key"
                </button>
                {live(move || maybe(started.get().then_some(()), |()| view! {
                    <button type="button" class="button small" data-testid="clear-chat" on:click=start_anew>"New chat"</button>
                }.into_any()))}
            </div>
            {maybe(key.unseen.then_some(key.value), |value| view! { <NewValue value /> }.into_any())}
            <Log chat />
            <Failure chat />
            <Composer chat value />
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
            "Model "
            <select name="model" on:change=move |event| chat.model.set(Some(event_target_value(&event)))>
                {chat.models.get_untracked().into_iter().map(option).collect::<Vec<_>>()}
            </select>
        </label>
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
                    <CopyBox text=value.get_value() what="key" id="key-value" testids=("key-value", "copy-key") />
                    <button type="button" class="button small" data-testid="key-done" on:click=saved>"I have saved it"</button>
                </div>
            }
            .into_any()
        })
    })
}

/// Why the last request was refused; times in it keep up with the clock.
#[component]
fn Failure(chat: Chat) -> impl IntoView {
    let Clock(now) = expect_context();
    let sentence = Memo::new(move |_| {
        // The clock ticks every half minute; a failure newer than the last tick is told from now.
        let time = now.get().max(browser::now());
        let failure = chat.failure.get()?;
        chat.status.with(|status| Some(failure.sentence(status.as_ref(), time, browser::local)))
    });
    live(move || {
        maybe(sentence.get(), |sentence| {
            let bad_key = chat.failure.with_untracked(|failure| failure.as_ref().is_some_and(ChatFailure::is_bad_key));
            let change = move |()| {
                view! {
                    <button type="button" class="button" on:click=move |_| chat.visitor.key.set(None)>"Use another key"</button>
                }
                .into_any()
            };
            view! {
                <div class="notice bad" role="alert">
                    <p data-testid="chat-error">{sentence}</p>
                    {maybe(bad_key.then_some(()), change)}
                </div>
            }
            .into_any()
        })
    })
}

#[component]
fn Composer(chat: Chat, value: StoredValue<String>) -> impl IntoView {
    let field = NodeRef::<Textarea>::new();
    let go = move || {
        let text = chat.draft.get_untracked();
        if !chat.busy.get_untracked() && !text.trim().is_empty() {
            chat.draft.set(String::new());
            spawn_local(chat.ask(value.get_value(), text));
            if let Some(field) = field.get_untracked() {
                drop(field.focus());
            }
        }
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
                prop:value=move || chat.draft.get()
                on:input=move |event| chat.draft.set(event_target_value(&event))
                on:keydown=on_key
            ></textarea>
            {live(move || if chat.busy.get() {
                view! {
                    <button type="button" class="button danger" data-testid="stop" on:click=move |_| chat.stop()>"Stop"</button>
                }.into_any()
            } else {
                view! {
                    <button type="submit" class="button primary" data-testid="send"
                        aria-disabled=flag(move || chat.draft.with(|text| text.trim().is_empty()))>
                        "Send"
                    </button>
                }.into_any()
            })}
            <p class="hint" id="message-hint">"Enter sends, Shift+Enter starts a new line. Each message is one request."</p>
        </form>
    }
}
