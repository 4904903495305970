//! Follows one request to its end: settles its pass by how far it came, and writes the one line about it.

use std::time::Instant;

use access::{End, Phase};
use actix_web::{HttpMessage as _, HttpRequest};
use api_types::RequestId;
use proxy::{Follow, How};

use crate::{settlement::OpenPass, shutdown::InFlight};

/// What the proxy tells, exactly once, when the request has ended.
pub fn follow(request: &HttpRequest, pass: OpenPass, in_flight: InFlight) -> Follow {
    let started = Instant::now();
    let id = request.extensions().get::<RequestId>().copied();
    let path = request.path().to_owned();
    let retry = retry_count(request);
    Follow::new(move |end: proxy::End| {
        let (key, plan) = pass.pass().map(|pass| (pass.key, pass.plan_name.clone())).unzip();
        let outcome = match end.how {
            How::Finished => "finished",
            How::Cancelled => "cancelled",
            How::Failed(kind) => kind.as_str(),
        };
        tracing::info!(
            target: "access",
            {
            request.id = id.map(tracing::field::display),
            key.id = key.map(tracing::field::display),
            plan = plan.map(tracing::field::display),
            path,
            outcome,
            upstream.status = end.upstream_status,
            bytes = end.bytes,
            duration_ms = started.elapsed().as_millis(),
            retry,
            cause = end.cause
            },
            "request ended"
        );
        pass.end(facts(&end));
        drop(in_flight);
    })
}

/// What the charge rule wants to know.
fn facts(end: &proxy::End) -> End {
    let phase = match end.phase {
        proxy::Phase::NotSent => Phase::NotSent,
        proxy::Phase::Sent => Phase::Sent,
        proxy::Phase::Accepted => Phase::Accepted,
        proxy::Phase::FirstByte => Phase::FirstByte,
    };
    End { phase, status: end.upstream_status, caller_left: matches!(end.how, How::Cancelled) }
}

/// How often an SDK says that it tried before.
fn retry_count(request: &HttpRequest) -> Option<u32> {
    request.headers().get("x-stainless-retry-count")?.to_str().ok()?.parse().ok()
}
