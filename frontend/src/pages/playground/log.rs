//! The conversation as it is shown.

use gloo_timers::future::TimeoutFuture;
use leptos::{
    ev::{KeyboardEvent, MouseEvent, SubmitEvent},
    html::Div,
    prelude::*,
    task::spawn_local,
};
use wasm_bindgen::JsCast;

use super::{
    chat::{Ask, Chat},
    failure::Failure,
};
use crate::{
    browser,
    components::THANKS_MS,
    conversation::{Progress, Speaker, Turn},
    live::{attribute, flag, live, maybe},
    markdown::{self, Shown},
};

/// The conversation. New words keep it at its end, unless the reader scrolled up.
#[component]
pub(super) fn Log(chat: Chat) -> impl IntoView {
    let talk = chat.visitor.talk;
    let log = NodeRef::<Div>::new();
    let ids = Memo::new(move |_| talk.with(|talk| talk.turns().iter().map(|turn| turn.id).collect::<Vec<_>>()));
    Effect::new(move |_| {
        talk.track();
        if let Some(log) = log.get()
            && browser::is_at_end(&log)
        {
            request_animation_frame(move || log.set_scroll_top(log.scroll_height()));
        }
    });
    // A question asked by the reader leads to the end in any case, and so does what became of it.
    Effect::new(move |_| {
        ids.track();
        chat.failure.track();
        if let Some(log) = log.get() {
            request_animation_frame(move || log.set_scroll_top(log.scroll_height()));
        }
    });
    let busy = chat.busy;
    view! {
        <div class="log" role="log" tabindex="0" aria-label="Conversation" node_ref=log on:click=copy_code
            aria-busy=attribute(move || Some(busy.get().to_string()))>
            {live(move || maybe((ids.with(Vec::is_empty) && chat.failure.with(Option::is_none)).then_some(()), |()| {
                view! { <p class="empty">"Say something to start."</p> }.into_any()
            }))}
            <For each=move || ids.get() key=|id| *id let:id>
                {view! { <TurnView chat id log /> }.into_any()}
            </For>
            <Failure chat />
        </div>
    }
}

#[component]
fn TurnView(chat: Chat, id: usize, log: NodeRef<Div>) -> impl IntoView {
    let talk = chat.visitor.talk;
    let read = move |read: fn(&Progress) -> Option<String>| {
        talk.with(|talk| talk.turn(id).and_then(|turn| read(&turn.progress)))
    };
    let speaker = talk.with_untracked(|talk| talk.turn(id).map(|turn| turn.speaker));
    if speaker == Some(Speaker::Person) {
        return view! { <Question chat id /> }.into_any();
    }
    let waiting = Memo::new(move |_| {
        let is_waiting = |turn: &Turn| turn.text.is_empty() && turn.progress == Progress::Streaming;
        talk.with(|talk| talk.turn(id).is_some_and(is_waiting))
    });
    let is_last = Memo::new(move |_| talk.with(|talk| talk.turns().last().is_some_and(|turn| turn.id == id)));
    // The button goes; the focus must not go with it.
    let again = move |_| {
        chat.send(Ask::Again);
        browser::focus("textarea[name=message]");
    };
    let words = NodeRef::<Div>::new();
    show_as_it_grows(chat, id, words, log);
    let note = Memo::new(move |_| read(note));
    let interrupted = Memo::new(move |_| read(interruption));
    view! {
        <div class="turn model">
            <p class="quiet-visually">"Answer:"</p>
            <div class="words answer" data-testid="answer" data-state=attribute(move || read(state)) node_ref=words></div>
            {live(move || maybe(waiting.get().then_some(()), |()| view! {
                <p class="dots" role="img" aria-label="Waiting for the answer"><i></i><i></i><i></i></p>
            }.into_any()))}
            {live(move || maybe(note.get(), |note| view! { <p class="small quiet">{note}</p> }.into_any()))}
            {live(move || maybe(interrupted.get(), |why| view! {
                <p class="notice bad small" data-testid="interrupted">
                    <strong>"This answer is not complete. "</strong> {why}
                </p>
            }.into_any()))}
            {live(move || maybe(is_last.get().then_some(()), |()| view! {
                <p class="turn-actions" class:later=move || chat.busy.get()>
                    <button type="button" class="link" data-testid="again" on:click=again>"Try again"</button>
                </p>
            }.into_any()))}
        </div>
    }
    .into_any()
}

