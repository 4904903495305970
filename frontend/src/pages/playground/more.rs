//! Below the chat: how the model is to answer, what the last answer's headers told, and the request as a program.

use leptos::prelude::*;

use super::chat::Chat;
use crate::{
    browser,
    client_code::Target,
    components::{ClientTabs, Modal},
    live::{flag, live, maybe, text},
};

/// All that is folded away until somebody wants it.
#[component]
pub(super) fn More(chat: Chat) -> impl IntoView {
    let code = RwSignal::new(false);
    let has_headers = Memo::new(move |_| chat.headers.with(|headers| !headers.is_empty()));
    view! {
        <div class="more">
            <Tuning chat />
            <details data-testid="headers">
                <summary>"Answer’s limits"</summary>
                {live(move || if has_headers.get() {
                    view! { <Headers chat /> }.into_any()
                } else {
                    view! { <p class="hint">"Send a message: the headers of its answer stand here."</p> }.into_any()
                })}
            </details>
            <button type="button" class="button small" data-testid="show-code" on:click=move |_| code.set(true)>
                "Show as code"
            </button>
        </div>
        {live(move || maybe(code.get().then_some(()), |()| {
            view! { <Code chat on_close=Callback::new(move |()| code.set(false)) /> }.into_any()
        }))}
    }
}

#[component]
fn Tuning(chat: Chat) -> impl IntoView {
    let tuning = chat.visitor.tuning;
    let error = Memo::new(move |_| tuning.with(|tuning| tuning.temperature().err()));
    let set = move |name: &'static str| {
        move |event| {
            let text = event_target_value(&event);
            tuning.update(|tuning| if name == "system" { tuning.system = text } else { tuning.temperature = text });
        }
    };
    view! {
        <details class="tuning">
            <summary>"Settings"</summary>
            <div class="field">
                <label for="system">"System prompt"</label>
                <textarea id="system" name="system" rows="3" placeholder="You answer in one sentence."
                    prop:value=move || tuning.with(|tuning| tuning.system.clone()) on:input=set("system")></textarea>
            </div>
            <div class="field">
                <label for="temperature">"Temperature"</label>
                <input id="temperature" name="temperature" type="text" inputmode="decimal" autocomplete="off"
                    placeholder="The model’s own" aria-describedby="temperature-hint temperature-error"
                    aria-invalid=flag(move || error.with(Option::is_some))
                    prop:value=move || tuning.with(|tuning| tuning.temperature.clone()) on:input=set("temperature") />
                <p class="hint" id="temperature-hint">"From 0, always alike, to 2, full of surprises."</p>
                <p class="error" id="temperature-error" aria-live="polite">
                    {text(move || error.get().unwrap_or_default().to_owned())}
                </p>
            </div>
        </details>
    }
}

#[component]
fn Headers(chat: Chat) -> impl IntoView {
    let rows = move || {
        let row = |(name, value): &(&'static str, String)| {
            view! { <div><dt><code>{*name}</code></dt><dd data-testid=*name>{value.clone()}</dd></div> }.into_any()
        };
        chat.headers.with(|headers| headers.iter().map(row).collect::<Vec<_>>()).into_any()
    };
    view! { <dl class="headers">{live(rows)}</dl> }
}

/// The last request, with the key left to the environment.
#[component]
fn Code(chat: Chat, on_close: Callback<()>) -> impl IntoView {
    let upstream = chat.about.with_untracked(|about| about.upstream.clone());
    let chosen = chat.model.get_untracked();
    let mut target = Target::new(browser::base(), None, upstream.as_ref());
    target.model = target.model.or_else(|| chosen.clone());
    let is_default = target.model == chosen;
    target.request = Some(chat.request(chosen.filter(|_| !is_default)));
    view! {
        <Modal title="The request as code" fallback="[data-testid=show-code]" on_close>
            <p class="quiet">"What was last asked here, as a program of your own asks it. The key comes from the environment."</p>
            <ClientTabs target />
        </Modal>
    }
}
