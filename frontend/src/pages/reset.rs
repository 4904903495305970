//! A new password, through a link that an operator made.

use api_types::{PasswordReset, limits::PASSWORD_MIN_CHARS};
use leptos::{ev, ev::SubmitEvent, prelude::*};

use super::entry;
use crate::{
    api::Anonymous,
    browser,
    components::{FormError, PageLink, SubmitButton, TextField},
    form::FormState,
    live::live,
    page::Page,
    visitor::use_visitor,
};

/// How a link's secret begins.
const PREFIX: &str = "tgl_";

/// Bytes of the longest text that the server looks at.
const LONGEST: usize = 128;

/// How far the reader is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// The address held no secret: mistyped, or the page was loaded anew.
    NoLink,
    /// A password is asked for.
    Choosing,
    /// It is set.
    Done,
}

/// Stands at the address of a link, whose secret is behind the `#`. The secret is in the form from then on and nowhere
/// else.
#[component]
pub(crate) fn ResetPage() -> impl IntoView {
    let visitor = use_visitor();
    let form = RwSignal::new(FormState::new::<PasswordReset>(&["token", "new_password"]));
    let busy = RwSignal::new(false);
    let step = RwSignal::new(Step::NoLink);
    let read = move || {
        let Some(secret) = browser::take_fragment() else { return };
        if secret.starts_with(PREFIX) && secret.len() <= LONGEST {
            form.update(|form| form.set("token", secret));
            step.set(Step::Choosing);
        }
    };
    read();
    // Another link, pasted into the address bar while this page stands there.
    let pasted = window_event_listener(ev::hashchange, move |_| read());
    on_cleanup(move || pasted.remove());
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        entry::submit(form, busy, Anonymous::reset_password, move |()| {
            form.set(FormState::new::<PasswordReset>(&["token", "new_password"]));
            step.set(Step::Done);
            // A session here may have been one of those that this has ended.
            if visitor.session().is_some() {
                visitor.ask();
            }
            request_animation_frame(|| browser::focus("main h1"));
        });
    };
    view! {
        <div class="narrow card">
            {live(move || match step.get() {
                Step::NoLink => view! {
                    <h1 tabindex="-1">"Open your link again"</h1>
                    <p data-testid="no-link">
                        "The part of the link behind # is missing here: it is read once and shown nowhere. Open the whole \
                         link again; it works until you have chosen a password, for an hour."
                    </p>
                    <p class="quiet">"No link? Whoever runs this server can make you one."</p>
                }.into_any(),
                Step::Choosing => view! {
                    <h1 tabindex="-1">"Choose a new password"</h1>
                    <form on:submit=send novalidate aria-label="Choose a new password">
                        <FormError form />
                        <TextField form name="new_password" label="New password" kind="password"
                            autocomplete="new-password"
                            hint=format!("At least {PASSWORD_MIN_CHARS} characters. A few words make a good one.") />
                        <p class="hint">"You are signed out everywhere. Your keys stay as they are."</p>
                        <SubmitButton busy label="Set the password" busy_label="Setting…" />
                    </form>
                }.into_any(),
                Step::Done => view! {
                    <h1 tabindex="-1">"Your password is changed"</h1>
                    <p data-testid="reset-done">"You were signed out everywhere. Sign in with the new one."</p>
                    <p><PageLink to=Page::SignIn class="button primary" testid="to-sign-in">"Sign in"</PageLink></p>
                }.into_any(),
            })}
        </div>
    }
}
