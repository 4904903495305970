//! What an answer looks like here, on the first page: it streams in, and the count goes down.

use leptos::prelude::*;

use crate::{browser, live::text};

const QUESTION: &str = "What does a toll gate do?";
const ANSWER: &str = "It lets you through, one request at a time, and counts each of them once. What the model writes comes \
                      to you word by word, as it is written.";

/// How long a word takes: about as fast as one reads along.
const PACE: std::time::Duration = std::time::Duration::from_millis(70);

/// A picture of a chat, for eyes only. All of its words have their place from the start; whoever wants no motion sees
/// them at once.
#[component]
pub(crate) fn SampleStream() -> impl IntoView {
    let words = ANSWER.split_inclusive(' ').count();
    let shown = RwSignal::new(if browser::wants_calm() { words } else { 0 });
    if shown.get_untracked() == 0
        && let Ok(writing) = set_interval_with_handle(move || shown.update(|shown| *shown += 1), PACE)
    {
        Effect::new(move |_| {
            if shown.get() >= words {
                writing.clear();
            }
        });
        on_cleanup(move || writing.clear());
    }
    let part = move |is_shown: bool| {
        let at = shown.get().min(words);
        let words = ANSWER.split_inclusive(' ');
        if is_shown { words.take(at).collect::<String>() } else { words.skip(at).collect() }
    };
    view! {
        <div class="sample" role="img" aria-label="A question is asked, the answer streams in, and 9 of 10 requests are left.">
            <div aria-hidden="true">
                <p class="sample-head"><code>"POST /v1/chat/completions"</code></p>
                <p class="words question">{QUESTION}</p>
                <p class="words">{text(move || part(true))}<span class="later">{text(move || part(false))}</span></p>
                <p class="sample-foot">
                    <span class="sample-bar"></span>
                    <span>{text(move || if shown.get() == 0 { "10 of 10 left today" } else { "9 of 10 left today" }.to_owned())}</span>
                </p>
            </div>
        </div>
    }
}
