//! The conversation as it is shown.

use leptos::{html::Div, prelude::*};

use super::{chat::Chat, failure::Failure};
use crate::{
    browser,
    conversation::{Progress, Speaker},
    live::{attribute, live, maybe, text},
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
        <div class="log" role="log" tabindex="0" aria-label="Conversation" node_ref=log
            aria-busy=attribute(move || Some(busy.get().to_string()))>
            {live(move || maybe((ids.with(Vec::is_empty) && chat.failure.with(Option::is_none)).then_some(()), |()| {
                view! { <p class="empty">"Say something to start."</p> }.into_any()
            }))}
            <For each=move || ids.get() key=|id| *id let:id>
                {view! { <TurnView chat id /> }.into_any()}
            </For>
            <Failure chat />
        </div>
    }
}

#[component]
fn TurnView(chat: Chat, id: usize) -> impl IntoView {
    let talk = chat.visitor.talk;
    let said = Memo::new(move |_| talk.with(|talk| talk.turn(id).map(|turn| turn.text.clone()).unwrap_or_default()));
    let read = move |read: fn(&Progress) -> Option<String>| {
        talk.with(|talk| talk.turn(id).and_then(|turn| read(&turn.progress)))
    };
    let speaker = talk.with_untracked(|talk| talk.turn(id).map(|turn| turn.speaker));
    if speaker == Some(Speaker::Person) {
        return view! {
            <div class="turn person">
                <p class="quiet-visually">"You:"</p>
                <p class="words" data-testid="question">{text(move || said.get())}</p>
            </div>
        }
        .into_any();
    }
    let waiting = Memo::new(move |_| {
        said.with(String::is_empty)
            && talk.with(|talk| talk.turn(id).is_some_and(|turn| turn.progress == Progress::Streaming))
    });
    let note = Memo::new(move |_| read(note));
    let interrupted = Memo::new(move |_| read(interruption));
    view! {
        <div class="turn model">
            <p class="quiet-visually">"Answer:"</p>
            <p class="words" data-testid="answer" data-state=attribute(move || read(state))>{text(move || said.get())}</p>
            {live(move || maybe(waiting.get().then_some(()), |()| view! {
                <p class="dots" role="img" aria-label="Waiting for the answer"><i></i><i></i><i></i></p>
            }.into_any()))}
            {live(move || maybe(note.get(), |note| view! { <p class="small quiet">{note}</p> }.into_any()))}
            {live(move || maybe(interrupted.get(), |why| view! {
                <p class="notice bad small" data-testid="interrupted">
                    <strong>"This answer is not complete. "</strong> {why}
                </p>
            }.into_any()))}
        </div>
    }
    .into_any()
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
