//! The time that sentences are told by.

use api_types::Timestamp;
use leptos::prelude::*;

use crate::browser;

/// How often sentences with times are told anew.
const TICK: std::time::Duration = std::time::Duration::from_secs(30);

/// The time, told anew every half minute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(pub(crate) Signal<Timestamp>);

impl Clock {
    /// One that ticks as long as its owner lives.
    pub(crate) fn start() -> Self {
        let time = RwSignal::new(browser::now());
        // Fails only without a window; the sentences then stay as they were first told.
        let ticking = set_interval_with_handle(move || time.set(browser::now()), TICK).ok();
        on_cleanup(move || {
            if let Some(ticking) = ticking {
                ticking.clear();
            }
        });
        Self(time.into())
    }
}
