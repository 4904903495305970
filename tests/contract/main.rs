//! The OpenAPI document as a contract: other people's tools hold it against its own rules, and the server against it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod conformance;
mod document;
mod examples;
mod lint;
mod schemathesis;
