//! What the body of a 2xx opens with, looked at before its head is passed on.
//!
//! Some servers answer 200 and then report an error: as the first event of a stream, or in place of a JSON answer. As
//! long as nothing was sent to the caller, such an error gets a status of its own, and so does a JSON answer that breaks.
//! What comes is waited for a moment, in which a server that refuses mostly says so, and one that answers in JSON mostly
//! is done. A model may think for longer, and some servers fill that time with blank lines or comments, which keep
//! proxies awake: then the head goes out, and what came.

use std::time::Duration;

use api_types::openai::is_error;
use bytes::{Bytes, BytesMut};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use crate::{
    Endpoint, FailureKind,
    complete::{JsonWatch, reported_error},
    followed::Kind,
    source::Source,
};

/// Most bytes that are read before the head is passed on.
const OPENING_MAX: usize = 64 * 1024;
/// Longest wait for a stream's first event, or for the end of a JSON answer that began.
const WAIT: Duration = Duration::from_secs(1);

/// What a body opens with.
pub(crate) enum Opening {
    /// An answer that goes on: all of its bytes, those that were looked at among them.
    Goes(Source),
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
                let mut look =
                    |event: sse::Event<'_>| _ = first.get_or_insert_with(|| reported_error(endpoint, &event));
                reader.push(&chunk, &mut look);
                bytes += chunk.len();
                read.push(Ok(chunk));
            }
            Some(Err(cause)) => {
                read.push(Err(cause));
                return Opening::Goes(Box::pin(stream::iter(read)));
            }
            None => {
                reader.finish(|event| _ = first.get_or_insert_with(|| reported_error(endpoint, &event)));
                source = Box::pin(stream::empty());
                break;
            }
        }
    }
    match first.flatten() {
        Some(error) => Opening::Error(error),
        None => Opening::Goes(Box::pin(stream::iter(read).chain(source))),
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
    match error_in_place_of(&read) {
        Some(error) => Opening::Error(error),
        None => Opening::Whole(read),
    }
}

fn goes_on<const N: usize>(read: [Bytes; N], rest: Source) -> Opening {
    let read = read.into_iter().filter(|piece| !piece.is_empty()).map(Ok);
    Opening::Goes(Box::pin(stream::iter(read).chain(rest)))
}

/// The fields of a JSON answer that tell an answer from an error.
#[derive(Deserialize)]
struct Answer {
    error: Option<Value>,
    choices: Option<Vec<IgnoredAny>>,
    data: Option<Vec<IgnoredAny>>,
    /// A response that failed is an answer of the Responses API, and says so in fields of its own.
    output: Option<IgnoredAny>,
}

fn error_in_place_of(answer: &[u8]) -> Option<Value> {
    let answer: Answer = serde_json::from_slice(answer).ok()?;
    let is_empty = |list: Option<Vec<_>>| list.is_none_or(|list: Vec<IgnoredAny>| list.is_empty());
    let error = answer.error.filter(is_error)?;
    (is_empty(answer.choices) && is_empty(answer.data) && answer.output.is_none()).then_some(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_without_an_answer_is_told_from_an_answer_with_an_error_field() {
        for error in [
            r#"{"error":{"message":"x"}}"#,
            r#"{"choices":[],"error":"x"}"#,
            r#"{"error":{"code":1},"choices":null,"data":[]}"#,
        ] {
            assert!(error_in_place_of(error.as_bytes()).is_some(), "{error}");
        }
        for answer in [
            "",
            "[]",
            "{}",
            r#"{"error":null}"#,
            r#"{"error":{}}"#,
            r#"{"error":""}"#,
            r#"{"error":{"message":"x"},"choices":[{"index":0}]}"#,
            r#"{"object":"response","status":"failed","error":{"message":"x"},"output":[]}"#,
            r#"{"error":{"message":"cut"#,
        ] {
            assert!(error_in_place_of(answer.as_bytes()).is_none(), "{answer}");
        }
    }
}
