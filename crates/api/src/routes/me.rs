//! `/me`: the caller's own account.

use access::{Account, Doing, Session};
use actix_web::{
    HttpRequest, HttpResponse, delete, get, patch,
    web::{Data, Json},
};
use api_types::{AccountDeletion, Me, Password, PasswordChange, Reason};

use super::{
    admin,
    sessions::{Receiver, signed_out, start_session},
};
use crate::{
    ambient, client_name,
    extract::{InOrder, JsonForm, SignedIn, request_id},
    openapi::{
        answers::{SessionEnded, SessionStarted},
        problems::{ChangeProblems, FormProblems, LastOperator, TooManyAttempts, Unauthenticated},
    },
    problem::ApiError,
    source::Source,
    state::State,
};

/// Tell who is signed in.
///
/// The account's id, its address and when it signed up.
#[utoipa::path(
    operation_id = "get_me", tag = "Accounts", security(("session" = []), ("session_cookie" = [])),
    responses((status = 200, description = "The account.", body = Me), Unauthenticated)
)]
#[get("/me")]
pub async fn get_me(SignedIn(session): SignedIn) -> Json<Me> {
    Json(me(session))
}

/// The account of a session.
pub fn me(session: Session) -> Me {
    let account = session.account;
    Me {
        id: account.id,
        email: account.email,
        created_at: account.created_at,
        standing: account.standing,
        operator: account.is_operator,
    }
}

/// Change the password.
///
/// Ends every session of the account and answers with a new one.
#[utoipa::path(
    operation_id = "change_password", tag = "Accounts", security(("session" = []), ("session_cookie" = [])),
    request_body = PasswordChange, responses(SessionStarted, ChangeProblems, FormProblems, TooManyAttempts)
)]
#[patch("/me")]
pub async fn change_password(
    request: HttpRequest,
    state: Data<State>,
    InOrder(SignedIn(session), JsonForm(change), ()): InOrder<SignedIn, JsonForm<PasswordChange>>,
) -> Result<HttpResponse, ApiError> {
    let account = session.account;
    if change.new_password.is_email(&account.email) {
        return Err(ApiError::invalid_field("new_password", Password::IS_THE_EMAIL));
    }
    prove(&request, &state, &account, "current_password", change.current_password).await?;
    let new = state.hasher.hash(change.new_password).await?;
    if !state.accounts.change_password(account.id, &account.password_hash, new.clone()).await? {
        return Err(ApiError::unauthenticated());
    }
    let client = client_name::of(&request);
    start_session(&state, account.id, &new, client, Receiver::Anyone, HttpResponse::Ok()).await
}

/// Takes the password, from this field, for the account of the session: a stolen one must not become a way to guess it.
async fn prove(
    request: &HttpRequest,
    state: &State,
    account: &Account,
    field: &'static str,
    password: Password,
) -> Result<(), ApiError> {
    let source = Source::of(request, &state.config.server.trusted_proxies);
    let guess = state
        .sign_in_limits
        .password(source, &account.email, ambient::now())
        .await
        .map_err(|reason| ApiError::too_many(reason, "Too many wrong passwords."))?;
    if state.hasher.verify(password, Some(account.password_hash.clone())).await? {
        return Ok(());
    }
    guess.count(ambient::now());
    Err(ApiError::invalid_field(field, Reason::new("wrong", "This isn't your current password.")))
}

/// Delete the account and its keys.
///
/// Takes the password once more. The account's keys stop working and its sessions end. What was used of a plan stays used for whoever signs up with the address
/// again.
#[utoipa::path(
    operation_id = "delete_account", tag = "Accounts", security(("session" = []), ("session_cookie" = [])),
    request_body = AccountDeletion, responses(SessionEnded, ChangeProblems, FormProblems, LastOperator, TooManyAttempts)
)]
#[delete("/me")]
pub async fn delete_account(
    request: HttpRequest,
    state: Data<State>,
    InOrder(SignedIn(session), JsonForm(deletion), ()): InOrder<SignedIn, JsonForm<AccountDeletion>>,
) -> Result<HttpResponse, ApiError> {
    prove(&request, &state, &session.account, "password", deletion.password).await?;
    let (account, now) = (session.account.id, ambient::now());
    if session.account.is_operator {
        // As an operator's deletion of anybody: never of the last one, and it stands in the audit.
        let doing = Doing { actor: Some(account), request: request_id(&request)?, note: None, now };
        admin::delete_with_keys(&state, account, &doing).await?;
    } else {
        state.registry.release_account(account, now).await?;
        state.accounts.delete_account(account).await?;
    }
    Ok(signed_out(&state))
}
