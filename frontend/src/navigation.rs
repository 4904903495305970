//! Moving between pages over the browser's history.
//!
//! A few paths need no router crate, which would add a third to the size of the page.

use leptos::{ev, prelude::*};

use crate::{browser, page::Page};

/// Which page the address names, and ways to change it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Navigation {
    page: RwSignal<Page>,
}

impl Navigation {
    /// Starts at the address that was opened, and follows the back and forward buttons.
    pub(crate) fn start() -> Self {
        let page = RwSignal::new(Page::at(&browser::path()));
        let back_and_forward = window_event_listener(ev::popstate, move |_| page.set(Page::at(&browser::path())));
        on_cleanup(move || back_and_forward.remove());
        Self { page }
    }

    /// The page that the address names.
    pub(crate) fn page(self) -> Page {
        self.page.get()
    }

    /// The same, for use in handlers.
    pub(crate) fn page_now(self) -> Page {
        self.page.get_untracked()
    }

    /// Goes there.
    pub(crate) fn go(self, page: Page) {
        if self.page.get_untracked() != page {
            browser::show_path(&page.path(), false);
            self.page.set(page);
        }
    }

    /// Goes there in place of this page, which the back button then skips.
    pub(crate) fn redirect(self, page: Page) {
        if self.page.get_untracked() != page {
            browser::show_path(&page.path(), true);
            self.page.set(page);
        }
    }
}

/// The navigation of this page.
pub(crate) fn use_navigation() -> Navigation {
    expect_context()
}
