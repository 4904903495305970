//! What this installation promises, and what answers in it.

use api_types::{About, UpstreamInfo};
use leptos::prelude::*;

use crate::plan_text;

/// A short, honest list.
#[component]
pub(crate) fn PromiseList(
    /// The server's own words about itself.
    about: About,
) -> impl IntoView {
    let lines = plan_text::promises(&about.promises);
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
                .chain([upstream])
                .map(|line| view! { <li>{line.to_owned()}</li> }.into_any())
                .collect::<Vec<_>>()}
        </ul>
    }
}
