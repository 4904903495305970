//! What becomes of each failure of the upstream before its answer began. Its own words are for the log, but where it says
//! what is wrong with the request.

use actix_web::http::{StatusCode, header::HeaderValue};
use proxy::{Failure, ReportedError};

use super::{INVALID_REQUEST, OpenAiError};

const KIND: &str = "upstream_error";

impl From<Failure> for OpenAiError {
    fn from(failure: Failure) -> Self {
        let cause = failure.to_string();
        let (status, code, message) = match failure {
            Failure::ShuttingDown => return Self::shutting_down(),
            Failure::Status { status, retry_after, .. } => return Self::of_status(status, retry_after, cause),
            Failure::Reported { error, .. } => return Self::reported(*error, cause),
            Failure::NotJson { status, .. } => return Self::refused_without_reason(status, cause),
            Failure::HeadTimeout => (504, "upstream_timeout", "The model's server did not begin to answer in time."),
            Failure::Broke { .. } => {
                (502, "upstream_disconnected", "The model's server broke off before its answer was complete.")
            }
            Failure::Unreachable { .. } => (502, "upstream_unreachable", "The model's server can't be reached."),
            Failure::Disconnected { .. } => {
                (502, "upstream_disconnected", "The model's server closed the connection before it answered.")
            }
            Failure::BadContentType { .. }
            | Failure::Coded { .. }
            | Failure::BadErrorBody { .. }
            | Failure::BadList { .. } => {
                (502, "upstream_bad_response", "The model's server answered with something that isn't an API answer.")
            }
        };
        Self::upstream_failed(status, code, message, cause)
    }
}

impl OpenAiError {
    fn upstream_failed(status: u16, code: &str, message: &str, cause: String) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        Self::new(status, KIND, code, message).because(cause)
    }

    /// A status that isn't passed on.
    fn of_status(status: StatusCode, retry_after: Option<HeaderValue>, cause: String) -> Self {
        match status.as_u16() {
            429 => Self::upstream_rate_limited(retry_after, cause),
            401..=403 => Self::upstream_auth(cause),
            503 => {
                let message = "The model's server is not available right now.";
                Self::upstream_failed(503, "upstream_unavailable", message, cause)
            }
            _ => Self::upstream_failed(502, "upstream_error", "The model's server failed.", cause),
        }
    }

    /// An error that came in a 2xx: as its own status would be answered, and where it is about the request, in its own
    /// words. Never 408 or 409, which SDKs retry.
    fn reported(error: ReportedError, cause: String) -> Self {
        let ReportedError { status, message, code, param } = error;
        match status.as_u16() {
            401..=403 | 408 | 409 | 429 | 503 => Self::of_status(status, None, cause),
            400..=499 => {
                let code = code.as_deref().unwrap_or("upstream_refused");
                let mut answer = Self::new(status, INVALID_REQUEST, code, message).because(cause);
                answer.body.error.param = param;
                answer
            }
            status => Self::upstream_failed(status, "upstream_error", "The model's server reported an error.", cause),
        }
    }

    /// A 4xx about the request whose words are a page of a proxy's, or none.
    fn refused_without_reason(status: StatusCode, cause: String) -> Self {
        let reason = match status.as_u16() {
            404 | 405 => "the address that this server asks may be wrong, which its operator can mend",
            413 => "the request is larger than it takes",
            _ => "it gave no reason that can be passed on",
        };
        let message = format!("The model's server refused the request with status {}: {reason}.", status.as_u16());
        Self::new(status, INVALID_REQUEST, "upstream_refused", message).because(cause)
    }

    /// The upstream is over its own limit; not charged.
    fn upstream_rate_limited(retry_after: Option<HeaderValue>, cause: String) -> Self {
        let message = "The model's server is over its own limit. Please try again later.";
        let error = Self::new(StatusCode::TOO_MANY_REQUESTS, KIND, "upstream_rate_limited", message).because(cause);
        match retry_after {
            Some(told) => error.retry_as_told(told),
            None => error,
        }
    }

    /// The upstream refuses our own account, for its credential, its balance or its rights: the operator has to act.
    fn upstream_auth(cause: String) -> Self {
        let message = "The model's server does not accept this server's account; its operator has to mend that.";
        Self::new(StatusCode::BAD_GATEWAY, KIND, "upstream_auth", message).never_retry().because(cause)
    }

    /// The address that requests are sent to doesn't lead to the gate in front of the upstream: the operator has to act.
    #[must_use]
    pub fn misdirected(cause: impl std::fmt::Display) -> Self {
        let message = "This server sends requests to a wrong address of Amazon API Gateway; its operator has to mend \
                       aws.invoke_url.";
        Self::new(StatusCode::BAD_GATEWAY, KIND, "upstream_misdirected", message).never_retry().because(cause)
    }
}
