//! What goes up: the body, and the few headers that may pass.

mod body;
mod choices;
pub mod stored_state;

use std::{
    cell::Cell,
    convert::Infallible,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use awc::{
    body::{BodySize, MessageBody},
    http::header::{self, HeaderName, HeaderValue},
};
pub use body::{Body, BodyError, ModelPolicy};
use bytes::Bytes;

use crate::{Client, Credential, Phase, Secret, answer::heartbeat::Heartbeat};

/// The caller's headers that reach the upstream. Only those that change what the answer says.
///
/// Left out on purpose: all that authorises or identifies the caller (`authorization`, `cookie`, `x-api-key`,
/// `forwarded`, `x-forwarded-*`, `user-agent`, `x-stainless-*`); `openai-organization` and `openai-project`, which choose
/// who pays within the account of our credential; `idempotency-key`, by which one caller could be given another's
/// answer, as all share that account; `accept` and `accept-encoding`, which are ours to say.
const PASSED_UP: [&str; 1] = ["openai-beta"];

/// One request to be relayed.
#[derive(Debug)]
pub struct Request {
    pub(crate) body: Body,
    headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) caller_key: Option<Secret>,
    pub(crate) heartbeat: Heartbeat,
}

impl Request {
    /// A request with this body and no headers of the caller.
    pub fn new(body: Body) -> Self {
        Self { body, headers: Vec::new(), caller_key: None, heartbeat: Heartbeat::default() }
    }

    /// Takes those of the caller's headers that may pass, and sees which heartbeats the caller can bear.
    #[must_use]
    pub fn with_headers<'a>(mut self, headers: impl IntoIterator<Item = (&'a HeaderName, &'a HeaderValue)>) -> Self {
        let headers: Vec<_> = headers.into_iter().collect();
        self.heartbeat = Heartbeat::for_caller(headers.iter().map(|(name, _)| *name));
        let passed = headers.into_iter().filter(|(name, _)| PASSED_UP.contains(&name.as_str()));
        self.headers = passed.map(|(name, value)| (name.clone(), value.clone())).collect();
        self
    }

    /// Gives the key that [`Credential::CallerKey`] sends.
    #[must_use]
    pub fn with_caller_key(mut self, key: Secret) -> Self {
        self.caller_key = Some(key);
        self
    }

    /// The client's form of it. The phase becomes [`Phase::Sent`] when a connection stands and the body is asked for.
    pub(crate) fn send(self, client: &Client, phase: Rc<Cell<Phase>>) -> awc::SendClientRequest {
        // What we can pass on, the wanted type first: some servers that ignore `stream` answer in JSON.
        let accept = if self.body.streams() { "text/event-stream, application/json" } else { "application/json" };
        let mut request = client
            .request(awc::http::Method::POST, self.body.endpoint().path())
            .insert_header((header::CONTENT_TYPE, "application/json"))
            .insert_header((header::ACCEPT, accept));
        for header in self.headers {
            request = request.append_header(header);
        }
        let outgoing = Outgoing { bytes: Some(self.body.bytes().clone()), phase };
        authorise(request, &client.upstream().credential, self.caller_key.as_ref()).send_body(outgoing)
    }
}

/// Adds the credential that the upstream gets.
pub(crate) fn authorise(
    mut request: awc::ClientRequest,
    credential: &Credential,
    caller_key: Option<&Secret>,
) -> awc::ClientRequest {
    let header = match credential {
        Credential::None => None,
        Credential::Bearer(secret) => secret.header("Bearer ").map(|value| (header::AUTHORIZATION, value)),
        Credential::CallerKey => {
            caller_key.and_then(|key| key.header("")).map(|value| (HeaderName::from_static("x-api-key"), value))
        }
    };
    if let Some(header) = header {
        request = request.insert_header(header);
    }
    request
}

/// The request's body. It is asked for only once a connection stands, so that it alone can tell whether the request
/// began to be sent.
struct Outgoing {
    bytes: Option<Bytes>,
    phase: Rc<Cell<Phase>>,
}

impl MessageBody for Outgoing {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        self.phase.set(self.phase.get().max(Phase::Sent));
        Poll::Ready(self.bytes.take().map(Ok))
    }
}
