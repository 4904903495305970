//! Ready-to-run programs, one at a time, behind tabs.

use leptos::{ev::KeyboardEvent, prelude::*};

use super::CopyBox;
use crate::{
    browser,
    client_code::{Language, Target},
    live::{attribute, live},
};

/// Tabs as the arrow keys expect them: one stop for the Tab key, the arrows move between them.
#[component]
pub(crate) fn ClientTabs(
    /// Where the programs call.
    target: Target,
) -> impl IntoView {
    let shown = RwSignal::new(Language::Curl);
    let needs_model = target.model.is_none();
    let step = move |event: KeyboardEvent| {
        let all = Language::ALL;
        let at = all.iter().position(|language| *language == shown.get_untracked()).unwrap_or(0);
        let next = match event.key().as_str() {
            "ArrowRight" => (at + 1) % all.len(),
            "ArrowLeft" => (at + all.len() - 1) % all.len(),
            "Home" => 0,
            "End" => all.len() - 1,
            _ => return,
        };
        event.prevent_default();
        shown.set(all[next]);
        request_animation_frame(|| browser::focus("[role=tab][aria-selected=true]"));
    };
    let tab = move |language: Language| {
        let is_shown = move || shown.get() == language;
        view! {
            <button
                type="button"
                role="tab"
                aria-controls="client-code"
                aria-selected=attribute(move || Some(is_shown().to_string()))
                tabindex=attribute(move || Some(if is_shown() { "0" } else { "-1" }.to_owned()))
                on:click=move |_| shown.set(language)
                on:keydown=step
            >
                {language.label()}
            </button>
        }
        .into_any()
    };
    view! {
        <div class="segments" role="tablist" aria-label="Ways to call">
            {Language::ALL.map(tab).into_iter().collect::<Vec<_>>()}
        </div>
        <div id="client-code" role="tabpanel" class="client-code">
            {live(move || {
                let (what, testids) = match shown.get() {
                    Language::Curl => ("curl line", ("curl-line", "copy-curl")),
                    Language::Python => ("Python code", ("python-code", "copy-python")),
                    Language::Node => ("Node code", ("node-code", "copy-node")),
                    Language::Any => ("settings", ("any-client", "copy-any")),
                };
                let text = target.code(shown.get());
                view! { <CopyBox text what id="client-text" testids /> }.into_any()
            })}
            {needs_model.then(|| view! { <p class="hint">"Put the name of a model in place of YOUR-MODEL."</p> }.into_any())}
        </div>
    }
}
