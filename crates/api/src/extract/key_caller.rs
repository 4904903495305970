//! Who presents a key: from which address, and whether it was right, which limits how many wrong ones may be tried.

use access::{PresentedKey, UpstreamHead, Verdict};
use actix_web::{HttpRequest, web::Data};
use api_types::{KeyId, PlanName, Timestamp};
use futures_util::future::LocalBoxFuture;
use proxy::Failure;

use super::presented;
use crate::{access_log::Notes, ambient, openai_error::OpenAiError, source::Source, state::State};

/// A presented key that may be looked at.
pub struct KeyCaller {
    pub(super) state: Data<State>,
    /// As presented, in either header.
    pub key: PresentedKey,
    source: Source,
    notes: Notes,
}

impl KeyCaller {
    /// What is learned of the caller of a request by asking about the key.
    pub(super) fn with<T>(
        request: &HttpRequest,
        ask: impl AsyncFnOnce(Self) -> Result<T, OpenAiError> + 'static,
    ) -> LocalBoxFuture<'static, Result<T, OpenAiError>> {
        let caller = Self::read(request);
        Box::pin(async move { ask(caller?).await })
    }

    /// Reads the key of a request. One that has our form is looked at only if its source hasn't shown too many wrong
    /// ones; one that hasn't is checked for that by [`Self::may_be_passed_on`], since looking at it costs nothing here.
    fn read(request: &HttpRequest) -> Result<Self, OpenAiError> {
        let state = super::state(request).map_err(OpenAiError::internal)?;
        let key = presented::key(request)?.and_then(|key| std::str::from_utf8(key).ok());
        let key = key.and_then(PresentedKey::parse).ok_or_else(OpenAiError::invalid_api_key)?;
        let source = Source::of(request, &state.config.server.trusted_proxies);
        let caller = Self { state, key, source, notes: Notes::of(request) };
        if caller.key.own().is_some() {
            caller.may_be_passed_on()?;
        }
        Ok(caller)
    }

    /// Whether this source may try another key. A key that was right lately passes whatever its neighbours do.
    pub(super) fn may_be_passed_on(&self) -> Result<(), OpenAiError> {
        self.state.wrong_keys.check(&self.source, &self.key.digest(), ambient::now()).map_err(|seconds| {
            self.state.metrics.refused_for("attempts");
            OpenAiError::too_many_wrong_keys(seconds)
        })
    }

    /// The key is one that we know.
    pub(super) fn is_known(&self, key: KeyId, plan: &PlanName) {
        self.was_right();
        self.notes.key(key, plan);
    }

    /// The key opened something.
    pub fn was_right(&self) {
        self.state.wrong_keys.remember_right(&self.key.digest());
    }

    /// The error for a wrong key, which counts. Only an answer makes it one: a store that could not be asked costs nobody a try.
    pub(super) fn was_wrong(&self) -> OpenAiError {
        self.state.metrics.refused_for("key");
        if self.key.own().is_some() {
            self.state.wrong_keys.count(self.source, ambient::now());
        }
        OpenAiError::invalid_api_key()
    }

    /// What a failure means where a gate stands in front of the upstream; `None`: it is the upstream's own.
    pub fn judge(&self, failure: &Failure, now: Timestamp) -> Option<OpenAiError> {
        let Failure::Status { status, headers, .. } = failure else { return None };
        let headers: Vec<(&str, &str)> =
            headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
        let head = UpstreamHead { status: status.as_u16(), headers: &headers };
        let metrics = &self.state.metrics;
        match self.state.gate.judge(&self.key, head, now) {
            Verdict::Upstream => None,
            Verdict::Unknown => {
                metrics.refused_for("key");
                // One that we know as good and the gate doesn't is no guess.
                if !self.state.wrong_keys.was_right(&self.key.digest()) {
                    self.state.wrong_keys.count(self.source, now);
                }
                Some(OpenAiError::invalid_api_key())
            }
            Verdict::Activating => {
                metrics.refused_for("activating");
                Some(OpenAiError::key_activating())
            }
            Verdict::Refused(refusal) => {
                metrics.refused(&refusal);
                self.was_right();
                Some(OpenAiError::over_limit(&refusal, now))
            }
            Verdict::Misdirected => Some(OpenAiError::misdirected(failure)),
        }
    }
}
