//! The management plane's errors: RFC 9457 problems and the table of their codes.

use serde::{Deserialize, Serialize};

use crate::{FieldError, RequestId};

/// An `application/problem+json` body (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Where this server tells about problems with this code.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "uri-reference"))]
    #[serde(rename = "type")]
    pub kind: String,
    /// The same for all problems with this code.
    pub title: String,
    /// The HTTP status.
    #[cfg_attr(feature = "openapi", schema(minimum = 400, maximum = 599))]
    pub status: u16,
    /// Which problem, for programs.
    pub code: ProblemCode,
    /// What happened and what to do, for people.
    pub detail: String,
    /// The request's id, also in `x-request-id` and in the log.
    pub request_id: RequestId,
    /// The wrong fields, if that is the problem.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
}

/// Which problem it is; never renamed, since programs compare it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum ProblemCode {
    /// The body isn't JSON.
    InvalidJson,
    /// No session, or one that ended: sign in.
    Unauthenticated,
    /// Email and password don't match.
    WrongCredentials,
    /// A cookie came from another site's page.
    CrossOrigin,
    /// What only programs may ask for; a page has its cookie.
    NotForPages,
    /// `user` is somebody else.
    NotYourself,
    /// As many keys as an account may hold.
    TooManyKeys,
    /// No such thing, or not yours.
    NotFound,
    /// No such plan, or it takes no new keys.
    UnknownPlan,
    /// The path exists, the method doesn't.
    MethodNotAllowed,
    /// The caller takes none of the types we have.
    NotAcceptable,
    /// One key per account and plan.
    KeyAlreadyExists,
    /// As many old values of the key still work as may; see `Retry-After`.
    TooManyOldValues,
    /// An account with this address exists.
    EmailTaken,
    /// The body is larger than allowed.
    BodyTooLarge,
    /// The body isn't marked as JSON.
    UnsupportedMediaType,
    /// Fields are wrong; see `errors`.
    InvalidFields,
    /// The `Idempotency-Key` stands for another request.
    IdempotencyKeyReused,
    /// Too many tries; see `Retry-After`.
    TooManyAttempts,
    /// Creating the key failed, and nothing was left behind.
    CreateFailed,
    /// Our own fault; the log has it under the request's id.
    Internal,
    /// The store can't be asked right now.
    StoreUnavailable,
    /// Too much work at once; see `Retry-After`.
    Busy,
    /// The server is shutting down; try again.
    ShuttingDown,
}

impl ProblemCode {
    /// All of them.
    pub const ALL: [Self; 24] = [
        Self::InvalidJson,
        Self::Unauthenticated,
        Self::WrongCredentials,
        Self::CrossOrigin,
        Self::NotForPages,
        Self::NotYourself,
        Self::TooManyKeys,
        Self::NotFound,
        Self::UnknownPlan,
        Self::MethodNotAllowed,
        Self::NotAcceptable,
        Self::KeyAlreadyExists,
        Self::TooManyOldValues,
        Self::EmailTaken,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidFields,
        Self::IdempotencyKeyReused,
        Self::TooManyAttempts,
        Self::CreateFailed,
        Self::Internal,
        Self::StoreUnavailable,
        Self::Busy,
        Self::ShuttingDown,
    ];

    /// The HTTP status of this problem.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidJson => 400,
            Self::Unauthenticated | Self::WrongCredentials => 401,
            Self::CrossOrigin | Self::NotForPages | Self::NotYourself | Self::TooManyKeys => 403,
            Self::NotFound | Self::UnknownPlan => 404,
            Self::MethodNotAllowed => 405,
            Self::NotAcceptable => 406,
            Self::KeyAlreadyExists | Self::TooManyOldValues | Self::EmailTaken => 409,
            Self::BodyTooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::InvalidFields | Self::IdempotencyKeyReused => 422,
            Self::TooManyAttempts => 429,
            Self::CreateFailed | Self::Internal => 500,
            Self::StoreUnavailable | Self::Busy | Self::ShuttingDown => 503,
        }
    }
}
