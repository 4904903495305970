//! What this installation promises and what not, and what answers in it.

use api_types::{About, UpstreamInfo};
use leptos::prelude::*;

use crate::{live::text, load::Loader, promise_text};

/// A short, honest list.
#[component]
pub(crate) fn PromiseList(
    /// The server's own words about itself.
    about: About,
) -> impl IntoView {
    let lines = promise_text::promises(&about);
    let upstream = match about.upstream {
        UpstreamInfo::Demo { .. } => {
            "A built-in demo model answers here; whoever runs this server can connect a real one."
        }
        UpstreamInfo::Configured { .. } => "Requests go to an OpenAI-compatible server, byte for byte.",
    };
    view! {
        <ul class="promises">
            {lines
                .into_iter()
                .chain([upstream.to_owned()])
                .map(|line| view! { <li>{line}</li> }.into_any())
                .collect::<Vec<_>>()}
        </ul>
    }
}

/// A sentence on what is promised, or not, where there is one to say.
#[component]
pub(crate) fn PromiseNote(
    /// The server's own words about itself.
    about: Loader<About>,
    /// The sentence.
    tell: fn(&About) -> Option<String>,
    /// For tests: its `data-testid`.
    testid: &'static str,
) -> impl IntoView {
    view! { <p data-testid=testid>{text(move || about.with(tell).flatten().unwrap_or_default())}</p> }
}
