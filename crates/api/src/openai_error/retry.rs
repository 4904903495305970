//! Whether and when SDKs are to try again: `Retry-After` and `x-should-retry`.
//!
//! What stays shut for longer than they wait says `x-should-retry: false`, because they otherwise wait for hours or hammer
//! (openai-python `_base_client.py`, `_should_retry` and `_calculate_retry_timeout`).

use actix_web::http::header::{self, HeaderName, HeaderValue};
use api_types::Timestamp;

use super::OpenAiError;
use crate::rate_headers::seconds_until;

/// Longest wait that we let SDKs sleep through, in seconds: newer ones ignore a `Retry-After` above it.
const PATIENCE_SECONDS: u64 = 60;

const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

impl OpenAiError {
    /// After so many seconds.
    pub(super) fn retry_after(self, seconds: u64) -> Self {
        let error = self.header(header::RETRY_AFTER, seconds.max(1));
        if seconds > PATIENCE_SECONDS { error.never_retry() } else { error }
    }

    /// A spent quota: at its reset, if that is known, but by a person's decision alone, however soon it is.
    pub(super) fn retry_at_reset(self, reset_at: Option<Timestamp>, now: Timestamp) -> Self {
        let error = self.never_retry();
        match reset_at {
            Some(at) => error.header(header::RETRY_AFTER, seconds_until(at, now)),
            None => error,
        }
    }

    /// As the upstream said it, in seconds or as a date.
    pub(super) fn retry_as_told(self, told: HeaderValue) -> Self {
        let seconds = told.to_str().ok().and_then(|text| text.parse::<u64>().ok());
        let error = if seconds.is_some_and(|seconds| seconds > PATIENCE_SECONDS) { self.never_retry() } else { self };
        error.header(header::RETRY_AFTER, told)
    }

    /// Not without somebody who mends what is wrong.
    pub(super) fn never_retry(self) -> Self {
        self.header(SHOULD_RETRY, HeaderValue::from_static("false"))
    }
}
