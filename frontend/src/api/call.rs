//! One exchange over `fetch`: sends JSON, and gives back the whole answer as text.
//!
//! The futures here are boxed and know nothing of what is read from an answer: each call then adds a few bytes to the
//! page, not a state machine of its own.

use api_types::Problem;
use gloo_net::http::{Method, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};
use web_sys::{AbortSignal, RequestCache};

use super::{ApiError, LocalFuture};

/// Longest wait for a whole answer, in milliseconds. A sign-in hashes for a second on a small machine and may queue;
/// who waits longer than this is better served by a button that tries again.
const PATIENCE_MS: u32 = 30_000;

/// A whole answer.
pub(super) struct Reply {
    /// The HTTP status.
    pub(super) status: u16,
    /// The body.
    pub(super) text: String,
    /// `Retry-After`, in seconds.
    pub(super) retry_after: Option<u64>,
    /// `Next-Cursor`, where a list may go on.
    pub(super) next_cursor: Option<String>,
}

impl Reply {
    /// Whether the server did what it was asked.
    pub(super) const fn is_ok(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// Reads all of a response; `None` when the connection broke.
    pub(super) async fn of(response: Response) -> Option<Self> {
        let status = response.status();
        let retry_after = response.headers().get("retry-after").and_then(|seconds| seconds.parse().ok());
        let next_cursor = response.headers().get("next-cursor");
        Some(Self { status, text: response.text().await.ok()?, retry_after, next_cursor })
    }

    /// The body's JSON.
    pub(super) fn read<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        serde_json::from_str(&self.text).map_err(|_| ApiError::Unexpected(self.status))
    }
}

/// A body of JSON.
pub(super) fn json(body: &impl Serialize) -> Option<String> {
    // Our own types have text keys and finite numbers only: this can't fail.
    serde_json::to_string(body).ok()
}

/// Sends a request and waits for the whole answer; `None` when none came in time.
pub(super) fn exchange(request: RequestBuilder, body: Option<String>) -> LocalFuture<Option<Reply>> {
    Box::pin(async move {
        let request = request
            .cache(RequestCache::NoStore)
            .header("accept", "application/json")
            .abort_signal(Some(&AbortSignal::timeout_with_u32(PATIENCE_MS)));
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body).ok()?,
            None => request.build().ok()?,
        };
        Reply::of(request.send().await.ok()?).await
    })
}

/// One call of the management plane.
pub(super) fn send(method: Method, path: &str, body: Option<String>) -> LocalFuture<Result<Reply, ApiError>> {
    let reply = exchange(RequestBuilder::new(path).method(method), body);
    Box::pin(async move {
        let reply = reply.await.ok_or(ApiError::Network)?;
        if reply.is_ok() { Ok(reply) } else { Err(ApiError::Problem(Box::new(reply.read::<Problem>()?))) }
    })
}
