//! Short sentences at the foot of the window.

use leptos::{ev, prelude::*};

use crate::{navigation::Navigation, page::Page};

/// How long an announcement stays: time to read two short sentences.
const ANNOUNCEMENT: std::time::Duration = std::time::Duration::from_secs(7);

/// A sentence at the foot of the window for a short while, said aloud by screen readers too. It goes with the page that
/// it was said on, and with the next thing that somebody does.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Announcer {
    pub(crate) sentence: RwSignal<String>,
    said: StoredValue<u32>,
    said_on: StoredValue<Option<Page>>,
    navigation: Navigation,
}

impl Announcer {
    /// One that has said nothing yet.
    pub(crate) fn start(navigation: Navigation) -> Self {
        let (sentence, said, said_on) = (RwSignal::new(String::new()), StoredValue::new(0), StoredValue::new(None));
        let announcer = Self { sentence, said, said_on, navigation };
        Effect::new(move |_| {
            let page = navigation.page();
            if said_on.get_value() != Some(page) {
                announcer.clear();
            }
        });
        // Both come before the click that they lead to, and so before what is said of it.
        let pressed = window_event_listener(ev::pointerdown, move |_| announcer.clear());
        let typed = window_event_listener(ev::keydown, move |event| {
            if matches!(event.key().as_str(), "Enter" | "Escape") {
                announcer.clear();
            }
        });
        on_cleanup(move || {
            pressed.remove();
            typed.remove();
        });
        announcer
    }

    /// Says it.
    pub(crate) fn say(self, sentence: impl Into<String>) {
        let ticket = self.said.get_value() + 1;
        self.said.set_value(ticket);
        self.said_on.set_value(Some(self.navigation.page_now()));
        self.sentence.set(sentence.into());
        let fade = move || {
            if self.said.get_value() == ticket {
                self.clear();
            }
        };
        set_timeout(fade, ANNOUNCEMENT);
    }

    /// Says no more.
    pub(crate) fn clear(self) {
        if !self.sentence.with_untracked(String::is_empty) {
            self.sentence.set(String::new());
        }
    }
}

/// The announcer of this page.
pub(crate) fn use_announcer() -> Announcer {
    expect_context()
}
