//! Settles a request's pass when it has ended, by how far it came, and notes the end for its line in the log.

use std::sync::Arc;

use access::{End, Phase};
use proxy::{FailureKind, Follow, How};

use crate::{access_log::Notes, metrics::Metrics, settlement::OpenPass};

/// What the proxy tells, exactly once, when the request has ended.
pub fn settle_at_end(notes: Notes, pass: OpenPass, metrics: Arc<Metrics>) -> Follow {
    metrics.opened();
    Follow::new(move |end: proxy::End| {
        metrics.ended(&end);
        pass.end(facts(&end));
        notes.ended(end);
    })
}

const BAD_GATEWAY: u16 = 502;

/// What the charge rule wants to know.
fn facts(end: &proxy::End) -> End {
    let phase = match end.phase {
        proxy::Phase::NotSent => Phase::NotSent,
        proxy::Phase::Sent => Phase::Sent,
        proxy::Phase::Accepted => Phase::Accepted,
        proxy::Phase::FirstByte => Phase::FirstByte,
    };
    // A proxy's page says nothing about the request, whatever its status: it is a gateway's failure.
    let is_page = end.how == How::Failed(FailureKind::BadContentType);
    let status = if is_page { Some(BAD_GATEWAY) } else { end.upstream_status };
    End { phase, status, caller_left: matches!(end.how, How::Cancelled) }
}
