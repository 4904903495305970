//! `/sessions`: signing in, refreshing, signing out.

use access::{NewSession, PasswordHash, Refresh};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, delete, http::header, post, web::Data};
use api_types::{
    AccountId, Credentials, Problem, ProblemCode, SessionId, SessionTokens, Timestamp,
    limits::{ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS},
};

use crate::{
    ambient,
    extract::{JsonForm, SignedIn, cross_origin},
    problem::ApiError,
    sign_in::{AccessToken, RefreshToken, is_own_origin},
    source::Source,
    state::State,
    try_limit::TooMany,
};

/// Sign in.
///
/// Wrong passwords and unknown addresses get the same answer, after the same work.
#[utoipa::path(
    operation_id = "create_session", tag = "Accounts", security(()), request_body = Credentials,
    responses(
        (status = 200, description = "Signed in; the page gets the same in cookies.", body = SessionTokens),
        (status = 400, description = "Not JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "Address and password don't match.", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Too large.", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "Not marked as JSON.", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Fields are wrong.", body = Problem, content_type = "application/problem+json"),
        (status = 429, description = "Too many failed tries.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "Too busy, or the store can't be asked.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/sessions")]
pub async fn create_session(
    request: HttpRequest,
    state: Data<State>,
    JsonForm(credentials): JsonForm<Credentials>,
) -> Result<HttpResponse, ApiError> {
    let source = Source::of(&request, &state.config.server.trusted_proxies);
    let pair = (source, credentials.email.clone());
    let now = ambient::now();
    let by_source = state.sign_in_limits.sign_ins_of_source.begin(source, now).map_err(too_many)?;
    let by_pair = state.sign_in_limits.sign_ins.begin(pair, now).map_err(too_many)?;
    let account = state.accounts.account_by_email(&credentials.email).await?;
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let matches = state.hasher.verify(credentials.password, hash).await?;
    let Some(account) = account.filter(|_| matches) else {
        by_source.count(now);
        by_pair.count(now);
        return Err(wrong_credentials());
    };
    start_session(&state, account.id, &account.password_hash, HttpResponse::Ok()).await
}

fn too_many(reason: TooMany) -> ApiError {
    ApiError::too_many(reason, "Too many failed sign-ins.")
}

fn wrong_credentials() -> ApiError {
    ApiError::new(ProblemCode::WrongCredentials, "Email and password don't match.")
}

/// Starts a session for an account whose password was just proved.
pub async fn start_session(
    state: &State,
    account: AccountId,
    proved: &PasswordHash,
    answer: HttpResponseBuilder,
) -> Result<HttpResponse, ApiError> {
    let (now, refresh) = (ambient::now(), RefreshToken::first());
    let id = SessionId::from_random(ambient::random());
    let (created_at, expires_at) = (now, refresh_expiry(now));
    let session = NewSession { id, account, refresh: refresh.digest(), created_at, expires_at };
    if !state.accounts.start_session(session, proved).await? {
        return Err(wrong_credentials());
    }
    tokens(state, AccessToken { account, session: id }, &refresh, now, answer)
}

fn refresh_expiry(now: Timestamp) -> Timestamp {
    let seconds = now.as_second().saturating_add(REFRESH_TOKEN_SECONDS);
    Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX)
}

fn tokens(
    state: &State,
    token: AccessToken,
    refresh: &RefreshToken,
    now: Timestamp,
    mut answer: HttpResponseBuilder,
) -> Result<HttpResponse, ApiError> {
    let access_token = token.sign(&state.session_key, now)?;
    for cookie in state.cookies.set(&access_token, refresh) {
        answer.cookie(cookie);
    }
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    Ok(answer.json(SessionTokens { access_token, token_type: "Bearer".to_owned(), expires_in: ACCESS_TOKEN_SECONDS }))
}

/// Refresh the session.
///
/// By the page's refresh cookie only. Each refresh token works once; one used again later ends the session.
#[utoipa::path(
    operation_id = "refresh_session", tag = "Accounts", security(("refresh" = [])),
    responses(
        (status = 200, description = "Signed in for another while.", body = SessionTokens),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "From another site's page.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store can't be asked.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[post("/sessions/refresh")]
pub async fn refresh_session(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, ApiError> {
    let cookie = request.cookie(state.cookies.refresh_name()).ok_or_else(ApiError::unauthenticated)?;
    if !is_own_origin(&request, state.config.server.public_url.as_ref()) {
        return Err(cross_origin());
    }
    let presented = RefreshToken::parse(cookie.value()).ok_or_else(ApiError::unauthenticated)?;
    let (now, successor) = (ambient::now(), presented.successor(&state.session_key));
    let outcome =
        state.accounts.rotate_refresh(presented.digest(), successor.digest(), now, refresh_expiry(now)).await?;
    match outcome {
        Refresh::Rotated { session, account } => {
            tokens(&state, AccessToken { account, session }, &successor, now, HttpResponse::Ok())
        }
        Refresh::Reused { session } => {
            tracing::warn!(session.id = %session, "a refresh token was used twice: the session was ended");
            Err(ApiError::unauthenticated())
        }
        Refresh::Unknown => Err(ApiError::unauthenticated()),
    }
}

/// Sign out.
///
/// The session ends at once, everywhere its tokens are.
#[utoipa::path(
    operation_id = "delete_session", tag = "Accounts", security(("session" = []), ("cookie" = [])),
    responses(
        (status = 204, description = "Signed out."),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "From another site's page.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The store can't be asked.", body = Problem, content_type = "application/problem+json"),
    )
)]
#[delete("/sessions/current")]
pub async fn delete_session(state: Data<State>, SignedIn(session): SignedIn) -> Result<HttpResponse, ApiError> {
    state.accounts.end_session(session.id).await?;
    Ok(signed_out(&state))
}

/// 204, and the browser forgets the cookies.
pub fn signed_out(state: &State) -> HttpResponse {
    let mut answer = HttpResponse::NoContent();
    for cookie in state.cookies.clear() {
        answer.cookie(cookie);
    }
    answer.finish()
}
