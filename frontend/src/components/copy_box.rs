//! A text with a button that copies it.

use gloo_timers::future::TimeoutFuture;
use leptos::{prelude::*, task::spawn_local};

use crate::{browser, live};

/// How long a button says that it copied, in milliseconds.
pub(crate) const THANKS_MS: u32 = 2_500;

/// Shows a text to be copied. Where the browser has no clipboard, the text is selected and the button says what to press.
#[component]
pub(crate) fn CopyBox(
    /// The text.
    text: String,
    /// What it is, for the button and for those who can't see it: "key".
    what: &'static str,
    /// Names the element; unique on the page.
    id: &'static str,
    /// For tests: the text's and the button's `data-testid`.
    testids: (&'static str, &'static str),
) -> impl IntoView {
    let said = RwSignal::new("");
    let shown = text.clone();
    let copy = move |_| {
        let text = text.clone();
        spawn_local(async move {
            if browser::copy(&text).await {
                said.try_set("Copied");
                TimeoutFuture::new(THANKS_MS).await;
                said.try_set("");
            } else {
                browser::select_text(id);
                said.try_set("Press Ctrl+C");
            }
        });
    };
    view! {
        <div class="copy-box">
            <pre id=id data-testid=testids.0 tabindex="0" aria-label=what>{shown}</pre>
            <button type="button" class="button" data-testid=testids.1 on:click=copy>
                // Both stand in one place: the button keeps its width, and nothing beside it moves.
                <span class="swap">
                    <span hidden=move || !said.get().is_empty()>{format!("Copy {what}")}</span>
                    <span hidden=move || said.get().is_empty()>{live::text(move || said.get().to_owned())}</span>
                </span>
            </button>
            <span class="quiet-visually" role="status">{live::text(move || said.get().to_owned())}</span>
        </div>
    }
}
