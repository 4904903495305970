//! Sending a form: checked here first, then by the server, whose errors come back to their fields.

use std::future::Future;

use leptos::{prelude::*, task::spawn_local};

use crate::{
    api::{ApiError, Session},
    browser,
    form::FormState,
    visitor::Visitor,
};

/// Checks the form and sends it; `done` gets the answer. A second press while it is on its way does nothing.
pub(super) fn submit<T, F>(
    form: RwSignal<FormState>,
    busy: RwSignal<bool>,
    send: impl FnOnce(String) -> F,
    done: impl FnOnce(T) + 'static,
) where
    F: Future<Output = Result<T, ApiError>> + 'static,
{
    if busy.get_untracked() {
        return;
    }
    match form.try_update(FormState::submit) {
        Some(Ok(body)) => {
            busy.set(true);
            let answer = send(body);
            spawn_local(async move {
                let answer = answer.await;
                busy.try_set(false);
                match answer {
                    Ok(data) => done(data),
                    Err(error) => show(form, &error),
                }
            });
        }
        Some(Err(wrong)) => focus_field(wrong),
        None => {}
    }
}

/// The form with the address that was typed into the other one.
pub(super) fn with_email(mut form: FormState, visitor: Visitor) -> FormState {
    form.set("email", visitor.email.get_untracked());
    form
}

/// Keeps the address for the other form.
pub(super) fn keep_email(form: RwSignal<FormState>, visitor: Visitor) {
    if let Some(email) = form.try_with_untracked(|form| form.value("email").to_owned()) {
        visitor.email.set(email);
    }
}

/// Shows an error where it belongs and leads the focus there.
fn show(form: RwSignal<FormState>, error: &ApiError) {
    let field = form.try_update(|form| match error {
        ApiError::Problem(problem) => form.refuse(problem),
        other => {
            form.say(other.sentence());
            None
        }
    });
    match field.flatten() {
        Some(field) => focus_field(field),
        // The sentence is drawn first.
        None => request_animation_frame(|| browser::focus("form .notice")),
    }
}

pub(super) fn focus_field(name: &str) {
    browser::focus(&format!("#field-{name}"));
}

/// The session and whose it is, right after signing in or up.
pub(super) async fn enter(visitor: Visitor, session: Result<Session, ApiError>) -> Result<(), ApiError> {
    let session = session?;
    match session.me().await {
        Ok(me) => visitor.enter(session, me),
        // Signed in all the same: the frame says what is wrong and asks again.
        Err(_) => visitor.ask(),
    }
    Ok(())
}
