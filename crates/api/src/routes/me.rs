//! `/me`: the caller's own account.

use actix_web::{
    HttpResponse, delete, get, patch,
    web::{Data, Json},
};
use api_types::{Me, Password, PasswordChange, Problem, Reason, SessionTokens};

use super::sessions::{Receiver, signed_out, start_session};
use crate::{
    ambient,
    extract::{InOrder, JsonForm, SignedIn},
    problem::ApiError,
    source::Source,
    state::State,
};

/// Tell who is signed in.
#[utoipa::path(
    operation_id = "get_me", tag = "Accounts", security(("session" = []), ("cookie" = [])),
    responses(
        (status = 200, description = "The account.", body = Me),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store can't be asked.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[get("/me")]
pub async fn get_me(SignedIn(session): SignedIn) -> Json<Me> {
    let account = session.account;
    Json(Me { id: account.id, email: account.email, created_at: account.created_at })
}

/// Change the password.
///
/// Ends every session of the account and answers with a new one.
#[utoipa::path(
    operation_id = "change_password", tag = "Accounts", security(("session" = []), ("cookie" = [])),
    request_body = PasswordChange,
    responses(
        (status = 200, description = "Changed; signed in anew.", body = SessionTokens),
        (status = 400, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "From another site's page.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not marked as JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields are wrong, the current password among them.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many failed tries.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too busy, or the store can't be asked.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[patch("/me")]
pub async fn change_password(
    request: actix_web::HttpRequest,
    state: Data<State>,
    InOrder(SignedIn(session), JsonForm(change), ()): InOrder<SignedIn, JsonForm<PasswordChange>>,
) -> Result<HttpResponse, ApiError> {
    let account = session.account;
    if change.new_password.is_email(&account.email) {
        return Err(ApiError::invalid_field("new_password", Password::IS_THE_EMAIL));
    }
    // A stolen session must not become a way to guess the password.
    let pair = (Source::of(&request, &state.config.server.trusted_proxies), account.email.clone());
    let guess = state
        .sign_in_limits
        .sign_ins
        .begin(pair, ambient::now())
        .map_err(|reason| ApiError::too_many(reason, "Too many wrong passwords."))?;
    let old = account.password_hash;
    if !state.hasher.verify(change.current_password, Some(old.clone())).await? {
        guess.count(ambient::now());
        return Err(ApiError::invalid_field(
            "current_password",
            Reason::new("wrong", "This isn't your current password."),
        ));
    }
    let new = state.hasher.hash(change.new_password).await?;
    if !state.accounts.change_password(account.id, &old, new.clone()).await? {
        return Err(ApiError::unauthenticated());
    }
    start_session(&state, account.id, &new, Receiver::Anyone, HttpResponse::Ok()).await
}

/// Delete the account and its keys.
#[utoipa::path(
    operation_id = "delete_account", tag = "Accounts", security(("session" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "Deleted; its keys no longer work."),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "From another site's page.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store can't be asked.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/me")]
pub async fn delete_account(state: Data<State>, SignedIn(session): SignedIn) -> Result<HttpResponse, ApiError> {
    state.registry.release_account(session.account.id, ambient::now()).await?;
    state.accounts.delete_account(session.account.id).await?;
    Ok(signed_out(&state))
}
