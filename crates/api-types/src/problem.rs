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

macro_rules! problem_codes {
    ($($(#[$doc:meta])+ $name:ident = $status:literal,)+) => {
        /// Which problem it is; never renamed, since programs compare it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        pub enum ProblemCode {
            $($(#[$doc])+ $name,)+
        }

        impl ProblemCode {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// The HTTP status of this problem.
            #[must_use]
            pub const fn status(self) -> u16 {
                match self {
                    $(Self::$name => $status,)+
                }
            }
        }
    };
}

problem_codes! {
    /// The body isn't JSON.
    InvalidJson = 400,
    /// No session, or one that ended: sign in.
    Unauthenticated = 401,
    /// Email and password don't match.
    WrongCredentials = 401,
    /// A cookie came from another site's page.
    CrossOrigin = 403,
    /// What only programs may ask for; a page has its cookie.
    NotForPages = 403,
    /// `user` is somebody else.
    NotYourself = 403,
    /// The account is blocked.
    AccountBlocked = 403,
    /// The account waits for an operator's approval.
    AccountWaiting = 403,
    /// Not for everybody: this server takes sign-ups of some only, or of nobody.
    SignUpRefused = 403,
    /// An invitation that is unknown, used, over, or for somebody else.
    InviteOver = 403,
    /// Only operators may.
    OperatorsOnly = 403,
    /// As many keys as an account may hold.
    TooManyKeys = 403,
    /// No such thing, or not yours.
    NotFound = 404,
    /// No such plan, or it takes no new keys.
    UnknownPlan = 404,
    /// A link that is unknown, used or over.
    LinkOver = 404,
    /// The path exists, the method doesn't.
    MethodNotAllowed = 405,
    /// The caller takes none of the types we have.
    NotAcceptable = 406,
    /// One key per account and plan.
    KeyAlreadyExists = 409,
    /// As many old values of the key still work as may; see `Retry-After`.
    TooManyOldValues = 409,
    /// It is the last operator who can sign in.
    LastOperator = 409,
    /// An account with this address exists.
    EmailTaken = 409,
    /// The body is larger than allowed.
    BodyTooLarge = 413,
    /// The body isn't marked as JSON.
    UnsupportedMediaType = 415,
    /// Fields are wrong; see `errors`.
    InvalidFields = 422,
    /// The `Idempotency-Key` stands for another request.
    IdempotencyKeyReused = 422,
    /// Too many tries; see `Retry-After`.
    TooManyAttempts = 429,
    /// Creating the key failed, and nothing was left behind.
    CreateFailed = 500,
    /// Our own fault; the log has it under the request's id.
    Internal = 500,
    /// The store can't be asked right now.
    StoreUnavailable = 503,
    /// Too much work at once; see `Retry-After`.
    Busy = 503,
    /// The server is shutting down; try again.
    ShuttingDown = 503,
}
