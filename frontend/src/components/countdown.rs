//! The time that is left until something opens again, second by second.

use api_types::Timestamp;
use leptos::prelude::*;

use crate::{browser, live::text, reset_time::countdown};

/// "Opens again in 5 h 12 min 03 s". For eyes only: read aloud every second it would be a nuisance, and the sentence beside
/// it tells the moment.
#[component]
pub(crate) fn Countdown(
    /// When it opens.
    until: Timestamp,
) -> impl IntoView {
    let now = RwSignal::new(browser::now());
    let ticking = set_interval_with_handle(move || now.set(browser::now()), std::time::Duration::from_secs(1)).ok();
    on_cleanup(move || {
        if let Some(ticking) = ticking {
            ticking.clear();
        }
    });
    let told = move || match countdown(now.get(), until) {
        Some(left) => format!("Opens again in {left}"),
        None => "It is open again.".to_owned(),
    };
    view! { <p class="countdown" data-testid="countdown" aria-hidden="true">{text(told)}</p> }
}
