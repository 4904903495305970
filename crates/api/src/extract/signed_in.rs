//! The signed-in caller, by bearer token or by the page's cookie. An API key never signs anybody in.

use access::Session;
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use api_types::ProblemCode;
use futures_util::future::LocalBoxFuture;

use super::presented;
use crate::{
    ambient,
    problem::ApiError,
    sign_in::{AccessToken, is_own_origin},
    state::State,
};

/// A caller with a live session.
///
/// Errors: 401 without one or when it ended; 403 `cross_origin` when a cookie asks for a change from a page that isn't
/// ours; 503 when the store can't be asked.
pub struct SignedIn(pub Session);

impl FromRequest for SignedIn {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let state = super::state(&request)?;
            let now = ambient::now();
            let token = presented_token(&request, &state)?;
            let token = AccessToken::verify(&token, &state.session_key, now).ok_or_else(ApiError::unauthenticated)?;
            let session = state.accounts.session(token.session, now).await?;
            match session.filter(|session| session.account.id == token.account) {
                Some(session) => Ok(Self(session)),
                None => Err(ApiError::unauthenticated()),
            }
        })
    }
}

/// The token that the caller presents; a header beats the cookie.
fn presented_token(request: &HttpRequest, state: &State) -> Result<String, ApiError> {
    if let Some(token) = presented::bearer_tokens(request).next() {
        return String::from_utf8(token.to_vec()).map_err(|_| ApiError::unauthenticated());
    }
    let cookie = request.cookie(state.cookies.session_name()).ok_or_else(ApiError::unauthenticated)?;
    if !request.method().is_safe() && !is_own_origin(request, &state.config) {
        return Err(cross_origin());
    }
    Ok(cookie.value().to_owned())
}

/// The refusal of another site's page.
pub fn cross_origin() -> ApiError {
    let detail = "This request came from another site's page. Use this server's own page, or send the access token as \
                  'Authorization: Bearer'.";
    ApiError::new(ProblemCode::CrossOrigin, detail)
}
