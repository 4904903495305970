//! Creating an account.

use api_types::{About, NewAccount, SignUpMode, limits::PASSWORD_MIN_CHARS};
use leptos::{ev, ev::SubmitEvent, prelude::*};

use super::entry;
use crate::{
    browser,
    components::{FormError, PageLink, SignUpNote, SubmitButton, TextField, is_closed},
    form::FormState,
    live::{live, maybe},
    load::Loader,
    page::Page,
    visitor::use_visitor,
};

/// How an invitation's secret begins.
const PREFIX: &str = "tgi_";

/// Bytes of the longest text that the server looks at.
const LONGEST: usize = 128;

/// The form, or whom to ask where nobody may sign up by themselves. An invitation's secret is behind the `#` of its link,
/// and in the form from then on and nowhere else.
#[component]
pub(crate) fn SignUpPage() -> impl IntoView {
    let about = expect_context::<Loader<About>>();
    let invite = RwSignal::new(None::<String>);
    let read = move || {
        let found = browser::take_fragment().filter(|text| text.starts_with(PREFIX) && text.len() <= LONGEST);
        if found.is_some() {
            invite.set(found);
        }
    };
    read();
    // A link that is pasted into the address bar while this page stands there.
    let pasted = window_event_listener(ev::hashchange, move |_| read());
    on_cleanup(move || pasted.remove());
    let is_closed = Memo::new(move |_| is_closed(about));
    live(move || {
        let invite = invite.get();
        if invite.is_some() || !is_closed.get() {
            return view! { <SignUpForm about invite /> }.into_any();
        }
        view! {
            <div class="narrow card">
                <h1 tabindex="-1">"Create an account"</h1>
                <SignUpNote />
                <p class="quiet">"You have an account? " <PageLink to=Page::SignIn>"Sign in"</PageLink> "."</p>
            </div>
        }
        .into_any()
    })
}

/// Email and password, and an invitation that somebody came with.
#[component]
fn SignUpForm(about: Loader<About>, invite: Option<String>) -> impl IntoView {
    let visitor = use_visitor();
    let is_invited = invite.is_some();
    let state = match invite {
        Some(secret) => {
            let mut state = FormState::new::<NewAccount>(&["email", "password", "invite"]);
            state.set("invite", secret);
            state
        }
        None => FormState::new::<NewAccount>(&["email", "password"]),
    };
    let form = RwSignal::new(entry::with_email(state, visitor));
    let busy = RwSignal::new(false);
    let waits =
        Memo::new(move |_| !is_invited && about.with(|about| about.sign_up == SignUpMode::Approval) == Some(true));
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
            {if is_invited {
                view! { <p class="notice tip" data-testid="invited">"You are invited. The invitation makes one account."</p> }
                    .into_any()
            } else {
                view! { <SignUpNote /> }.into_any()
            }}
            {live(move || maybe(visitor.wanted.get(), |wanted| view! {
                <p class="notice tip" data-testid="wanted">
                    "You get a key on " <strong>{wanted.plan.to_string()}</strong>
                    {if waits.get() { " once you are approved. " } else { " right away. " }}
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
