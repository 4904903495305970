//! The reader's account: a new password, or its end.

use api_types::{Email, FieldError, Fields, Form, PasswordChange, Reason, Text, limits::PASSWORD_MIN_CHARS};
use leptos::{ev::SubmitEvent, prelude::*};
use validator::{Validate, ValidationError};

use super::entry;
use crate::{
    announcer::use_announcer,
    api::{ApiError, Session},
    browser,
    components::{FormError, Modal, SubmitButton, TextField},
    form::FormState,
    live::{live, maybe, text},
    navigation::use_navigation,
    page::Page,
    reset_time::day_and_month,
    sign_out::SignOut,
    visitor::{Visitor, use_visitor},
};

/// Password and deletion.
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
            <ChangePassword />
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

/// The form that guards the deletion. It isn't sent: the address is compared here.
struct Farewell;

#[derive(Validate)]
struct FarewellFields {
    #[validate(custom(function = is_an_address))]
    confirm_email: Text,
}

fn is_an_address(text: &Text) -> Result<(), ValidationError> {
    Email::parse(text).map(drop).map_err(|_| Reason::new("email", "Type your email address.").into())
}

impl Form for Farewell {
    type Given = FarewellFields;

    fn read(fields: &mut Fields) -> FarewellFields {
        FarewellFields { confirm_email: fields.text("confirm_email") }
    }

    fn made(_: FarewellFields) -> Result<Self, FieldError> {
        Ok(Self)
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
    let form = RwSignal::new(FormState::new::<Farewell>(&["confirm_email"]));
    let busy = RwSignal::new(false);
    let send = move |event: SubmitEvent| {
        event.prevent_default();
        let Some((session, email)) = visitor.session().zip(visitor.me().map(|me| me.email)) else { return };
        let typed = form.with_untracked(|form| Email::parse(form.value("confirm_email")).ok());
        if typed.is_some_and(|typed| typed != email) {
            form.update(|form| form.say(format!("This isn't the address of this account: {email}.")));
            return;
        }
        entry::submit(
            form,
            busy,
            move |_| farewell(session, visitor),
            move |()| {
                navigation.go(Page::Landing);
                announcer.say("Your account and its keys are deleted.");
            },
        );
    };
    view! {
        <Modal title="Delete your account?" fallback="#delete-title" on_close>
            <form on:submit=send novalidate aria-label="Delete your account">
                <p>"Type your email address to confirm. Your keys stop working at once."</p>
                <FormError form />
                <TextField form name="confirm_email" label="Your email address" kind="email" autocomplete="off" />
                <div class="actions">
                    <SubmitButton busy label="Delete my account" busy_label="Deleting…" class="danger" />
                    <button type="button" class="button" on:click=move |_| on_close.run(())>"Keep it"</button>
                </div>
            </form>
        </Modal>
    }
}

async fn farewell(session: Session, visitor: Visitor) -> Result<(), ApiError> {
    session.delete_account().await?;
    visitor.leave();
    Ok(())
}
