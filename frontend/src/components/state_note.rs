//! Whether a key works yet.

use std::sync::Arc;

use api_types::KeyState;
use leptos::prelude::*;

use crate::{
    activation,
    live::{attribute, text},
};

/// Tells a key's state, and is told anew when that changes; `None` while it isn't known.
pub(crate) type TellState = Arc<dyn Fn() -> Option<KeyState> + Send + Sync>;

/// A key's state in a word.
#[component]
pub(crate) fn StateBadge(
    /// The state; nothing is shown while it isn't known.
    state: TellState,
    /// A word that says more than that the key is active, such as that its quota is used up.
    #[prop(optional)]
    but: Option<Signal<Option<&'static str>>>,
) -> impl IntoView {
    let look = move |state: Option<KeyState>| match (state, but.and_then(|but| but.get())) {
        (Some(KeyState::Active) | None, Some(word)) => ("badge spent", word),
        (Some(KeyState::Active), None) => ("badge", "Active"),
        (Some(KeyState::Activating), _) => ("badge wait", "Activating"),
        (Some(KeyState::Disabled), _) => ("badge off", "Disabled"),
        (None, None) => ("", ""),
    };
    let for_class = Arc::clone(&state);
    view! {
        <span class=attribute(move || Some(look(for_class()).0.to_owned())) data-testid="key-state">
            {text(move || look(state()).1.to_owned())}
        </span>
    }
}

/// What to know of a key that is being activated, and once it works, that it does. Both sentences stand in one place and
/// the styles show one of them, so that nothing moves when the other takes over.
#[component]
pub(crate) fn StateNote(
    /// The state.
    state: TellState,
    /// Whether room is kept from the start; else there is none until the key is being activated.
    #[prop(optional)]
    reserved: bool,
) -> impl IntoView {
    let was_activating = Memo::new({
        let state = Arc::clone(&state);
        move |before: Option<&bool>| match state() {
            Some(KeyState::Activating) => true,
            Some(KeyState::Active) => before.copied().unwrap_or_default(),
            _ => false,
        }
    });
    let shows = move || {
        // Read in every state: it remembers only what it was asked about.
        let stays = was_activating.get() || reserved;
        match state() {
            Some(KeyState::Activating) => "activating",
            Some(KeyState::Active) if stays => "active",
            None if reserved => "room",
            _ => "nothing",
        }
    };
    view! {
        <span class="stack small" data-shows=attribute(move || Some(shows().to_owned())) data-testid="state-note">
            <span>{activation::TAKES}</span>
            <span>"It works now."</span>
        </span>
    }
}
