//! The time that sentences are told by.

use api_types::Timestamp;
use leptos::prelude::*;

use crate::browser;

/// How often sentences with times are told anew.
const TICK: std::time::Duration = std::time::Duration::from_secs(30);

/// The time, told anew every half minute.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(pub(crate) Signal<Timestamp>);

/// The time, told anew every second as long as its owner lives.
pub(crate) fn seconds() -> Signal<Timestamp> {
    ticking(std::time::Duration::from_secs(1))
}

/// Fails to tick only without a window; sentences then stay as they were first told.
fn ticking(every: std::time::Duration) -> Signal<Timestamp> {
    let time = RwSignal::new(browser::now());
    let ticking = set_interval_with_handle(move || time.set(browser::now()), every).ok();
    on_cleanup(move || {
        if let Some(ticking) = ticking {
            ticking.clear();
        }
    });
    time.into()
}

impl Clock {
    /// One that ticks as long as its owner lives.
    pub(crate) fn start() -> Self {
        Self(ticking(TICK))
    }
}
