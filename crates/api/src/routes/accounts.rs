//! `POST /accounts`: signing up.

use access::{Account, CreateAccountError, TokenDigest};
use actix_web::{HttpRequest, HttpResponse, post, web::Data};
use api_types::{AccountId, Email, NewAccount};

use super::sessions::{Receiver, start_session};
use crate::{
    ambient, client_name,
    extract::{JsonForm, request_id},
    openapi::{
        answers::SignedUp,
        problems::{EmailTaken, FormProblems, SignUpNotAllowed, TooManyAttempts},
    },
    problem::ApiError,
    sign_in::InviteToken,
    sign_up,
    source::Source,
    state::State,
    tries::NoTry,
};

/// Sign up.
///
/// Creates an account and signs in: the answer is that of `POST /sessions`. Where operators approve accounts, it has no
/// keys until then.
#[utoipa::path(
    operation_id = "create_account", tag = "Accounts", security(), request_body = NewAccount,
    responses(SignedUp, FormProblems, SignUpNotAllowed, EmailTaken, TooManyAttempts)
)]
#[post("/accounts")]
pub async fn create_account(
    request: HttpRequest,
    state: Data<State>,
    JsonForm(new): JsonForm<NewAccount>,
) -> Result<HttpResponse, ApiError> {
    let standing = sign_up::decide(&state.config.sign_up, &new.email, new.invite.is_some())?;
    let source = Source::of(&request, &state.config.server.trusted_proxies);
    // First, so that whoever has none learns nothing of who has an account; and before a password is hashed for it. What
    // counts is the step that uses it up.
    let invite = match &new.invite {
        Some(text) => match invitation(&state, text, &new.email).await? {
            Some(invite) => Some(invite),
            None => {
                let question = state.sign_in_limits.question(source, ambient::now()).await.map_err(too_many)?;
                question.count(ambient::now());
                return Err(CreateAccountError::InviteOver.into());
            }
        },
        None => None,
    };
    if state.accounts.account_by_email(&new.email).await?.is_some() {
        // Asking which addresses have accounts counts like failing to sign in.
        let question = state.sign_in_limits.question(source, ambient::now()).await.map_err(too_many)?;
        question.count(ambient::now());
        return Err(CreateAccountError::EmailTaken.into());
    }
    let sign_up = state.sign_in_limits.sign_up(source, ambient::now()).await.map_err(too_many)?;
    let password_hash = state.hasher.hash(new.password).await?;
    let (id, created_at) = (AccountId::from_random(ambient::random()), ambient::now());
    let account = Account { standing, ..Account::new(id, new.email, password_hash.clone(), created_at) };
    match invite {
        Some(invite) => state.accounts.create_invited_account(account, invite, request_id(&request)?).await?,
        None => state.accounts.create_account(account).await?,
    }
    sign_up.count(created_at);
    let client = client_name::of(&request);
    start_session(&state, id, &password_hash, client, Receiver::Anyone, HttpResponse::Created()).await
}

/// The digest of an invitation that is good now for this address.
async fn invitation(state: &State, text: &str, email: &Email) -> Result<Option<TokenDigest>, ApiError> {
    let Some(digest) = InviteToken::parse(text).map(|token| token.digest()) else { return Ok(None) };
    Ok(state.accounts.is_invited(digest, email, ambient::now()).await?.then_some(digest))
}

fn too_many(reason: NoTry) -> ApiError {
    ApiError::too_many(reason, "Too many sign-ups came from your address.")
}
