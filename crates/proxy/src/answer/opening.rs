//! What the body of a 2xx opens with, looked at before its head is passed on.
//!
//! Some servers answer 200 and then report an error: as the first event of a stream, or in place of a JSON answer. As
//! long as nothing was sent to the caller, such an error gets a status of its own, and so does a JSON answer that breaks.
//! What comes is waited for a moment, in which a server that refuses mostly says so, and one that answers in JSON mostly
//! is done. A model may think for longer, and some servers fill that time with blank lines or comments, which keep
//! proxies awake: then the head goes out, and what came.

use std::{ops::ControlFlow, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::{complete::JsonWatch, kind::Kind, reported_error, source::Source};
use crate::{Endpoint, FailureKind};

/// Most bytes that are read before the head is passed on.
const OPENING_MAX: usize = 64 * 1024;
/// Longest wait for a stream's first event, or for the end of a JSON answer that began.
const WAIT: Duration = Duration::from_secs(1);

/// What a body opens with.
pub(crate) enum Opening {
    /// An answer that goes on: all of its bytes, those that were looked at among them.
    GoesOn(Source),
    /// A whole answer.
    Whole(Bytes),
    /// An error in place of an answer, as the upstream put it.
    Error(Value),
    /// It broke off, and nothing of it can be passed on.
    Broke(FailureKind, Option<String>),
}

/// Looks at the start of a body for a moment: for less than `heartbeat` at a stream, and not after `ends`.
pub(crate) async fn look(
    source: Source,
    kind: &Kind,
    endpoint: Endpoint,
    heartbeat: Duration,
    ends: Instant,
) -> Opening {
    let until = |wait: Duration| (Instant::now() + wait).min(ends);
    match kind {
        Kind::Events(_) if heartbeat.is_zero() => look_at_events(source, endpoint, until(WAIT)).await,
        Kind::Events(_) => look_at_events(source, endpoint, until(WAIT.min(heartbeat))).await,
        Kind::Framed { left } => look_at_json(source, JsonEnd::Framed(*left), until(WAIT)).await,
        Kind::UntilClose(watch) => look_at_json(source, JsonEnd::Bracket(watch.clone()), until(WAIT)).await,
    }
}

async fn look_at_events(mut source: Source, endpoint: Endpoint, until: Instant) -> Opening {
    let mut read = Vec::new();
    let mut bytes = 0;
    let mut reader = sse::Reader::new(OPENING_MAX);
    let mut first = None;
    while first.is_none() && bytes <= OPENING_MAX {
        let Ok(chunk) = timeout_at(until, source.next()).await else { break };
        match chunk {
            Some(Ok(chunk)) => {
                let look = |event: sse::Event<'_>| {
                    first = Some(reported_error::in_event(endpoint, &event));
                    ControlFlow::Break(())
                };
                let _ = reader.push_while(&chunk, look);
                bytes += chunk.len();
                read.push(Ok(chunk));
            }
            Some(Err(cause)) => {
                read.push(Err(cause));
                return Opening::GoesOn(Box::pin(stream::iter(read)));
            }
            None => {
                reader.finish(|event| _ = first.get_or_insert_with(|| reported_error::in_event(endpoint, &event)));
                source = Box::pin(stream::empty());
                break;
            }
        }
    }
    match first.flatten() {
        Some(error) => Opening::Error(error),
        None => Opening::GoesOn(Box::pin(stream::iter(read).chain(source))),
    }
}

/// What ends a JSON answer.
enum JsonEnd {
    /// Its connection's framing, after so many bytes where their number is known.
    Framed(Option<u64>),
    /// Its outermost bracket; what its connection does then means nothing.
    Bracket(JsonWatch),
}

async fn look_at_json(mut source: Source, mut end: JsonEnd, until: Instant) -> Opening {
    let mut read = BytesMut::new();
    let is_whole = loop {
        let Ok(chunk) = timeout_at(until, source.next()).await else { return goes_on([read.freeze()], source) };
        match chunk {
            Some(Ok(chunk)) if read.len() + chunk.len() > OPENING_MAX => {
                return goes_on([read.freeze(), chunk], source);
            }
            Some(Ok(chunk)) => {
                read.extend_from_slice(&chunk);
                if let JsonEnd::Bracket(watch) = &mut end {
                    watch.look(&chunk);
                    if watch.complete() {
                        break true;
                    }
                }
            }
            Some(Err(cause)) => return Opening::Broke(FailureKind::Interrupted, Some(cause)),
            None => {
                break match end {
                    JsonEnd::Framed(length) => length.is_none_or(|length| length == read.len() as u64),
                    JsonEnd::Bracket(_) => false,
                };
            }
        }
    };
    let read = read.freeze();
    if !is_whole {
        return Opening::Broke(FailureKind::Incomplete, None);
    }
    match reported_error::in_place_of(&read) {
        Some(error) => Opening::Error(error),
        None => Opening::Whole(read),
    }
}

fn goes_on<const N: usize>(read: [Bytes; N], rest: Source) -> Opening {
    let read = read.into_iter().filter(|piece| !piece.is_empty()).map(Ok);
    Opening::GoesOn(Box::pin(stream::iter(read).chain(rest)))
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::answer::heartbeat::Heartbeat;

    const SECOND: Duration = Duration::from_secs(1);
    const LATER: Duration = Duration::from_secs(1_000);

    /// What is found at once in a body that begins with this and then stays silent.
    fn at_once(kind: &Kind, start: &'static str, heartbeat: Duration) -> Option<Opening> {
        let source = stream::iter([Ok(Bytes::from_static(start.as_bytes()))]).chain(stream::pending());
        look(Box::pin(source), kind, Endpoint::ChatCompletions, heartbeat, Instant::now() + LATER).now_or_never()
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_waits_longer_than_until_it_is_known() {
        let events = Kind::events(Endpoint::ChatCompletions, 1, Heartbeat::default());
        for heartbeat in [SECOND, Duration::ZERO] {
            assert!(matches!(at_once(&events, "data: {\"error\":\"x\"}\n\n", heartbeat), Some(Opening::Error(_))));
            let Some(Opening::GoesOn(mut source)) = at_once(&events, "data: {}\n\n", heartbeat) else { panic!() };
            assert_eq!(source.next().await.unwrap().unwrap(), "data: {}\n\n");
            assert!(at_once(&events, ": still thinking\n\n", heartbeat).is_none());
        }
        assert!(matches!(at_once(&Kind::until_close(), "{}", SECOND), Some(Opening::Whole(_))));
        assert!(at_once(&Kind::until_close(), "{", SECOND).is_none());
        let framed = Kind::Framed { left: None };
        assert!(at_once(&framed, "{}", SECOND).is_none());
        let large = "x".repeat(OPENING_MAX + 1).leak();
        assert!(matches!(at_once(&framed, large, SECOND), Some(Opening::GoesOn(_))));
    }
}
