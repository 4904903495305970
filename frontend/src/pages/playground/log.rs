//! The conversation as it is shown.

use leptos::{html::Div, prelude::*};

use super::chat::Chat;
use crate::{
    browser,
    conversation::{Progress, Speaker},
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
    // A question asked by the reader leads to the end in any case.
    Effect::new(move |_| {
        ids.track();
        if let Some(log) = log.get() {
            request_animation_frame(move || log.set_scroll_top(log.scroll_height()));
        }
    });
    let busy = chat.busy;
    view! {
        <div class="log" role="log" tabindex="0" aria-label="Conversation" node_ref=log
            aria-busy=move || if busy.get() { "true" } else { "false" }>
            {move || ids.with(Vec::is_empty).then(|| view! { <p class="empty">"Say something to start."</p> })}
            <For each=move || ids.get() key=|id| *id let:id>
                <TurnView chat id />
            </For>
        </div>
    }
}

#[component]
fn TurnView(chat: Chat, id: usize) -> impl IntoView {
    let talk = chat.visitor.talk;
    let text = Memo::new(move |_| talk.with(|talk| talk.turn(id).map(|turn| turn.text.clone()).unwrap_or_default()));
    let progress = Memo::new(move |_| talk.with(|talk| talk.turn(id).map(|turn| turn.progress.clone())));
    let speaker = talk.with_untracked(|talk| talk.turn(id).map(|turn| turn.speaker));
    if speaker == Some(Speaker::Person) {
        return view! {
            <div class="turn person">
                <p class="quiet-visually">"You:"</p>
                <p class="words" data-testid="question">{move || text.get()}</p>
            </div>
        }
        .into_any();
    }
    let waiting = move || progress.get() == Some(Progress::Streaming) && text.with(String::is_empty);
    let state = move || match progress.get() {
        Some(Progress::Streaming) => "streaming",
        Some(Progress::Complete) => "complete",
        Some(Progress::CutByLength) => "cut",
        Some(Progress::Stopped) => "stopped",
        Some(Progress::Interrupted(_)) | None => "interrupted",
    };
    view! {
        <div class="turn model">
            <p class="quiet-visually">"Answer:"</p>
            <p class="words" data-testid="answer" data-state=state>{move || text.get()}</p>
            {move || waiting().then(|| view! { <p class="dots" aria-label="Waiting for the answer"><i></i><i></i><i></i></p> })}
            {move || match progress.get() {
                Some(Progress::Stopped) => Some(view! { <p class="small quiet">"You stopped this answer."</p> }.into_any()),
                Some(Progress::CutByLength) => {
                    Some(view! { <p class="small quiet">"The model reached its limit of length here."</p> }.into_any())
                }
                Some(Progress::Interrupted(why)) => Some(view! {
                    <p class="notice bad small" data-testid="interrupted">
                        <strong>"This answer is not complete. "</strong> {why}
                    </p>
                }.into_any()),
                _ => None,
            }}
        </div>
    }
    .into_any()
}
