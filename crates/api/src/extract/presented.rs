//! Which credentials a request presents, and in which of its headers.
//!
//! Only what could be ours counts. `Authorization` with another scheme than `Bearer` is for somebody else: a proxy in
//! front with a sign-in of its own passes on what the caller showed it. A header without a value presents nothing.

use actix_web::{
    HttpRequest,
    http::header::{self, HeaderName},
};

use crate::openai_error::OpenAiError;

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// The token of each `Authorization: Bearer`, as it came.
pub(super) fn bearer_tokens(request: &HttpRequest) -> impl Iterator<Item = &[u8]> {
    request.headers().get_all(header::AUTHORIZATION).filter_map(|value| {
        let (scheme, token) = value.as_bytes().split_at_checked("bearer ".len())?;
        scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii()).filter(|token| !token.is_empty())
    })
}

/// The key from `x-api-key` or `Authorization: Bearer`; it may stand in several, if it is the same.
pub(super) fn key(request: &HttpRequest) -> Result<Option<&[u8]>, OpenAiError> {
    const PLAIN: &str = "x-api-key";
    const BEARER: &str = "Authorization: Bearer";
    let plain = request.headers().get_all(X_API_KEY).map(|value| value.as_bytes().trim_ascii());
    let plain = plain.filter(|key| !key.is_empty()).map(|key| (PLAIN, key));
    let mut found: Option<(&str, &[u8])> = None;
    for (header, key) in plain.chain(bearer_tokens(request).map(|key| (BEARER, key))) {
        match found {
            Some((first, other)) if other != key => return Err(OpenAiError::conflicting_credentials(first, header)),
            _ => found = found.or(Some((header, key))),
        }
    }
    Ok(found.map(|(_, key)| key))
}
