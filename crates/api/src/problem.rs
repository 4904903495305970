//! The management plane's errors, and the one place that turns them into HTTP.
//!
//! `detail` goes to the caller, `cause` to the log under the request's id. Every layer's error has its `From` here. The
//! body needs the request's id, so the outermost middleware asks [`ApiError::render`] for it and logs the cause there.

use access::{AdministrationError, CreateAccountError, CreateKeyError, Failed, KeyError, NotReady, StoreError};
use actix_web::{
    HttpResponse, HttpResponseBuilder, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use api_types::{FieldError, Problem, ProblemCode, Reason, RequestId, Timestamp, limits::OLD_VALUES_MAX};

use crate::{ambient, base_path::BasePath, extract::ACCEPTED_CODINGS, methods::Allow, problem_kinds, tries::NoTry};

/// An error of the management plane.
#[derive(Debug)]
pub struct ApiError {
    code: ProblemCode,
    detail: String,
    errors: Vec<FieldError>,
    retry_after: Option<u64>,
    /// One header more, where the code has one.
    header: Option<Box<(HeaderName, HeaderValue)>>,
    cause: Option<String>,
}

impl ApiError {
    /// An error with words for the caller.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after: None, header: None, cause: None }
    }

    /// Whether nobody is signed in.
    #[must_use]
    pub fn is_unauthenticated(&self) -> bool {
        self.code == ProblemCode::Unauthenticated
    }

    /// Wrong fields, all at once.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        Self { errors, ..Self::new(ProblemCode::InvalidFields, "Some fields are wrong; see errors.") }
    }

    /// One wrong field.
    #[must_use]
    pub fn invalid_field(field: &str, reason: Reason) -> Self {
        Self::invalid(vec![FieldError::new(field, reason)])
    }

    /// No live session.
    #[must_use]
    pub fn unauthenticated() -> Self {
        Self::new(ProblemCode::Unauthenticated, "Sign in first: POST /sessions, or sign up with POST /accounts.")
    }

    /// Nothing there, or not the caller's.
    #[must_use]
    pub fn not_found(detail: &str) -> Self {
        Self::new(ProblemCode::NotFound, detail)
    }

    /// No such session, or not the caller's.
    #[must_use]
    pub fn no_such_session() -> Self {
        Self::not_found("You have no such session; GET /me/sessions lists yours.")
    }

    /// Over a limit on tries, of which `what` tells in a sentence, or nobody can say.
    #[must_use]
    pub fn too_many(reason: NoTry, what: &str) -> Self {
        match reason {
            NoTry::Counted(seconds) => {
                let time = if seconds < 120 {
                    format!("{seconds} seconds")
                } else {
                    format!("{} minutes", seconds.div_ceil(60))
                };
                let detail = format!("{what} Try again in {time}.");
                Self::new(ProblemCode::TooManyAttempts, detail).retry_after(seconds)
            }
            NoTry::UnderWay => {
                let detail = "Too many of these are under way at once. Please try again.";
                Self::new(ProblemCode::Busy, detail).retry_after(1)
            }
            NoTry::Unknown(error) => error.into(),
        }
    }

    /// The body is coded as we can't decode.
    #[must_use]
    pub fn unsupported_coding() -> Self {
        let detail = format!("The Content-Encoding of the body isn't known here. Known are: {ACCEPTED_CODINGS}.");
        let error = Self::new(ProblemCode::UnsupportedMediaType, detail);
        let codings = HeaderValue::from_static(ACCEPTED_CODINGS);
        Self { header: Some(Box::new((header::ACCEPT_ENCODING, codings))), ..error }
    }

    /// As many old values of a key work as may, the first of them until then.
    #[must_use]
    pub fn too_many_old_values(until: Timestamp) -> Self {
        // To the next second, so that who comes then isn't too early.
        let seconds = until.as_millisecond().div_euclid(1_000) + i64::from(until.as_millisecond() % 1_000 != 0);
        let until = Timestamp::from_second(seconds).unwrap_or(until);
        let detail = format!(
            "{OLD_VALUES_MAX} old values of this key still work, as promised, the first until {until}. Rotate it then, or \
             without a grace; to end them all now, disable the key."
        );
        let wait = until.duration_since(ambient::now()).as_secs().try_into().unwrap_or(1);
        Self::new(ProblemCode::TooManyOldValues, detail).retry_after(wait)
    }

    /// The service that keeps the keys takes no more of them, which no waiting mends.
    #[must_use]
    pub fn provider_full(name: &str, cause: impl std::fmt::Display) -> Self {
        let detail = format!(
            "create failed: {name} holds as many keys as its account may. Trying again won't help; whoever runs this \
             service has to make room."
        );
        Self::new(ProblemCode::CreateFailed, detail).because(cause)
    }

    /// The path takes other methods.
    #[must_use]
    pub fn method_not_allowed(allow: &Allow) -> Self {
        let error = Self::new(ProblemCode::MethodNotAllowed, format!("This path takes {allow}."));
        Self {
            header: HeaderValue::try_from(allow.to_string()).ok().map(|allow| Box::new((header::ALLOW, allow))),
            ..error
        }
    }

    /// Come back after so many seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds.max(1));
        self
    }

    /// What the log gets to see.
    #[must_use]
    pub fn because(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// A fault of ours that has no words for the caller.
    #[must_use]
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::new(ProblemCode::Internal, "Something went wrong on our side. Please try again.").because(cause)
    }

    /// The code, as the body spells it.
    #[must_use]
    pub fn code(&self) -> String {
        problem_kinds::name(self.code)
    }

    /// The cause, for the log.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The answer, for this request, where everything is served under this path.
    #[must_use]
    pub fn render(&self, request_id: RequestId, base: &BasePath) -> HttpResponse {
        let status = self.status_code();
        let problem = Problem {
            kind: problem_kinds::type_uri(self.code, base),
            title: problem_kinds::of(self.code).title.to_owned(),
            status: status.as_u16(),
            code: self.code,
            detail: self.detail.clone(),
            request_id,
            errors: self.errors.clone(),
        };
        let mut response = self.head();
        response.content_type("application/problem+json");
        response.body(serde_json::to_vec(&problem).unwrap_or_default())
    }

    fn head(&self) -> HttpResponseBuilder {
        let mut response = HttpResponse::build(self.status_code());
        if let Some(seconds) = self.retry_after {
            response.insert_header((header::RETRY_AFTER, seconds));
        }
        if let Some(more) = &self.header {
            response.insert_header((more.0.clone(), more.1.clone()));
        }
        match self.code {
            ProblemCode::Unauthenticated => response.insert_header((header::WWW_AUTHENTICATE, "Bearer")),
            // As a header alone, actix drops it.
            ProblemCode::ShuttingDown => response.force_close(),
            _ => &mut response,
        };
        response
    }
}

