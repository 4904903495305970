//! A key's value, the one time that it is shown.

use api_types::{About, CreatedKey, Survival};
use leptos::prelude::*;

use super::{ClientTabs, CopyBox, PageLink, PromiseNote, StateBadge, StateNote, TellState};
use crate::{browser, client_code::Target, load::Loader, page::Page, promise_text};

/// The value, to be copied or saved, programs that work with it as they stand, and the way to the playground.
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
    // Only where somebody else keeps the keys a new one may have to be waited for.
    let reserved = about.with(|about| about.promises.survives == Survival::Provider).unwrap_or(false);
    let target = about.with(|about| about.upstream.clone());
    let target = Target::new(browser::base(), Some(key.value.clone()), target.as_ref());
    // As data, since the policy lets no address of our own making be fetched.
    let env_file = format!("data:text/plain;charset=utf-8,{}", browser::in_a_query(&target.env_file()));
    view! {
        <section class="card new-key" aria-labelledby="new-key-title">
            <div class="key-head">
                <h2 id="new-key-title" tabindex="-1">{format!("Your key for {}", key.plan_name)}</h2>
                <StateBadge state=state.clone() />
            </div>
            <StateNote state reserved />
            <p class="once">
                <strong>"Save it now: this is the only time it is shown."</strong>
                " If you lose it, rotate the key to get a new value."
            </p>
            <PromiseNote about tell=promise_text::clear_keys testid="key-at-rest" />
            <CopyBox text=key.value what="key" id="key-value" testids=("key-value", "copy-key") />
            <div class="actions">
                <PageLink to=Page::Playground class="button primary" testid="try-in-chat">"Try it now"</PageLink>
                <a class="button" href=env_file download="tollgate.env" data-testid="download-env">"Download as .env"</a>
                <button type="button" class="button" data-testid="key-done" on:click=move |_| on_done.run(())>
                    "I have saved it"
                </button>
            </div>
            <h3>"Use it in your own program"</h3>
            <ClientTabs target />
        </section>
    }
}
