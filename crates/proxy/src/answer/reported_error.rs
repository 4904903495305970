//! An error that the upstream reports in the body of a 2xx: where it stands, what it says, and which status it would have
//! had.

use api_types::openai::is_error;
use http::StatusCode;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use crate::Endpoint;

/// Longest message that is passed on, in characters.
const MESSAGE_MAX: usize = 2_000;
/// Longest code or parameter that is passed on, in characters.
const NAME_MAX: usize = 100;

/// What an upstream reported, read into OpenAI's terms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedError {
    /// The status that it stands for: its own `code` where that is a 4xx or 5xx, else 502.
    pub status: StatusCode,
    /// Its message, our credential taken out.
    pub message: String,
    /// Its `code` in words, where it has one.
    pub code: Option<String>,
    /// The parameter that it is about.
    pub param: Option<String>,
}

impl ReportedError {
    /// Reads an `error` of any form: an object as OpenAI's, a text, or something else. `redact` takes secrets out.
    pub(crate) fn read(error: &Value, redact: impl Fn(&str) -> String) -> Self {
        let text = |name: &str| error.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
        let message = text("message").or(error.as_str()).unwrap_or("The model's server reported an error.");
        let number = match error.get("code") {
            Some(Value::Number(code)) => code.as_u64(),
            Some(Value::String(code)) => code.parse().ok(),
            _ => None,
        };
        let status = number.and_then(|code| u16::try_from(code).ok()).filter(|code| (400..600).contains(code));
        Self {
            status: status.and_then(|code| StatusCode::from_u16(code).ok()).unwrap_or(StatusCode::BAD_GATEWAY),
            message: redact(message).chars().take(MESSAGE_MAX).collect(),
            code: text("code").filter(|_| number.is_none()).map(|code| redact(code).chars().take(NAME_MAX).collect()),
            param: text("param").map(|param| redact(param).chars().take(NAME_MAX).collect()),
        }
    }
}

/// The error that an event reports, if it reports one: its `error` field, or all of an event of the Responses API that
/// is called one.
pub(super) fn in_event(endpoint: Endpoint, event: &sse::Event<'_>) -> Option<Value> {
    let mut data: Value = serde_json::from_str(&event.data).ok()?;
    if let Some(error) = data.get_mut("error").filter(|error| is_error(error)) {
        return Some(error.take());
    }
    let is_named = event.name.as_deref() == Some("error") || data.get("type").and_then(Value::as_str) == Some("error");
    (endpoint == Endpoint::Responses && is_named).then_some(data)
}

/// The fields of a JSON answer that tell an answer from an error.
#[derive(Deserialize)]
struct Answer {
    error: Option<Value>,
    choices: Option<Vec<IgnoredAny>>,
    data: Option<Vec<IgnoredAny>>,
    /// A response that failed is an answer of the Responses API, and says so in fields of its own.
    output: Option<IgnoredAny>,
}

/// The error that stands in place of a JSON answer.
pub(super) fn in_place_of(answer: &[u8]) -> Option<Value> {
    let answer: Answer = serde_json::from_slice(answer).ok()?;
    let is_empty = |list: Option<Vec<_>>| list.is_none_or(|list: Vec<IgnoredAny>| list.is_empty());
    let error = answer.error.filter(is_error)?;
    (is_empty(answer.choices) && is_empty(answer.data) && answer.output.is_none()).then_some(error)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_status_is_the_errors_own_code_where_that_is_one() {
        let status = |error: Value| ReportedError::read(&error, str::to_owned).status.as_u16();
        assert_eq!(status(json!({"code": 429})), 429);
        assert_eq!(status(json!({"code": "503"})), 503);
        for odd in [json!({}), json!({"code": 200}), json!({"code": "rate_limit"}), json!({"code": 70_000}), json!("x")]
        {
            assert_eq!(status(odd), 502);
        }
    }

    #[test]
    fn an_event_of_the_responses_api_is_an_error_by_its_name_or_its_type() {
        let read = |endpoint, stream: &str| {
            let mut found = None;
            sse::Reader::new(1 << 10).push(stream.as_bytes(), |event| found = in_event(endpoint, &event));
            found
        };
        for stream in ["event: error\ndata: {\"code\":1}\n\n", "data: {\"type\":\"error\",\"code\":1}\n\n"] {
            assert_eq!(read(Endpoint::Responses, stream).unwrap()["code"], 1, "{stream}");
            assert_eq!(read(Endpoint::ChatCompletions, stream), None, "{stream}");
        }
        let other = "event: response.created\ndata: {\"type\":\"response.created\"}\n\n";
        assert_eq!(read(Endpoint::Responses, other), None);
    }

    #[test]
    fn words_are_read_from_any_form_without_secrets() {
        let read = |error: Value| ReportedError::read(&error, |text| text.replace("sk-1", "[redacted]"));
        let error = read(json!({"message": "no sk-1", "code": "too_long", "param": "messages"}));
        assert_eq!((error.message.as_str(), error.code.as_deref()), ("no [redacted]", Some("too_long")));
        assert_eq!(error.param.as_deref(), Some("messages"));
        assert_eq!(read(json!("overloaded")).message, "overloaded");
        assert_eq!(read(json!({"code": "404"})).code, None);
        assert!(!read(json!([1])).message.is_empty());
    }

    #[test]
    fn an_error_without_an_answer_is_told_from_an_answer_with_an_error_field() {
        for error in [
            r#"{"error":{"message":"x"}}"#,
            r#"{"choices":[],"error":"x"}"#,
            r#"{"error":{"code":1},"choices":null,"data":[]}"#,
        ] {
            assert!(in_place_of(error.as_bytes()).is_some(), "{error}");
        }
        for answer in [
            "",
            "[]",
            "{}",
            r#"{"error":null}"#,
            r#"{"error":{}}"#,
            r#"{"error":""}"#,
            r#"{"error":{"message":"x"},"choices":[{"index":0}]}"#,
            r#"{"object":"response","status":"failed","error":{"message":"x"},"output":[]}"#,
            r#"{"error":{"message":"cut"#,
        ] {
            assert!(in_place_of(answer.as_bytes()).is_none(), "{answer}");
        }
    }
}
