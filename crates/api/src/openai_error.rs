//! The data plane's errors in OpenAI's envelope, with the headers that tell SDKs whether and when to try again.
//!
//! The statuses, codes and headers of each case stand in one table, [`OpenAiError`]'s constructors: a plan's limits in
//! `openai_error/over_limit.rs`, the upstream's failures in `openai_error/upstream_failure.rs`, all others here. Never 409,
//! which SDKs retry; when they shall come back, `openai_error/retry.rs` decides.

use access::StoreError;
use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use api_types::openai::{ErrorEnvelope, ErrorObject};

use crate::{access_log::shown_path, extract::ACCEPTED_CODINGS, methods::Allow};

mod kinds;
mod over_limit;
mod retry;
mod upstream_failure;

pub use kinds::{ErrorKind, KINDS};

/// How soon a new key is worth another try, in seconds.
const ACTIVATION_RETRY_SECONDS: u64 = 10;

/// An error of the data plane; can't be built without its headers.
#[derive(Debug)]
pub struct OpenAiError {
    status: StatusCode,
    body: Box<ErrorEnvelope>,
    headers: Vec<(HeaderName, HeaderValue)>,
    cause: Option<String>,
}

const INVALID_REQUEST: &str = "invalid_request_error";
const SERVER_ERROR: &str = "server_error";

impl OpenAiError {
    fn new(status: StatusCode, kind: &str, code: &str, message: impl Into<String>) -> Self {
        let error = ErrorObject {
            message: message.into(),
            kind: kind.to_owned(),
            param: None,
            code: Some(code.to_owned()),
            quota: None,
        };
        Self { status, body: Box::new(ErrorEnvelope { error }), headers: Vec::new(), cause: None }
    }

    fn header(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    fn because(mut self, cause: impl std::fmt::Display) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// What the log gets to see.
    #[must_use]
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// The code, for the log.
    #[must_use]
    pub fn code(&self) -> &str {
        self.body.error.code.as_deref().unwrap_or_default()
    }

    /// No key, or one that is malformed, unknown, revoked, disabled or expired: one text for all.
    #[must_use]
    pub fn invalid_api_key() -> Self {
        let message = "Incorrect API key provided. Send a key of yours as 'Authorization: Bearer tg_…' or in the \
                       x-api-key header; you can create one on this server's page.";
        Self::new(StatusCode::UNAUTHORIZED, INVALID_REQUEST, "invalid_api_key", message)
            .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }

    /// A key that the gate in front of the upstream doesn't know everywhere yet.
    #[must_use]
    pub fn key_activating() -> Self {
        let message = "This key is new and is being activated, which takes up to two minutes. Please try again in a \
                       moment.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, SERVER_ERROR, "key_activating", message)
            .retry_after(ACTIVATION_RETRY_SECONDS)
    }

    /// A key that was made elsewhere: nothing is known about it here.
    #[must_use]
    pub fn made_elsewhere() -> Self {
        let message = "This key was not made on this server, so its plan and use are not known here.";
        Self::new(StatusCode::NOT_FOUND, INVALID_REQUEST, "key_made_elsewhere", message)
    }

    /// Two headers, two keys; `first` and `second` are the headers' names.
    #[must_use]
    pub fn conflicting_credentials(first: &str, second: &str) -> Self {
        let message = if first == second {
            format!("Two {first} headers hold different keys. Send one.")
        } else {
            format!("{first} and {second} hold different keys. Send one of them, or the same in both.")
        };
        Self::new(StatusCode::BAD_REQUEST, INVALID_REQUEST, "conflicting_credentials", message)
    }

    /// Too many wrong keys from one source.
    #[must_use]
    pub fn too_many_wrong_keys(seconds: u64) -> Self {
        let message = format!("Too many wrong API keys came from your address. Try again in {seconds} seconds.");
        Self::new(StatusCode::TOO_MANY_REQUESTS, "requests", "too_many_attempts", message).retry_after(seconds)
    }

    /// Nothing lives at this path.
    #[must_use]
    pub fn unknown_url(method: &str, path: &str) -> Self {
        let path = shown_path(path);
        let message = format!("Unknown request URL: {method} {path}. See /docs for what this server offers.");
        Self::new(StatusCode::NOT_FOUND, INVALID_REQUEST, "unknown_url", message)
    }

    /// The path takes other methods.
    #[must_use]
    pub fn method_not_allowed(method: &str, path: &str, allow: &Allow) -> Self {
        let message = format!("{} doesn't take {method}. It takes {allow}.", shown_path(path));
        let error = Self::new(StatusCode::METHOD_NOT_ALLOWED, INVALID_REQUEST, "method_not_allowed", message);
        match HeaderValue::try_from(allow.to_string()) {
            Ok(allow) => error.header(header::ALLOW, allow),
            Err(_) => error,
        }
    }

    /// An SDK whose base URL lacks its `/v1`.
    #[must_use]
    pub fn base_url_without_v1(path: &str) -> Self {
        let message = format!("{path} is served as /v1{path}: let your SDK's base URL end in /v1.");
        Self::new(StatusCode::NOT_FOUND, INVALID_REQUEST, "unknown_url", message)
    }

    /// The body can't be used as it is.
    #[must_use]
    pub fn invalid_body(message: impl Into<String>, param: Option<&str>) -> Self {
        let mut error = Self::new(StatusCode::BAD_REQUEST, INVALID_REQUEST, "invalid_body", message);
        error.body.error.param = param.map(str::to_owned);
        error
    }

    /// What answers here doesn't serve this endpoint.
    #[must_use]
    pub fn not_served(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, INVALID_REQUEST, "unknown_url", message)
    }