/// What the reader said, which can be put otherwise: what followed it then goes.
#[component]
fn Question(chat: Chat, id: usize) -> impl IntoView {
    let said = StoredValue::new(
        chat.visitor.talk.with_untracked(|talk| talk.turn(id).map(|turn| turn.text.clone())).unwrap_or_default(),
    );
    let is_edited = Memo::new(move |_| chat.editing.get() == Some(id));
    let edit = move |_| {
        chat.edited.set(said.get_value());
        chat.editing.set(Some(id));
        request_animation_frame(|| browser::focus(".edit textarea"));
    };
    let leave = move || {
        chat.editing.set(None);
        let button = format!("[data-edit='{id}']");
        request_animation_frame(move || browser::focus(&button));
    };
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        chat.send(Ask::Edited(id));
        browser::focus("textarea[name=message]");
    };
    let on_key = move |key: KeyboardEvent| {
        if key.key() == "Escape" {
            leave();
        }
    };
    view! {
        <div class="turn person">
            <p class="quiet-visually">"You:"</p>
            {live(move || if is_edited.get() {
                view! {
                    <form class="edit" aria-label="Edit your message" on:submit=send>
                        <textarea name="edited" rows="3" aria-label="Your message" on:keydown=on_key
                            prop:value=move || chat.edited.get()
                            on:input=move |event| chat.edited.set(event_target_value(&event))></textarea>
                        <div class="actions">
                            <button type="submit" class="button small primary" data-testid="send-edited"
                                aria-disabled=flag(move || chat.busy.get())>"Send"</button>
                            <button type="button" class="button small" on:click=move |_| leave()>"Cancel"</button>
                        </div>
                    </form>
                }.into_any()
            } else {
                view! {
                    <p class="words" data-testid="question">{said.get_value()}</p>
                    <p class="turn-actions" class:later=move || chat.busy.get()>
                        <button type="button" class="link" data-testid="edit" data-edit=id.to_string()
                            aria-label="Edit this message" on:click=edit>"Edit"</button>
                    </p>
                }.into_any()
            })}
        </div>
    }
}

/// Draws what was said whenever there is more, once per frame at most: a model may say some hundred words a second.
fn show_as_it_grows(chat: Chat, id: usize, words: NodeRef<Div>, log: NodeRef<Div>) {
    let talk = chat.visitor.talk;
    let length = Memo::new(move |_| talk.with(|talk| talk.turn(id).map_or(0, |turn| turn.text.len())));
    let shown = StoredValue::new_local(Shown::default());
    let is_due = StoredValue::new(false);
    Effect::new(move |_| {
        // Read, not only tracked: a memo that nobody reads doesn't follow what it is made of.
        let is_empty = length.get() == 0;
        let Some(words) = words.get() else { return };
        if is_empty || is_due.get_value() {
            return;
        }
        is_due.set_value(true);
        request_animation_frame(move || {
            is_due.try_set_value(false);
            let said = talk.try_with_untracked(|talk| talk.turn(id).map(|turn| markdown::read(&turn.text))).flatten();
            let log = log.try_get_untracked().flatten().filter(|log| browser::is_at_end(log));
            if let Some(said) = said {
                shown.try_update_value(|shown| shown.become_like(&words, said));
            }
            if let Some(log) = log {
                log.set_scroll_top(log.scroll_height());
            }
        });
    });
}

/// Copies the block of code whose button was pressed. Answers are no views: one listener serves them all.
fn copy_code(click: MouseEvent) {
    let pressed = click.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    let Some(button) = pressed.and_then(|pressed| pressed.closest(".copy-code").ok().flatten()) else { return };
    let code = button.closest(".code").ok().flatten().and_then(|block| block.query_selector("pre").ok().flatten());
    let Some(code) = code else { return };
    spawn_local(async move {
        if browser::copy(&code.text_content().unwrap_or_default()).await {
            button.set_text_content(Some("Copied"));
            TimeoutFuture::new(THANKS_MS).await;
            button.set_text_content(Some("Copy"));
        } else {
            browser::select(&code);
            button.set_text_content(Some("Press Ctrl+C"));
        }
    });
}

/// How far an answer is, for tests.
fn state(progress: &Progress) -> Option<String> {
    let word = match progress {
        Progress::Streaming => "streaming",
        Progress::Complete => "complete",
        Progress::CutByLength => "cut",
        Progress::Stopped => "stopped",
        Progress::Interrupted(_) => "interrupted",
    };
    Some(word.to_owned())
}

/// What is to be said of an answer that ended early without anything going wrong.
fn note(progress: &Progress) -> Option<String> {
    match progress {
        Progress::Stopped => Some("You stopped this answer.".to_owned()),
        Progress::CutByLength => Some("The model reached its limit of length here.".to_owned()),
        _ => None,
    }
}

/// Why an answer broke off.
fn interruption(progress: &Progress) -> Option<String> {
    match progress {
        Progress::Interrupted(why) => Some(why.clone()),
        _ => None,
    }
}
