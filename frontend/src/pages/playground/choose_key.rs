//! Choosing the key that the playground uses. Its value stays in memory: after a reload it is asked for again.

use api_types::{
    FieldError, Fields, Form, KeyEntry, KeyState, Reason, Text,
    limits::{PRESENTED_KEY_MAX_BYTES, PRESENTED_KEY_MIN_BYTES},
};
use leptos::{ev::SubmitEvent, prelude::*};
use validator::{Validate, ValidationError};

use super::super::{entry, key_dialogs::KeyDialog};
use crate::{
    api::{ApiError, CallFailure, KeyClient},
    components::{FormError, KeyAction, Loaded, PageLink, SubmitButton, TextField},
    form::FormState,
    live::{live, maybe},
    load::Loader,
    page::{Page, Standing},
    visitor::{HeldKey, use_visitor},
};

const WRONG_KEY: &str = "This key doesn't work: it may be mistyped, disabled, rotated or revoked. Paste another one.";

/// A pasted key: whether it works is for the server to say, this only catches half of a paste.
struct PastedKey;

#[derive(Validate)]
struct PastedKeyFields {
    #[validate(custom(function = is_a_whole_key))]
    key: Text,
}

fn is_a_whole_key(text: &Text) -> Result<(), ValidationError> {
    let (code, detail) = match text.trim() {
        "" => ("required", "Paste your key."),
        key if !key.chars().all(|c| c.is_ascii_graphic()) => {
            ("characters", "A key has no spaces or line breaks. Copy it again, as a whole.")
        }
        key if key.len() < PRESENTED_KEY_MIN_BYTES || key.len() > PRESENTED_KEY_MAX_BYTES => {
            ("length", "This isn't a whole key. Copy it again, from tg_ to its end.")
        }
        _ => return Ok(()),
    };
    Err(Reason::new(code, detail).into())
}

impl Form for PastedKey {
    type Given = PastedKeyFields;

    fn read(fields: &mut Fields) -> PastedKeyFields {
        PastedKeyFields { key: fields.text("key") }
    }

    fn made(_: PastedKeyFields) -> Result<Self, FieldError> {
        Ok(Self)
    }
}

/// Paste one, or make a new value for one of the reader's own.
#[component]
pub(super) fn ChooseKey() -> impl IntoView {
    let visitor = use_visitor();
    let form = RwSignal::new(FormState::new::<PastedKey>(&["key"]));
    let busy = RwSignal::new(false);
    let take = move |event: SubmitEvent| {
        event.prevent_default();
        entry::submit(
            form,
            busy,
            move |_| async move {
                let value = form.with_untracked(|form| form.value("key").trim().to_owned());
                match KeyClient::new(value.clone()).status().await {
                    Err(CallFailure::Refused { status: 401, .. }) => Ok(None),
                    Err(CallFailure::Network) => Err(ApiError::Network),
                    // Whatever else is in the way, the chat tells.
                    Ok(_) | Err(CallFailure::Refused { .. }) => Ok(Some(value)),
                }
            },
            move |value| match value {
                Some(value) => visitor.key.set(Some(HeldKey { value, id: None, unseen: false })),
                None => {
                    form.try_update(|form| form.say_at("key", WRONG_KEY));
                    entry::focus_field("key");
                }
            },
        );
    };
    let standing = Memo::new(move |_| visitor.standing());
    view! {
        <section class="card narrow" aria-labelledby="choose-key-title">
            <h2 id="choose-key-title" tabindex="-1">"Which key?"</h2>
            <p class="quiet">
                "Your key stays in this tab's memory only: after a reload, you are asked again."
            </p>
            <form on:submit=take novalidate aria-labelledby="choose-key-title">
                <FormError form />
                <TextField form name="key" label="API key" kind="password" autocomplete="off" />
                <SubmitButton busy label="Use this key" busy_label="Checking…" />
            </form>
            {live(move || match standing.get() {
                Standing::SignedIn => view! { <OwnKeys /> }.into_any(),
                Standing::Anonymous => view! {
                    <p class="quiet">
                        "No key yet? " <PageLink to=Page::SignUp>"Create an account"</PageLink> " or "
                        <PageLink to=Page::SignIn>"sign in"</PageLink> " to get one."
                    </p>
                }
                .into_any(),
                Standing::Asking => ().into_any(),
            })}
        </section>
    }
}

/// The reader's keys. Their values are known to nobody any more: what can be had is a new one.
#[component]
fn OwnKeys() -> impl IntoView {
    let session = use_visitor().session();
    let keys: Loader<Vec<KeyEntry>> = Loader::start(move || {
        Box::pin(async move {
            match session {
                Some(session) => session.keys().await,
                None => Ok(Vec::new()),
            }
        })
    });
    let asked = RwSignal::new(None::<(KeyAction, KeyEntry)>);
    let list = move || {
        match keys.get() {
        Some(keys) if !keys.is_empty() => view! {
            <p class="quiet">"Lost its value? It can't be shown here again, but you can rotate the key to get a new one."</p>
            <ul class="plain">
                {keys
                    .into_iter()
                    .map(|key| {
                        let disabled = key.state == KeyState::Disabled;
                        let name = match key.label.as_str() {
                            "" => key.plan_name.to_string(),
                            label => format!("{} ({label})", key.plan_name),
                        };
                        view! {
                            <li class="line">
                                <span>{name.clone()}</span>
                                {if disabled {
                                    view! { <span class="badge off">"Disabled"</span> }.into_any()
                                } else {
                                    view! {
                                        <button
                                            type="button"
                                            class="button small"
                                            data-testid="rotate-here"
                                            aria-label=format!("Get a new value for {name}")
                                            on:click=move |_| asked.set(Some((KeyAction::Rotate, key.clone())))
                                        >
                                            "New value…"
                                        </button>
                                    }
                                    .into_any()
                                }}
                            </li>
                        }.into_any()
                    })
                    .collect::<Vec<_>>()}
            </ul>
        }
        .into_any(),
        _ => view! {
            <p class="quiet">"You have no key yet. " <PageLink to=Page::Dashboard>"Get one on the dashboard"</PageLink> "."</p>
        }
        .into_any(),
    }
    };
    view! {
        <h3>"Your keys"</h3>
        <Loaded from=keys label="Loading your keys…">{live(list)}</Loaded>
        {live(move || maybe(asked.get(), |(action, entry)| {
            // The dialog goes with the choice of a key: one is held once it is rotated.
            let on_done = Callback::new(move |_| drop(asked.try_set(None)));
            view! { <KeyDialog action entry unseen=true fallback="#choose-key-title" on_done /> }.into_any()
        }))}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(key: &str) -> Option<String> {
        let mut form = FormState::new::<PastedKey>(&["key"]);
        form.set("key", key.to_owned());
        form.leave("key");
        form.error("key")
    }

    #[test]
    fn half_a_paste_is_caught_and_spaces_around_a_key_are_not_its_fault() {
        let key = format!("tg_{}", "a".repeat(70));
        assert_eq!(error(&key), None);
        assert_eq!(error(&format!("  {key}\n")), None);
        assert!(error("tg_abc").is_some_and(|text| text.contains("whole")));
        assert!(error(&key.replace("aaaa", "a a")).is_some_and(|text| text.contains("spaces")));
        assert!(error(&"x".repeat(129)).is_some());
    }
}
