//! What the control plane was asked, for a test to count and to look at.

use serde_json::Value;

use super::request::Request;

/// A call of the control plane.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Such as `CreateApiKey`; `unknown` for what the fake doesn't speak.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: String,
    /// As sent, without the query.
    pub path: String,
    /// As sent, without the question mark; empty if there was none.
    pub query: String,
    /// The body; null if there was none.
    pub body: Value,
    /// What was answered; `None` while nothing was, or if the answer was lost.
    pub status: Option<u16>,
}

impl Call {
    /// Whether it only reads.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.method == "GET"
    }
}

/// All calls so far, with a number each so that the answer finds its call after others were taken.
#[derive(Debug, Default)]
pub(super) struct Calls {
    all: Vec<(u64, Call)>,
    counted: u64,
}

impl Calls {
    pub(super) fn begin(&mut self, operation: &'static str, request: &Request) -> u64 {
        self.counted += 1;
        let call = Call {
            operation,
            method: request.method.clone(),
            path: request.path.clone(),
            query: request.raw_query.clone().unwrap_or_default(),
            body: serde_json::from_slice(&request.body).unwrap_or_default(),
            status: None,
        };
        self.all.push((self.counted, call));
        self.counted
    }

    pub(super) fn answered(&mut self, number: u64, status: u16) {
        if let Some((_, call)) = self.all.iter_mut().find(|(found, _)| *found == number) {
            call.status = Some(status);
        }
    }

    pub(super) fn list(&self) -> Vec<Call> {
        self.all.iter().map(|(_, call)| call.clone()).collect()
    }

    pub(super) fn take(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.all).into_iter().map(|(_, call)| call).collect()
    }
}
