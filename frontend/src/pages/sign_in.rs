//! Coming back.

use api_types::{About, Credentials};
use leptos::{ev::SubmitEvent, prelude::*};

use super::entry;
use crate::{
    components::{FormError, PageLink, SignUpNote, SubmitButton, TextField, is_closed},
    form::FormState,
    live::{live, maybe},
    load::Loader,
    page::Page,
    visitor::use_visitor,
};

/// Stands at its own address, and in the place of any private page until somebody signed in.
#[component]
pub(crate) fn SignInPage() -> impl IntoView {
    let visitor = use_visitor();
    let about = expect_context::<Loader<About>>();
    let form = RwSignal::new(entry::with_email(FormState::new::<Credentials>(&["email", "password"]), visitor));
    on_cleanup(move || entry::keep_email(form, visitor));
    let busy = RwSignal::new(false);
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        entry::submit(
            form,
            busy,
            move |body| async move { entry::enter(visitor, visitor.client.sign_in(body).await).await },
            |()| {},
        );
    };
    view! {
        <div class="narrow card">
            <h1 tabindex="-1">"Sign in"</h1>
            {live(move || maybe(visitor.notice.get(), |notice| {
                view! { <p class="notice" role="status">{notice}</p> }.into_any()
            }))}
            <form on:submit=send novalidate aria-label="Sign in">
                <FormError form />
                <TextField form name="email" label="Email" kind="email" autocomplete="username" />
                <TextField form name="password" label="Password" kind="password" autocomplete="current-password" />
                <SubmitButton busy label="Sign in" busy_label="Signing in…" />
            </form>
            {live(move || if is_closed(about) {
                view! { <SignUpNote /> }.into_any()
            } else {
                view! {
                    <p class="quiet">"New here? " <PageLink to=Page::SignUp>"Create an account"</PageLink> "."</p>
                }.into_any()
            })}
        </div>
    }
}
