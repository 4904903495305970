//! Creating an account.

use api_types::{NewAccount, limits::PASSWORD_MIN_CHARS};
use leptos::{ev::SubmitEvent, prelude::*};

use super::entry;
use crate::{
    components::{FormError, PageLink, SubmitButton, TextField},
    form::FormState,
    live::{live, maybe},
    page::Page,
    visitor::use_visitor,
};

/// Email and password, nothing else.
#[component]
pub(crate) fn SignUpPage() -> impl IntoView {
    let visitor = use_visitor();
    let form = RwSignal::new(entry::with_email(FormState::new::<NewAccount>(&["email", "password"]), visitor));
    let busy = RwSignal::new(false);
    let is_taken = Memo::new(move |_| form.with(FormState::is_taken));
    on_cleanup(move || entry::keep_email(form, visitor));
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        // Whoever sends the form has read there which key comes with it.
        visitor.wanted.update(|wanted| wanted.iter_mut().for_each(|wanted| wanted.asked = true));
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
            {live(move || maybe(visitor.wanted.get(), |wanted| view! {
                <p class="notice tip" data-testid="wanted">
                    "You get a key on " <strong>{wanted.plan.to_string()}</strong> " right away. "
                    <button type="button" class="link" on:click=move |_| visitor.wanted.set(None)>"Decide later"</button>
                </p>
            }.into_any()))}
            <form on:submit=send novalidate aria-label="Create an account">
                <FormError form />
                <TextField form name="email" label="Email" kind="email" autocomplete="username" />
                {live(move || maybe(is_taken.get().then_some(()), |()| view! {
                    <p class="hint instead"><PageLink to=Page::SignIn testid="sign-in-instead">"Sign in instead"</PageLink></p>
                }.into_any()))}
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
