//! One call over `fetch`: sends JSON, turns any answer into data or an [`ApiError`].

use api_types::Problem;
use gloo_net::http::{Method, RequestBuilder, Response};
use serde::{Serialize, de::DeserializeOwned};
use web_sys::{AbortSignal, RequestCache};

use super::ApiError;

/// Longest wait for an answer of the management plane, in milliseconds. A sign-in hashes for a second on a small
/// machine and may queue; who waits longer than this is better served by a button that tries again.
pub(super) const PATIENCE_MS: u32 = 30_000;

/// Sends a request without a body.
pub(super) async fn send(method: Method, path: &str) -> Result<Response, ApiError> {
    let request = builder(method, path).build().map_err(|_| ApiError::Network)?;
    checked(request.send().await.map_err(|_| ApiError::Network)?).await
}

/// Sends a JSON body.
pub(super) async fn send_json(method: Method, path: &str, body: &impl Serialize) -> Result<Response, ApiError> {
    let request = builder(method, path).json(body).map_err(|_| ApiError::Network)?;
    checked(request.send().await.map_err(|_| ApiError::Network)?).await
}

/// Reads the answer's JSON.
pub(super) async fn read<T: DeserializeOwned>(response: Response) -> Result<T, ApiError> {
    let status = response.status();
    let text = response.text().await.map_err(|_| ApiError::Network)?;
    serde_json::from_str(&text).map_err(|_| ApiError::Unexpected(status))
}

fn builder(method: Method, path: &str) -> RequestBuilder {
    RequestBuilder::new(path)
        .method(method)
        .cache(RequestCache::NoStore)
        .header("accept", "application/json")
        .abort_signal(Some(&AbortSignal::timeout_with_u32(PATIENCE_MS)))
}

async fn checked(response: Response) -> Result<Response, ApiError> {
    if response.ok() {
        return Ok(response);
    }
    Err(ApiError::Problem(Box::new(read::<Problem>(response).await?)))
}