    /// The model isn't offered here.
    #[must_use]
    pub fn model_not_found(model: &str) -> Self {
        let model: String = model.chars().take(100).collect();
        let message = format!("The model '{model}' is not offered here; GET /v1/models lists those that are.");
        let mut error = Self::new(StatusCode::NOT_FOUND, INVALID_REQUEST, "model_not_found", message);
        error.body.error.param = Some("model".to_owned());
        error
    }

    /// The body names what may be another's, in a way that can't be told.
    #[must_use]
    pub fn stored_state_refused(message: impl Into<String>, param: Option<&str>) -> Self {
        let mut error = Self::new(StatusCode::BAD_REQUEST, INVALID_REQUEST, "stored_state_refused", message);
        error.body.error.param = param.map(str::to_owned);
        error
    }

    /// The response to go on from isn't one of the caller's. OpenAI's own words and code; its status for it is 400.
    #[must_use]
    pub fn previous_response_not_found(id: &str) -> Self {
        Self::state_not_found("Previous response", "previous_response_not_found", "previous_response_id", id)
    }

    /// Something that the upstream keeps isn't the caller's: one text for others' and for what isn't there.
    #[must_use]
    pub fn state_not_found(what: &str, code: &str, param: &str, id: &str) -> Self {
        let message = format!(
            "{what} with id '{id}' not found. Only what an answer to a key of your account named in the last 30 days can \
             be named here."
        );
        let mut error = Self::new(StatusCode::NOT_FOUND, INVALID_REQUEST, code, message);
        error.body.error.param = Some(param.to_owned());
        error
    }

    /// The body is larger than allowed.
    #[must_use]
    pub fn request_too_large(most: usize) -> Self {
        let message = format!("The request body is larger than the {most} bytes allowed here.");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, INVALID_REQUEST, "request_too_large", message)
    }

    /// The body is coded as we can't decode (RFC 9110, section 15.5.16).
    #[must_use]
    pub fn unsupported_coding() -> Self {
        let message =
            format!("The Content-Encoding of the request body isn't known here. Known are: {ACCEPTED_CODINGS}.");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, INVALID_REQUEST, "unsupported_content_encoding", message)
            .header(header::ACCEPT_ENCODING, HeaderValue::from_static(ACCEPTED_CODINGS))
    }

    /// The body says that it is no JSON. OpenAI's own code.
    #[must_use]
    pub fn unsupported_content_type() -> Self {
        let message = "The Content-Type of the request body isn't taken here. Send JSON, marked with the header \
                       'content-type: application/json'.";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, INVALID_REQUEST, "unsupported_content_type", message)
    }

    /// The body didn't come in time.
    #[must_use]
    pub fn request_timeout() -> Self {
        let message = "The request body did not arrive in time.";
        Self::new(StatusCode::REQUEST_TIMEOUT, INVALID_REQUEST, "request_timeout", message)
    }

    /// The caller counts as gone: mostly nobody reads this.
    #[must_use]
    pub fn caller_left() -> Self {
        let message = "You closed your side of the connection before the answer began, which over HTTP/1.0 means that you \
                       left. Keep it open, or use HTTP/1.1.";
        Self::new(StatusCode::REQUEST_TIMEOUT, INVALID_REQUEST, "caller_left", message)
            .header(header::CONNECTION, HeaderValue::from_static("close"))
    }

    /// Shutting down.
    #[must_use]
    pub fn shutting_down() -> Self {
        let message = "This server is shutting down. Please try again.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, SERVER_ERROR, "shutting_down", message)
            .retry_after(1)
            .header(header::CONNECTION, HeaderValue::from_static("close"))
    }

    /// A fault of ours.
    #[must_use]
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        let message = "Something went wrong on our side. Please try again.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, SERVER_ERROR, "internal_error", message).because(cause)
    }
}

impl From<StoreError> for OpenAiError {
    /// Fail closed: without the store nothing is admitted.
    fn from(error: StoreError) -> Self {
        let message = "Quotas can't be checked right now. Please try again in a few seconds.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, SERVER_ERROR, "quota_store_unavailable", message)
            .retry_after(5)
            .because(error)
    }
}

impl std::fmt::Display for OpenAiError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code(), self.body.error.message)
    }
}

impl ResponseError for OpenAiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        for (name, value) in &self.headers {
            if name == header::CONNECTION {
                // As a header alone, actix drops it.
                response.force_close();
            } else {
                response.insert_header((name.clone(), value.clone()));
            }
        }
        response.json(&self.body)
    }
}
