//! Creating an account.

use api_types::{NewAccount, limits::PASSWORD_MIN_CHARS};
use leptos::{ev::SubmitEvent, prelude::*};

use super::entry;
use crate::{
    components::{FormError, PageLink, SubmitButton, TextField},
    form::FormState,
    page::Page,
    visitor::use_visitor,
};

/// Email and password, nothing else.
#[component]
pub(crate) fn SignUpPage() -> impl IntoView {
    let visitor = use_visitor();
    let form = RwSignal::new(FormState::new::<NewAccount>(&["email", "password"]));
    let busy = RwSignal::new(false);
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        entry::submit(
            form,
            busy,
            move |body| async move { entry::enter(visitor, visitor.client.sign_up(body).await).await },
            |()| {},
        );
    };
    view! {
        <div class="narrow card">
            <h1 tabindex="-1">"Create an account"</h1>
            <form on:submit=send novalidate aria-label="Create an account">
                <FormError form />
                <TextField form name="email" label="Email" kind="email" autocomplete="username" />
                <TextField
                    form
                    name="password"
                    label="Password"
                    kind="password"
                    autocomplete="new-password"
                    hint=format!("At least {PASSWORD_MIN_CHARS} characters. A few words make a good one.")
                />
                <SubmitButton busy label="Create account" busy_label="Creating…" />
            </form>
            <p class="quiet">"You have an account? " <PageLink to=Page::SignIn>"Sign in"</PageLink> "."</p>
        </div>
    }
}
