//! A whole answer, and what tests ask of it.

use bytes::Bytes;
use reqwest::{StatusCode, header::HeaderMap};
use serde_json::Value;

/// A whole answer, its headers already checked against the list.
#[derive(Debug)]
pub struct Answer {
    /// The status as a number.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// What was asked, for messages.
    pub asked: String,
}

impl Answer {
    pub(crate) fn new(asked: String, status: StatusCode, headers: HeaderMap, body: Bytes) -> Self {
        Self { status: status.as_u16(), headers, body, asked }
    }

    /// The same answer, if it has this status.
    ///
    /// # Panics
    /// With the body, if it hasn't.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text());
        self
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// If it isn't.
    #[must_use]
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{}: {e}: {}", self.asked, self.text()))
    }

    /// A header's text; empty if it isn't there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A header that is a whole number.
    ///
    /// # Panics
    /// If it isn't.
    #[must_use]
    #[track_caller]
    pub fn number(&self, name: &str) -> u64 {
        self.header(name).parse().unwrap_or_else(|_| panic!("{}: {name}: {:?}", self.asked, self.header(name)))
    }

    /// Asserts a management error in RFC 9457's form: status and code, its own request id, and a sentence.
    ///
    /// # Panics
    /// If it is anything else.
    #[track_caller]
    pub fn is_problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text());
        assert_eq!(self.header("content-type"), "application/problem+json", "{}", self.asked);
        let problem = self.json();
        assert_eq!(problem["code"], code, "{}: {problem}", self.asked);
        assert_eq!(problem["status"], status, "{}", self.asked);
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{}", self.asked);
        assert!(problem["detail"].as_str().is_some_and(|text| !text.is_empty()), "{}: {problem}", self.asked);
        problem
    }

    /// Asserts a 422 that names exactly these fields, each with a sentence.
    ///
    /// # Panics
    /// If it is anything else.
    #[track_caller]
    pub fn names_fields(&self, fields: &[&str]) {
        let problem = self.is_problem(422, "invalid_fields");
        let errors = problem["errors"].as_array().cloned().unwrap_or_default();
        let named: Vec<_> = errors.iter().filter_map(|e| e["field"].as_str()).collect();
        assert_eq!(named, fields, "{}: {problem}", self.asked);
        let tells = |error: &Value, what| error[what].as_str().is_some_and(|text| !text.is_empty());
        assert!(errors.iter().all(|error| tells(error, "code") && tells(error, "detail")), "{problem}");
    }

    /// Asserts an error of the data plane in OpenAI's envelope and gives the error object.
    ///
    /// # Panics
    /// If it is anything else.
    #[track_caller]
    pub fn is_error(&self, status: u16, code: &str) -> Value {
        let error = self.is_envelope(status);
        assert_eq!(error["code"], code, "{}: {error}", self.asked);
        error
    }

    /// Asserts OpenAI's envelope whatever the code, and gives the error object.
    ///
    /// # Panics
    /// If it is anything else.
    #[track_caller]
    pub fn is_envelope(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}: {}", self.asked, self.text());
        assert!(self.header("content-type").starts_with("application/json"), "{}", self.asked);
        let error = self.json()["error"].clone();
        for member in ["message", "type"] {
            assert!(error[member].as_str().is_some_and(|text| !text.is_empty()), "{}: {error}", self.asked);
        }
        for member in ["param", "code"] {
            assert!(error.get(member).is_some(), "{}: {error} lacks {member}", self.asked);
        }
        error
    }

    /// The value of a cookie that the answer sets, with its attributes.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<(String, String)> {
        self.headers.get_all("set-cookie").iter().find_map(|header| {
            let (first, attributes) = header.to_str().ok()?.split_once(';')?;
            let (found, value) = first.split_once('=')?;
            (found == name).then(|| (value.to_owned(), attributes.to_owned()))
        })
    }
}
