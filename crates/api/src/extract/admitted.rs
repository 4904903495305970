//! The key holder: known ([`KeyHolder`], free; [`KeyTeller`] with the key's plan and use) or admitted to make one request
//! ([`Admitted`], charged).

use std::{future::Future, pin::Pin, time::Instant};

use access::{Admission, Inspection, Recognition};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use api_types::{AdmissionId, KeyStatus};

use super::KeyCaller;
use crate::{access_log::Notes, ambient, openai_error::OpenAiError, settlement::OpenPass};

/// A caller whose key was admitted for one request; dropped before anything was sent, the charge is given back.
///
/// Errors: 401 for a key that isn't good, 400 for two different ones, 429 over a limit, 503 when nobody can tell.
pub struct Admitted {
    /// Leave for one request.
    pub pass: OpenPass,
    /// Who asked.
    pub caller: KeyCaller,
}

/// A caller whose key is good, or made elsewhere, so that only the upstream can tell; costs nothing.
pub struct KeyHolder {
    /// Who asked.
    pub caller: KeyCaller,
}

/// What a key may learn about itself; costs nothing. `None`: it was made elsewhere.
pub struct KeyTeller(pub Option<KeyStatus>);

impl FromRequest for Admitted {
    type Error = OpenAiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, OpenAiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = KeyCaller::read(&request)?;
            let (state, now) = (caller.state.clone(), ambient::now());
            let id = AdmissionId::from_random(ambient::random());
            let (metrics, started) = (&state.metrics, Instant::now());
            let admission = state.gate.admit(&caller.key, id, now).await;
            metrics.admission_took(started.elapsed());
            match admission.inspect_err(|_| metrics.refused_for("store"))? {
                Admission::Granted(pass) => {
                    match &pass.holder {
                        Some(holder) => {
                            caller.was_right();
                            Notes::of(&request).key(holder.key, &holder.plan_name);
                        }
                        None => caller.may_be_passed_on()?,
                    }
                    metrics.admitted();
                    Ok(Self { pass: state.settlement.guard(pass), caller })
                }
                Admission::Refused(refusal) => {
                    metrics.refused(&refusal);
                    caller.was_right();
                    if let Some(holder) = refusal.holder() {
                        Notes::of(&request).key(holder.key, &holder.plan_name);
                    }
                    Err(OpenAiError::refused(&refusal, now))
                }
                Admission::Unknown => Err(caller.was_wrong()),
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
            let caller = KeyCaller::read(&request)?;
            match caller.state.gate.recognise(&caller.key, ambient::now()).await? {
                Recognition::Holder(holder) => {
                    caller.was_right();
                    Notes::of(&request).key(holder.key, &holder.plan_name);
                }
                Recognition::Elsewhere => caller.may_be_passed_on()?,
                Recognition::Unknown => return Err(caller.was_wrong()),
            }
            Ok(Self { caller })
        })
    }
}

impl FromRequest for KeyTeller {
    type Error = OpenAiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, OpenAiError>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let caller = KeyCaller::read(&request)?;
            match caller.state.gate.inspect(&caller.key, ambient::now()).await? {
                Inspection::Known(status) => {
                    caller.was_right();
                    Notes::of(&request).key(status.id, &status.plan_name);
                    Ok(Self(Some(status)))
                }
                Inspection::Elsewhere => Ok(Self(None)),
                Inspection::Unknown => Err(caller.was_wrong()),
            }
        })
    }
}
