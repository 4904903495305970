//! What goes up: the body, and the few headers that may pass.

mod body;
mod choices;
pub mod stored_state;

use std::{cell::Cell, rc::Rc};

pub use body::{Body, BodyError, ModelPolicy};
use http::header::{HeaderName, HeaderValue};
use zeroize::Zeroizing;

use crate::{
    Client, Credential, Failure, Phase, Secret,
    answer::heartbeat::Heartbeat,
    client::{RequestHead, Response},
};

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

    /// Sends it and waits for the head of the answer. The phase becomes [`Phase::Sent`] when a connection stands.
    pub(crate) async fn send(self, client: &Client, phase: Rc<Cell<Phase>>) -> Result<Response, Failure> {
        let mut head = client.head("POST", self.body.endpoint().path());
        head.line("content-type", "application/json");
        // What we can pass on, the wanted type first: some servers that ignore `stream` answer in JSON.
        head.line(
            "accept",
            if self.body.streams() { "text/event-stream, application/json" } else { "application/json" },
        );
        for (name, value) in self.headers {
            head.line(name.as_str(), value);
        }
        authorise(&mut head, &client.upstream().credential, self.caller_key.as_ref());
        let sends = || phase.set(phase.get().max(Phase::Sent));
        client.send(head, self.body.bytes().clone(), sends).await
    }
}

/// Adds the credential that the upstream gets.
pub(crate) fn authorise(head: &mut RequestHead, credential: &Credential, caller_key: Option<&Secret>) {
    match (credential, caller_key) {
        (Credential::Bearer(secret), _) => {
            head.line("authorization", Zeroizing::new(format!("Bearer {}", secret.reveal())).as_bytes());
        }
        (Credential::CallerKey, Some(key)) => head.line("x-api-key", key.reveal()),
        (Credential::CallerKey, None) | (Credential::None, _) => {}
    }
}
