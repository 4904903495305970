//! One call of one stage, and what becomes of it.

use std::time::Duration;

use crate::aws::{
    account::{RestApi, Stage, Surface},
    answer::Reply,
    request::Request,
};

/// What becomes of a call.
pub(in crate::aws) enum Decision {
    Answer(Reply),
    Forward(Box<Forward>),
}

/// One call of one stage: what refusals and mappings refer to.
pub(super) struct Context<'a> {
    pub(super) api: &'a RestApi,
    pub(super) stage: &'a Stage,
    /// What is live.
    pub(super) surface: &'a Surface,
    pub(super) request: &'a Request,
    pub(super) request_id: &'a str,
}

/// A request to the integration's endpoint.
pub(in crate::aws) struct Forward {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// Handed on as it comes, rather than when it is whole.
    pub(super) is_stream: bool,
    pub(super) timeout: Duration,
    pub(super) request_id: String,
    pub(super) on_failure: Reply,
    pub(super) on_timeout: Reply,
}
