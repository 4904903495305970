//! The time that is left until something opens again, second by second.

use api_types::Timestamp;
use leptos::prelude::*;

use crate::{clock::seconds, live::text, reset_time::countdown};

/// "Opens again in 5 h 12 min 03 s". For eyes only: read aloud every second it would be a nuisance, and the sentence beside
/// it tells the moment.
#[component]
pub(crate) fn Countdown(
    /// When it opens.
    until: Timestamp,
) -> impl IntoView {
    let now = seconds();
    let told = move || match countdown(now.get(), until) {
        Some(left) => format!("Opens again in {left}"),
        None => "It is open again.".to_owned(),
    };
    view! { <p class="countdown" data-testid="countdown" aria-hidden="true">{text(told)}</p> }
}
