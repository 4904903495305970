//! An error that the upstream reports in the body of a 2xx: what it says, and which status it would have had.

use awc::http::StatusCode;
use serde_json::Value;

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
    fn words_are_read_from_any_form_without_secrets() {
        let read = |error: Value| ReportedError::read(&error, |text| text.replace("sk-1", "[redacted]"));
        let error = read(json!({"message": "no sk-1", "code": "too_long", "param": "messages"}));
        assert_eq!((error.message.as_str(), error.code.as_deref()), ("no [redacted]", Some("too_long")));
        assert_eq!(error.param.as_deref(), Some("messages"));
        assert_eq!(read(json!("overloaded")).message, "overloaded");
        assert_eq!(read(json!({"code": "404"})).code, None);
        assert!(!read(json!([1])).message.is_empty());
    }
}
