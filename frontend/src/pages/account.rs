//! The reader's account: sessions, a new password, what is known of them, or its end.

use api_types::{AccountDeletion, PasswordChange, limits::PASSWORD_MIN_CHARS};
use leptos::{ev::SubmitEvent, prelude::*, task::spawn_local};

use super::{entry, sessions::Sessions};
use crate::{
    account_data,
    announcer::use_announcer,
    browser,
    components::{FormError, Modal, SubmitButton, TextField},
    form::FormState,
    live::{flag, live, maybe, text},
    navigation::use_navigation,
    page::Page,
    reset_time::day_and_month,
    sign_out::SignOut,
    visitor::use_visitor,
};

/// Sessions, password, data and deletion.
#[component]
pub(crate) fn AccountPage() -> impl IntoView {
    let visitor = use_visitor();
    let email = move || visitor.me().map(|me| me.email.to_string());
    let since = move || {
        let date = browser::local(visitor.me()?.created_at).date;
        Some(format!("Signed up on {} {}.", day_and_month(date), date.year()))
    };
    view! {
        <h1 tabindex="-1">"Your account"</h1>
        <p class="lead">
            <strong data-testid="me">{text(move || email().unwrap_or_default())}</strong> " "
            {text(move || since().unwrap_or_default())}
        </p>
        <p><SignOut class="button" /></p>
        <div class="columns">
            <Sessions />
            <ChangePassword />
            <YourData />
            <DeleteAccount />
        </div>
    }
}

#[component]
fn ChangePassword() -> impl IntoView {
    let (visitor, announcer) = (use_visitor(), use_announcer());
    let fresh = || FormState::new::<PasswordChange>(&["current_password", "new_password"]);
    let form = RwSignal::new(fresh());
    let busy = RwSignal::new(false);
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(session) = visitor.session() else { return };
        entry::submit(
            form,
            busy,
            move |body| async move { session.change_password(body).await },
            move |()| {
                form.try_set(fresh());
                announcer.say("Your password is changed. All other sessions are signed out.");
            },
        );
    };
    view! {
        <section class="card" aria-labelledby="password-title">
            <h2 id="password-title">"Change the password"</h2>
            <form on:submit=send novalidate aria-labelledby="password-title">
                <FormError form />
                // Password managers pair the new password with this name.
                <input class="hidden" type="email" name="username" autocomplete="username" readonly tabindex="-1"
                    aria-hidden="true" prop:value=move || visitor.me().map(|me| me.email.to_string()) />
                <TextField form name="current_password" label="Current password" kind="password"
                    autocomplete="current-password" />
                <TextField form name="new_password" label="New password" kind="password" autocomplete="new-password"
                    hint=format!("At least {PASSWORD_MIN_CHARS} characters. A few words make a good one.") />
                <p class="hint">"Every other session of yours is signed out. Your keys stay as they are."</p>
                <SubmitButton busy label="Change password" busy_label="Changing…" />
            </form>
        </section>
    }
}

/// All that is known of the reader, as a file.
#[component]
fn YourData() -> impl IntoView {
    let (visitor, announcer) = (use_visitor(), use_announcer());
    let busy = RwSignal::new(false);
    let gather = move |_| {
        let Some((session, me)) = visitor.session().zip(visitor.me()).filter(|_| !busy.get_untracked()) else { return };
        busy.set(true);
        spawn_local(async move {
            match account_data::gather(session, me).await {
                Ok(text) => {
                    browser::save("tollgate-account.json", "application/json", &text);
                    announcer.say("Your data is downloaded.");
                }
                Err(error) => announcer.say(error.sentence()),
            }
            busy.try_set(false);
        });
    };
    view! {
        <section class="card" aria-labelledby="data-title">
            <h2 id="data-title">"Your data"</h2>
            <p>
                "Your account, your sessions, your keys and a year of their usage as a JSON file. The keys’ values aren’t in it: only you have \
                 them. Nor is what you said to the model."
            </p>
            <p>
                <button type="button" class="button" data-testid="download-data" aria-busy=flag(move || busy.get())
                    aria-disabled=flag(move || busy.get()) on:click=gather>
                    {text(move || if busy.get() { "Gathering…" } else { "Download my data" }.to_owned())}
                </button>
            </p>
        </section>
    }
}

#[component]
fn DeleteAccount() -> impl IntoView {
    let open = RwSignal::new(false);
    view! {
        <section class="card" aria-labelledby="delete-title">
            <h2 id="delete-title" tabindex="-1">"Delete the account"</h2>
            <p>"Your keys stop working at once, and your account can't be brought back."</p>
            <p>
                <button type="button" class="button danger" data-testid="delete-account" on:click=move |_| open.set(true)>
                    "Delete my account…"
                </button>
            </p>
        </section>
        {live(move || maybe(open.get().then_some(()), |()| {
            view! { <DeleteDialog on_close=Callback::new(move |()| open.set(false)) /> }.into_any()
        }))}
    }
}

#[component]
fn DeleteDialog(on_close: Callback<()>) -> impl IntoView {
    let (visitor, announcer, navigation) = (use_visitor(), use_announcer(), use_navigation());
    let email = move || visitor.me().map(|me| me.email.to_string()).unwrap_or_default();
    let form = RwSignal::new(FormState::new::<AccountDeletion>(&["password"]));
    let busy = RwSignal::new(false);
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let Some(session) = visitor.session() else { return };
        entry::submit(
            form,
            busy,
            move |body| async move { session.delete_account(body).await },
            move |()| {
                visitor.leave();
                navigation.go(Page::Landing);
                announcer.say("Your account and its keys are deleted.");
            },
        );
    };
    view! {
        <Modal title="Delete your account?" fallback="#delete-title" on_close>
            <form on:submit=send novalidate aria-label="Delete your account">
                <p>
                    "Type the password of " <strong>{email}</strong>
                    " to confirm. Your keys stop working at once; nothing brings them back."
                </p>
                <FormError form />
                <TextField form name="password" label="Your password" kind="password" autocomplete="current-password" />
                <div class="actions">
                    <SubmitButton busy label="Delete my account" busy_label="Deleting…" class="danger" />
                    <button type="button" class="button" on:click=move |_| on_close.run(())>"Keep it"</button>
                </div>
            </form>
        </Modal>
    }
}
