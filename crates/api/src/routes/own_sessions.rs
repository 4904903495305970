//! `/me/sessions`: where the caller is signed in, and ending that.

use access::ListedSession;
use actix_web::{
    HttpResponse, delete, get,
    web::{Data, Json},
};
use api_types::{SessionEntry, SessionId};

use super::sessions::signed_out;
use crate::{
    ambient,
    extract::{InOrder, OwnSessionId, SignedIn},
    openapi::{
        answers::{SessionEnded, SessionsListed},
        problems::{ChangeProblems, NoSuchSession, Unauthenticated},
    },
    problem::ApiError,
    state::State,
};

/// List one's sessions.
///
/// Where the account is signed in: at most the hundred sessions used last, the latest first.
#[utoipa::path(
    operation_id = "list_sessions", tag = "Accounts", security(("session" = []), ("session_cookie" = [])),
    responses(SessionsListed, Unauthenticated)
)]
#[get("/me/sessions")]
pub async fn list_sessions(
    state: Data<State>,
    SignedIn(session): SignedIn,
) -> Result<Json<Vec<SessionEntry>>, ApiError> {
    let sessions = state.accounts.sessions(session.account.id, ambient::now()).await?;
    Ok(Json(sessions.into_iter().map(|listed| entry(listed, session.id)).collect()))
}

fn entry(listed: ListedSession, current: SessionId) -> SessionEntry {
    let ListedSession { id, client, created_at, last_used_at } = listed;
    SessionEntry { id, client, created_at, last_used_at, current: id == current }
}

/// Sign out everywhere else.
///
/// Every session of the account ends but the one that asks.
#[utoipa::path(
    operation_id = "end_other_sessions", tag = "Accounts", security(("session" = []), ("session_cookie" = [])),
    responses((status = 204, description = "All others have ended."), ChangeProblems)
)]
#[delete("/me/sessions")]
pub async fn end_other_sessions(state: Data<State>, SignedIn(session): SignedIn) -> Result<HttpResponse, ApiError> {
    state.accounts.end_other_sessions(session.account.id, session.id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// End a session.
///
/// At once, everywhere its tokens are. One's own may be among them, which is signing out.
#[utoipa::path(
    operation_id = "end_session", tag = "Accounts", security(("session" = []), ("session_cookie" = [])),
    params(("id" = SessionId, Path, description = "The session's id.")),
    responses(SessionEnded, ChangeProblems, NoSuchSession)
)]
#[delete("/me/sessions/{id}")]
pub async fn end_session(
    state: Data<State>,
    InOrder(SignedIn(session), OwnSessionId(id), ()): InOrder<SignedIn, OwnSessionId>,
) -> Result<HttpResponse, ApiError> {
    let found = state.accounts.session(id, ambient::now()).await?;
    if found.is_none_or(|found| found.account.id != session.account.id) {
        return Err(ApiError::no_such_session());
    }
    state.accounts.end_session(id).await?;
    Ok(if id == session.id { signed_out(&state) } else { HttpResponse::NoContent().finish() })
}
