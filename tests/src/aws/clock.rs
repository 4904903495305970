//! The fake's own time, which a test sets.

use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};

/// The real time, until it is set; then it stands still.
#[derive(Debug, Clone, Default)]
pub struct Clock(Arc<Mutex<Option<Timestamp>>>);

impl Clock {
    /// Sets the time and stops it.
    pub fn set_now(&self, now: Timestamp) {
        *self.0.lock().expect("no holder panics") = Some(now);
    }

    /// Moves the time on (or back) by this much and stops it.
    pub fn advance(&self, by: SignedDuration) {
        self.set_now(self.now() + by);
    }

    /// Lets it be the real time again.
    pub fn run(&self) {
        *self.0.lock().expect("no holder panics") = None;
    }

    /// What it says.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "until a test sets the time, the fake goes by the real clock")]
        self.0.lock().expect("no holder panics").unwrap_or_else(Timestamp::now)
    }
}
