//! Short sentences at the foot of the window.

use leptos::prelude::*;

/// How long an announcement stays: time to read two short sentences.
const ANNOUNCEMENT: std::time::Duration = std::time::Duration::from_secs(7);

/// A sentence at the foot of the window for a short while, said aloud by screen readers too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Announcer {
    pub(crate) sentence: RwSignal<String>,
    said: StoredValue<u32>,
}

impl Announcer {
    /// One that has said nothing yet.
    pub(crate) fn new() -> Self {
        Self { sentence: RwSignal::new(String::new()), said: StoredValue::new(0) }
    }

    /// Says it.
    pub(crate) fn say(self, sentence: impl Into<String>) {
        let ticket = self.said.get_value() + 1;
        self.said.set_value(ticket);
        self.sentence.set(sentence.into());
        let fade = move || {
            if self.said.get_value() == ticket {
                self.sentence.set(String::new());
            }
        };
        set_timeout(fade, ANNOUNCEMENT);
    }
}

/// The announcer of this page.
pub(crate) fn use_announcer() -> Announcer {
    expect_context()
}
