//! A key's value, the one time that it is shown.

use api_types::{About, CreatedKey, Survival, UpstreamInfo};
use leptos::prelude::*;

use super::{CopyBox, PageLink, PromiseNote, StateBadge, StateNote, TellState};
use crate::{browser, live::maybe, load::Loader, page::Page, plan_text, promise_text};

/// The value with its copy button, a curl line that works, and the way to the playground.
#[component]
pub(crate) fn NewKey(
    /// The key just made.
    key: CreatedKey,
    /// What answers, for the curl line, and how the key is kept.
    about: Loader<About>,
    /// Whether it works yet.
    state: TellState,
    /// The reader has it.
    on_done: Callback<()>,
) -> impl IntoView {
    let upstream = about.with(|about| about.upstream.clone());
    // Only where somebody else keeps the keys a new one may have to be waited for.
    let reserved = about.with(|about| about.promises.survives == Survival::Provider).unwrap_or(false);
    let curl = plan_text::curl(&browser::base(), &key.value, upstream.as_ref());
    let needs_model = matches!(upstream, Some(UpstreamInfo::Configured { default_model: None }));
    view! {
        <section class="card new-key" aria-labelledby="new-key-title">
            <div class="key-head">
                <h2 id="new-key-title" tabindex="-1">{format!("Your key for {}", key.plan_name)}</h2>
                <StateBadge state=state.clone() />
            </div>
            <StateNote state reserved />
            <p class="once">
                <strong>"Copy it now: this is the only time it is shown."</strong>
                " If you lose it, rotate the key to get a new value."
            </p>
            <PromiseNote about tell=promise_text::clear_keys testid="key-at-rest" />
            <CopyBox text=key.value what="key" id="key-value" testids=("key-value", "copy-key") />
            <h3>"Try it from a terminal"</h3>
            <CopyBox text=curl what="curl line" id="curl-line" testids=("curl-line", "copy-curl") />
            {maybe(needs_model.then_some(()), |()| {
                view! { <p class="hint">"Put the name of a model in place of YOUR-MODEL."</p> }.into_any()
            })}
            <div class="actions">
                <PageLink to=Page::Playground class="button primary" testid="try-in-chat">
                    "Try it in the playground"
                </PageLink>
                <button type="button" class="button" data-testid="key-done" on:click=move |_| on_done.run(())>
                    "I have saved it"
                </button>
            </div>
        </section>
    }
}
