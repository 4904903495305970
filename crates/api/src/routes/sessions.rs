//! `/sessions`: signing in, refreshing, signing out.

use access::{NewSession, PasswordHash, Refresh};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, delete, post, web::Data};
use api_types::{
    AccountId, ClientName, Credentials, ProblemCode, RefreshSession, SessionId, SessionTokens, Standing, Timestamp,
    limits::{ACCESS_TOKEN_SECONDS, REFRESH_TOKEN_SECONDS},
};

use crate::{
    ambient, client_name,
    extract::{JsonForm, OptionalJsonForm, SignedIn, cross_origin},
    openapi::{
        answers::{SessionEnded, SessionStarted},
        problems::{
            ChangeProblems, FormProblems, RefreshNotAllowed, SignInNotAllowed, TooManyAttempts, Unauthenticated,
            WrongCredentials,
        },
    },
    problem::ApiError,
    sign_in::{AccessToken, RefreshToken, is_of_a_page, is_own_origin},
    source::Source,
    state::State,
    tries::NoTry,
};

/// Sign in.
///
/// Wrong passwords and unknown addresses get the same answer, after the same work. A program that means to stay signed in
/// asks for a refresh token.
#[utoipa::path(
    operation_id = "create_session", tag = "Accounts", security(), request_body = Credentials,
    responses(SessionStarted, FormProblems, WrongCredentials, SignInNotAllowed, TooManyAttempts)
)]
#[post("/sessions")]
pub async fn create_session(
    request: HttpRequest,
    state: Data<State>,
    JsonForm(credentials): JsonForm<Credentials>,
) -> Result<HttpResponse, ApiError> {
    let receiver = if credentials.with_refresh_token { Receiver::program(&request)? } else { Receiver::Anyone };
    let source = Source::of(&request, &state.config.server.trusted_proxies);
    let now = ambient::now();
    let attempt = state.sign_in_limits.sign_in(source, &credentials.email, now).await.map_err(too_many)?;
    let account = state.accounts.account_by_email(&credentials.email).await?;
    let hash = account.as_ref().map(|account| account.password_hash.clone());
    let matches = state.hasher.verify(credentials.password, hash).await?;
    let Some(account) = account.filter(|_| matches) else {
        attempt.count(now);
        return Err(wrong_credentials());
    };
    // Only whoever proved to be its owner is told.
    if account.standing == Standing::Blocked {
        let detail = "This account is blocked. Ask whoever runs this server.";
        return Err(ApiError::new(ProblemCode::AccountBlocked, detail));
    }
    let client = client_name::of(&request);
    start_session(&state, account.id, &account.password_hash, client, receiver, HttpResponse::Ok()).await
}

fn too_many(reason: NoTry) -> ApiError {
    ApiError::too_many(reason, "Too many failed sign-ins.")
}

fn wrong_credentials() -> ApiError {
    ApiError::new(ProblemCode::WrongCredentials, "Email and password don't match.")
}

/// Who gets a session's tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    /// A page, or a program that keeps cookies: the refresh token comes in its cookie alone, out of scripts' reach.
    Anyone,
    /// A program: both tokens come in the body, and no cookies with them.
    Program,
}

impl Receiver {
    /// Whoever asks is no page.
    fn program(request: &HttpRequest) -> Result<Self, ApiError> {
        if is_of_a_page(request) {
            let detail = "A refresh token in the body is for programs. A page leaves it out: its own is in a cookie, \
                          which no script can read.";
            return Err(ApiError::new(ProblemCode::NotForPages, detail));
        }
        Ok(Self::Program)
    }
}

/// Starts a session for an account whose password was just proved.
pub async fn start_session(
    state: &State,
    account: AccountId,
    proved: &PasswordHash,
    client: ClientName,
    receiver: Receiver,
    answer: HttpResponseBuilder,
) -> Result<HttpResponse, ApiError> {
    let (now, refresh) = (ambient::now(), RefreshToken::new());
    let id = SessionId::from_random(ambient::random());
    let (created_at, expires_at) = (now, refresh_expiry(now));
    let session = NewSession { id, account, client, refresh: refresh.digest(), created_at, expires_at };
    if !state.accounts.start_session(session, proved).await? {
        return Err(wrong_credentials());
    }
    tokens(state, AccessToken { account, session: id }, &refresh, now, receiver, answer)
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
    receiver: Receiver,
    mut answer: HttpResponseBuilder,
) -> Result<HttpResponse, ApiError> {
    let access_token = token.sign(&state.session_key, now)?;
    let refresh_token = match receiver {
        Receiver::Program => Some(refresh.reveal().to_owned()),
        Receiver::Anyone => {
            for cookie in state.cookies.set(&access_token, refresh) {
                answer.cookie(cookie);
            }
            None
        }
    };
    let (token_type, expires_in) = ("Bearer".to_owned(), ACCESS_TOKEN_SECONDS);
    Ok(answer.json(SessionTokens { access_token, token_type, expires_in, refresh_token }))
}

/// Refresh the session.
///
/// By the refresh token in the body, or a page by its cookie. Each refresh token works once; one used again later ends the
/// session.
#[utoipa::path(
    operation_id = "refresh_session", tag = "Accounts", security(),
    request_body(content = Option<RefreshSession>, description = "For programs; a page sends none."),
    responses(SessionStarted, Unauthenticated, FormProblems, RefreshNotAllowed)
)]
#[post("/sessions/refresh")]
pub async fn refresh_session(
    request: HttpRequest,
    state: Data<State>,
    OptionalJsonForm(form): OptionalJsonForm<RefreshSession>,
) -> Result<HttpResponse, ApiError> {
    let (presented, receiver) = match form.refresh_token {
        Some(token) => (RefreshToken::parse(&token), Receiver::program(&request)?),
        None => {
            let cookie = request.cookie(state.cookies.refresh_name()).ok_or_else(ApiError::unauthenticated)?;
            if !is_own_origin(&request, &state.config) {
                return Err(cross_origin());
            }
            (RefreshToken::parse(cookie.value()), Receiver::Anyone)
        }
    };
    let presented = presented.ok_or_else(ApiError::unauthenticated)?;
    let (now, successor) = (ambient::now(), presented.successor(&state.session_key));
    let outcome =
        state.accounts.rotate_refresh(presented.digest(), successor.digest(), now, refresh_expiry(now)).await?;
    match outcome {
        Refresh::Rotated { session, account } => {
            tokens(&state, AccessToken { account, session }, &successor, now, receiver, HttpResponse::Ok())
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
    operation_id = "delete_session", tag = "Accounts", security(("session" = []), ("session_cookie" = [])),
    responses(SessionEnded, ChangeProblems)
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