impl std::fmt::Display for ApiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?}: {}", self.code, self.detail)
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        self.head().finish()
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        let who = match error.failed {
            Failed::Store => "Our store",
            Failed::Provider(name) => name,
            Failed::ProviderFull(name) => return Self::provider_full(name, error),
        };
        let detail = format!("{who} can't be asked right now. Please try again in a moment.");
        Self::new(ProblemCode::StoreUnavailable, detail).retry_after(5).because(error)
    }
}

impl From<NotReady> for ApiError {
    fn from(error: NotReady) -> Self {
        match error {
            NotReady::Store(error) => error.into(),
            NotReady::Provider(error) => {
                let detail = format!("The service that keeps plans and keys can't be used: {}.", error.cause);
                Self::new(ProblemCode::StoreUnavailable, detail).retry_after(5).because(error)
            }
        }
    }
}

impl From<CreateAccountError> for ApiError {
    fn from(error: CreateAccountError) -> Self {
        match error {
            CreateAccountError::EmailTaken => {
                Self::new(ProblemCode::EmailTaken, "An account with this email address exists. Sign in instead.")
            }
            CreateAccountError::InviteOver => {
                let detail = "This invitation is unknown, used, over, or for another address. Ask for a new one.";
                Self::new(ProblemCode::InviteOver, detail)
            }
            CreateAccountError::Store(error) => error.into(),
        }
    }
}

impl From<AdministrationError> for ApiError {
    fn from(error: AdministrationError) -> Self {
        match error {
            AdministrationError::NotFound => Self::not_found("There is no such account or invitation."),
            AdministrationError::NotAnOperator => {
                Self::new(ProblemCode::OperatorsOnly, "Only operators may do this, and you are none any more.")
            }
            AdministrationError::LastOperator => {
                let detail = "This is the last operator who can sign in. Make somebody else one first.";
                Self::new(ProblemCode::LastOperator, detail)
            }
            AdministrationError::Store(error) => error.into(),
        }
    }
}

impl From<CreateKeyError> for ApiError {
    fn from(error: CreateKeyError) -> Self {
        match error {
            CreateKeyError::NoAccount => Self::unauthenticated(),
            CreateKeyError::UnknownPlan => {
                Self::new(ProblemCode::UnknownPlan, "No such plan takes new keys; GET /plans lists those that do.")
            }
            CreateKeyError::KeyAlreadyExists => Self::new(ProblemCode::KeyAlreadyExists, "Key already exists"),
            CreateKeyError::TooManyKeys => {
                Self::new(ProblemCode::TooManyKeys, "You hold as many keys as an account may. Revoke one first.")
            }
            CreateKeyError::AnotherRequest => {
                let detail = "This Idempotency-Key was used in the last 24 hours for another request. Take a new one for \
                              each key that you create.";
                Self::new(ProblemCode::IdempotencyKeyReused, detail)
            }
            CreateKeyError::CreateFailed(error) if matches!(error.failed, Failed::ProviderFull(_)) => error.into(),
            CreateKeyError::CreateFailed(cause) => Self::new(ProblemCode::CreateFailed, "create failed").because(cause),
        }
    }
}

impl From<KeyError> for ApiError {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::NotFound => Self::not_found("You have no such key; GET /keys lists yours."),
            KeyError::TooManyOldValues { until } => Self::too_many_old_values(until),
            KeyError::Store(error) => error.into(),
        }
    }
}
