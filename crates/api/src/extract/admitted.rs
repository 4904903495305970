//! What the gate says of a key: that it may make one request ([`Admitted`], charged), that it is good ([`Recognised`],
//! free), or how its plan and use stand ([`Inspected`], free).

use std::time::Instant;

use access::{Admission, Inspection, Recognition};
use actix_web::{FromRequest, HttpRequest, dev::Payload};
use api_types::{AdmissionId, KeyStatus};
use futures_util::future::LocalBoxFuture;

use super::KeyCaller;
use crate::{ambient, openai_error::OpenAiError, settlement::OpenPass};

/// A caller whose key was admitted for one request; dropped before anything was sent, the charge is given back.
///
/// Errors: 401 for a key that isn't good, 400 for two different ones, 429 over a limit, 503 when nobody can tell.
pub struct Admitted {
    /// Leave for one request.
    pub pass: OpenPass,
    /// Who asked.
    pub caller: KeyCaller,
}

/// A caller whose key is good, or made elsewhere, so that only the upstream can tell.
pub struct Recognised(pub KeyCaller);

/// What a key may learn about itself. `None`: it was made elsewhere.
pub struct Inspected(pub Option<KeyStatus>);

impl FromRequest for Admitted {
    type Error = OpenAiError;
    type Future = LocalBoxFuture<'static, Result<Self, OpenAiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        KeyCaller::with(request, async |caller| {
            let (state, now) = (caller.state.clone(), ambient::now());
            let id = AdmissionId::from_random(ambient::random_id());
            let (metrics, started) = (&state.metrics, Instant::now());
            let admission = state.gate.admit(&caller.key, id, now).await;
            metrics.admission_took(started.elapsed());
            match admission.inspect_err(|_| metrics.refused_for("store"))? {
                Admission::Granted(pass) => {
                    match &pass.holder {
                        Some(holder) => caller.is_known(holder.key, &holder.plan_name),
                        None => caller.may_be_passed_on()?,
                    }
                    metrics.admitted();
                    Ok(Self { pass: state.settlement.guard(pass), caller })
                }
                Admission::Refused(refusal) => {
                    metrics.refused(&refusal);
                    match refusal.holder() {
                        Some(holder) => caller.is_known(holder.key, &holder.plan_name),
                        None => caller.was_right(),
                    }
                    Err(OpenAiError::over_limit(&refusal, now))
                }
                Admission::Unknown => Err(caller.was_wrong()),
            }
        })
    }
}

impl FromRequest for Recognised {
    type Error = OpenAiError;
    type Future = LocalBoxFuture<'static, Result<Self, OpenAiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        KeyCaller::with(request, async |caller| {
            match caller.state.gate.recognise(&caller.key, ambient::now()).await? {
                Recognition::Holder(holder) => caller.is_known(holder.key, &holder.plan_name),
                Recognition::Elsewhere => caller.may_be_passed_on()?,
                Recognition::Unknown => return Err(caller.was_wrong()),
            }
            Ok(Self(caller))
        })
    }
}

impl FromRequest for Inspected {
    type Error = OpenAiError;
    type Future = LocalBoxFuture<'static, Result<Self, OpenAiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        KeyCaller::with(request, async |caller| match caller.state.gate.inspect(&caller.key, ambient::now()).await? {
            Inspection::Known(status) => {
                caller.is_known(status.id, &status.plan_name);
                Ok(Self(Some(status)))
            }
            Inspection::Elsewhere => Ok(Self(None)),
            Inspection::Unknown => Err(caller.was_wrong()),
        })
    }
}
