//! `Idempotency-Key`: what a caller names a call by, to repeat it when the answer is lost
//! (draft-ietf-httpapi-idempotency-key-header).

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header::HeaderName};
use api_types::{Reason, limits::IDEMPOTENCY_KEY_MAX_BYTES};

use crate::problem::ApiError;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The name, where there is one: visible ASCII, taken as it stands.
pub struct IdempotencyKey(pub Option<String>);

impl IdempotencyKey {
    fn read(request: &HttpRequest) -> Result<Self, ApiError> {
        const REASON: Reason =
            Reason::new("idempotency_key", "Send one, of 1 to 255 visible ASCII characters, such as a UUID.");
        let mut given = request.headers().get_all(IDEMPOTENCY_KEY);
        let (first, second) = (given.next(), given.next());
        let Some(first) = first else { return Ok(Self(None)) };
        let is_good = |name: &&str| {
            (1..=IDEMPOTENCY_KEY_MAX_BYTES).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic())
        };
        let name = first.to_str().ok().filter(|_| second.is_none()).filter(is_good);
        let name = name.ok_or_else(|| ApiError::invalid_field(IDEMPOTENCY_KEY.as_str(), REASON))?;
        Ok(Self(Some(name.to_owned())))
    }
}

impl FromRequest for IdempotencyKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::read(request))
    }
}
