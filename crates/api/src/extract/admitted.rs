//! The key holder: known ([`KeyHolder`], free) or admitted to make one request ([`Admitted`], charged).

use std::{future::Future, pin::Pin, time::Instant};

use access::{Admission, PresentedKey, Refusal};
use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header, web::Data};
use api_types::{AttemptId, KeyStatus};

use crate::{
    access_log::Notes, ambient, openai_error::OpenAiError, settlement::OpenPass, source::Source, state::State,
};

/// A caller whose key was admitted for one request; dropped before anything was sent, the charge is given back.
///
/// Errors: 401 for a key that isn't good, 400 for two different ones, 429 over a limit, 503 when nobody can tell.
pub struct Admitted(pub OpenPass);

/// A caller whose key is good; costs nothing.
pub struct KeyHolder(pub KeyStatus);

impl FromRequest for Admitted {
    type Error = OpenAiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, OpenAiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let asked = Asked::read(&request)?;
            let (state, now) = (asked.state.clone(), ambient::now());
            let attempt = AttemptId::from_random(ambient::random());
            let (metrics, started) = (&state.metrics, Instant::now());
            let admission = state.gate.admit(&asked.key, attempt, now).await;
            metrics.admission_took(started.elapsed());
            match admission.inspect_err(|_| metrics.refused_for("store"))? {
                Admission::Granted(pass) => {
                    metrics.admitted();
                    asked.was_right();
                    Notes::of(&request).key(pass.key, &pass.plan_name);
                    Ok(Self(state.settlement.guard(pass)))
                }
                Admission::Refused(refusal) => {
                    metrics.refused(&refusal);
                    asked.was_right();
                    let (Refusal::Quota { key, plan_name, .. } | Refusal::Throttle { key, plan_name, .. }) = &refusal;
                    Notes::of(&request).key(*key, plan_name);
                    Err(OpenAiError::refused(&refusal, now))
                }
                Admission::Unknown => Err(asked.was_wrong()),
            }
        })
    }
}

impl FromRequest for KeyHolder {
    type Error = OpenAiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, OpenAiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let asked = Asked::read(&request)?;
            match asked.state.gate.inspect(&asked.key, ambient::now()).await? {
                Some(status) => {
                    asked.was_right();
                    Notes::of(&request).key(status.id, &status.plan_name);
                    Ok(Self(status))
                }
                None => Err(asked.was_wrong()),
            }
        })
    }
}

/// A presented key that may be looked at: its source hasn't shown too many wrong ones.
struct Asked {
    state: Data<State>,
    key: PresentedKey,
    source: Source,
}

impl Asked {
    fn read(request: &HttpRequest) -> Result<Self, OpenAiError> {
        let state = super::signed_in::state(request).map_err(OpenAiError::internal)?;
        let key = presented(request)?.ok_or_else(OpenAiError::invalid_api_key)?;
        let key = PresentedKey::parse(&key).ok_or_else(OpenAiError::invalid_api_key)?;
        let source = Source::of(request, &state.config.server.trusted_proxies);
        // A key that was right lately passes whatever its neighbours do. One whose checksum is off costs no look-up.
        let is_known = key.own().is_none_or(|(id, _)| state.attempts.seen_keys.contains(&id));
        if !is_known && let Err(seconds) = state.attempts.keys.check(&source, ambient::now()) {
            state.metrics.refused_for("attempts");
            return Err(OpenAiError::too_many_attempts(seconds));
        }
        Ok(Self { state, key, source })
    }

    fn was_right(&self) {
        if let Some((id, _)) = self.key.own() {
            self.state.attempts.seen_keys.insert(id);
        }
    }

    /// The refusal of a wrong key. Only an answer counts: a store that could not be asked costs nobody a try.
    fn was_wrong(&self) -> OpenAiError {
        self.state.metrics.refused_for("key");
        if self.key.own().is_some() {
            self.state.attempts.keys.count(self.source, ambient::now());
        }
        OpenAiError::invalid_api_key()
    }
}

/// The key from `x-api-key` or `Authorization: Bearer`; both may stand, if they are equal.
fn presented(request: &HttpRequest) -> Result<Option<String>, OpenAiError> {
    let mut found: Option<&str> = None;
    let plain = request.headers().get_all("x-api-key").map(|value| value.to_str().unwrap_or_default());
    let bearer = request.headers().get_all(header::AUTHORIZATION).map(|value| {
        let text = value.to_str().unwrap_or_default();
        match text.split_once(' ') {
            Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer") => key.trim(),
            _ => "",
        }
    });
    for key in plain.chain(bearer) {
        match found {
            Some(other) if other != key => return Err(OpenAiError::conflicting_credentials()),
            _ => found = Some(key),
        }
    }
    Ok(found.map(str::to_owned))
}
