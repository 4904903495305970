//! Ids and ranges in URLs.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use api_types::{AccountId, Date, FieldError, InviteId, KeyId, Reason, SessionId};

use crate::problem::ApiError;

/// `{id}` of a key; whether it is the caller's, the registry tells. A text that is no id is a key nobody has.
pub struct OwnKeyId(pub KeyId);

impl FromRequest for OwnKeyId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get("id").unwrap_or_default();
        ready(text.parse().map(Self).map_err(|_| access::KeyError::NotFound.into()))
    }
}

/// `{id}` of a person; whether there is one, the store tells. A text that is no id is nobody.
pub struct PersonId(pub AccountId);

impl FromRequest for PersonId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get("id").unwrap_or_default();
        ready(text.parse().map(Self).map_err(|_| access::AdministrationError::NotFound.into()))
    }
}

/// `{id}` of an invitation, as a person's.
pub struct InvitePathId(pub InviteId);

impl FromRequest for InvitePathId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get("id").unwrap_or_default();
        ready(text.parse().map(Self).map_err(|_| access::AdministrationError::NotFound.into()))
    }
}

/// `{id}` of a session; whether it is the caller's, the handler finds out. A text that is no id is nobody's session.
pub struct OwnSessionId(pub SessionId);

impl FromRequest for OwnSessionId {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = request.match_info().get("id").unwrap_or_default();
        ready(text.parse().map(Self).map_err(|_| ApiError::no_such_session()))
    }
}

/// `?from=…&to=…`: inclusive days, each left out if need be.
#[derive(Default)]
pub struct DayRange {
    /// First day.
    pub from: Option<Date>,
    /// Last day.
    pub to: Option<Date>,
}

impl FromRequest for DayRange {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(read_range(request))
    }
}

fn read_range(request: &HttpRequest) -> Result<DayRange, ApiError> {
    let mut range = DayRange::default();
    let mut errors = Vec::new();
    for (name, value) in url::form_urlencoded::parse(request.query_string().as_bytes()) {
        let place = match name.as_ref() {
            "from" => &mut range.from,
            "to" => &mut range.to,
            _ => {
                let field: String = name.chars().take(64).collect();
                errors.push(FieldError::new(&field, Reason::new("unknown", "Unknown parameter; remove it.")));
                continue;
            }
        };
        match value.parse::<Date>() {
            Ok(day) => *place = Some(day),
            Err(_) => errors.push(FieldError::new(&name, Reason::new("type", "Must be a day like 2026-11-21."))),
        }
    }
    if errors.is_empty() { Ok(range) } else { Err(ApiError::invalid(errors)) }
}
