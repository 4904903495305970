//! What an answer's head says of its body, and which of its headers reach the caller.

use http::header::{self, HeaderName, HeaderValue};

use crate::{Failure, client::Response};

/// Longest quotation of an upstream's header in a failure, in characters.
const QUOTE_MAX: usize = 100;

/// The upstream's headers that reach the caller. Left out on purpose: `set-cookie`, `x-ratelimit-*`, `retry-after` and
/// `x-should-retry` (they speak of the account of our credential), `x-request-id` (ours is sent),
/// `openai-organization` and `openai-project` (whose account it is), `server`, and all that frames the message.
const PASSED_DOWN: [&str; 3] = ["content-type", "openai-processing-ms", "openai-version"];

pub(crate) fn passed_down(response: &Response) -> Vec<(HeaderName, HeaderValue)> {
    let headers = response.headers.iter().filter(|(name, _)| PASSED_DOWN.contains(&name.as_str()));
    headers.cloned().collect()
}

/// The headers of a body that is JSON, whatever the upstream called it.
pub(crate) fn as_json(mut headers: Vec<(HeaderName, HeaderValue)>) -> Vec<(HeaderName, HeaderValue)> {
    let is_json = |value: &HeaderValue| value.to_str().is_ok_and(|kind| essence(kind).contains("json"));
    headers.retain(|(name, value)| *name != header::CONTENT_TYPE || is_json(value));
    if headers.iter().all(|(name, _)| *name != header::CONTENT_TYPE) {
        headers.push((header::CONTENT_TYPE, HeaderValue::from_static("application/json")));
    }
    headers
}

pub(crate) fn content_type(response: &Response) -> String {
    text(response, &header::CONTENT_TYPE)
}

/// A content type without its parameters, in lower case.
pub(crate) fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// Refuses a coded body: bytes pass as they are, and the caller wasn't asked which codings it takes.
pub(crate) fn refuse_coding(response: &Response) -> Result<(), Failure> {
    let coding = text(response, &header::CONTENT_ENCODING);
    if coding.is_empty() || coding.eq_ignore_ascii_case("identity") {
        return Ok(());
    }
    Err(Failure::Coded { status: response.status, coding })
}

/// `Retry-After` as RFC 9110 has it: seconds or a date. The date isn't read here, only kept from being nonsense.
pub(crate) fn retry_after(response: &Response) -> Option<HeaderValue> {
    let value = response.header(&header::RETRY_AFTER)?;
    let text = value.to_str().ok()?;
    let seconds = text.len() <= 9 && !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let date = text.len() == 29 && text.ends_with(" GMT");
    (seconds || date).then(|| value.clone())
}

fn text(response: &Response, name: &HeaderName) -> String {
    let value = response.header(name).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    value.unwrap_or_default().chars().take(QUOTE_MAX).collect()
}
