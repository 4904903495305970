//! For addresses that lead nowhere.

use leptos::prelude::*;

use crate::{components::PageLink, page::Page};

/// Says so, and leads home.
#[component]
pub(crate) fn NotFoundPage() -> impl IntoView {
    view! {
        <div class="narrow">
            <h1 tabindex="-1">"There is no such page"</h1>
            <p>"The address may be mistyped, or the page has moved."</p>
            <p><PageLink to=Page::Landing class="button primary">"Go to the start"</PageLink></p>
        </div>
    }
}
