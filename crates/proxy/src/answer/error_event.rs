//! The event that tells a caller of a failure in mid-stream, in the form that the endpoint's clients look for.

use api_types::openai::{ErrorEnvelope, ErrorObject};
use bytes::Bytes;
use serde::Serialize;

use super::complete::StreamWatch;
use crate::{Endpoint, FailureKind};

const CODE: &str = "upstream_stream_interrupted";

/// An error as the Responses API streams it: clients dispatch on `type` (OpenAI's API reference, "Streaming events",
/// `error`). The envelope stands in it too, for those that look for a top-level `error`, as OpenAI's SDKs do.
#[derive(Serialize)]
struct ResponsesError<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    code: &'static str,
    message: &'a str,
    param: Option<()>,
    sequence_number: u64,
    #[serde(flatten)]
    envelope: &'a ErrorEnvelope,
}

/// The event for this failure of the watched stream; SDKs raise on it.
pub(crate) fn error_event(failed: FailureKind, watch: &StreamWatch) -> Bytes {
    let message = match failed {
        FailureKind::IdleTimeout => "The upstream fell silent before its answer was complete. Try again.",
        FailureKind::TotalTimeout => {
            "The answer took longer than this server allows and was ended. Ask for a shorter one."
        }
        FailureKind::ShuttingDown => {
            "This server is shutting down and ended the answer before it was complete. Try again."
        }
        _ => "The upstream ended before its answer was complete. Try again.",
    };
    let error = ErrorObject {
        message: message.to_owned(),
        kind: "upstream_error".to_owned(),
        param: None,
        code: Some(CODE.to_owned()),
        quota: None,
    };
    let envelope = ErrorEnvelope { error };
    // Strings in a struct always serialise; an empty event would still end the answer without `[DONE]`.
    match watch.endpoint() {
        Endpoint::Responses => {
            let sequence_number = watch.next_sequence_number();
            let event = ResponsesError {
                kind: "error",
                code: CODE,
                message,
                param: None,
                sequence_number,
                envelope: &envelope,
            };
            sse::named("error", &serde_json::to_string(&event).unwrap_or_default()).into()
        }
        Endpoint::ChatCompletions | Endpoint::Completions | Endpoint::Embeddings => {
            sse::data(&serde_json::to_string(&envelope).unwrap_or_default()).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_is_told_in_its_own_words() {
        let watch = StreamWatch::new(Endpoint::ChatCompletions, 1);
        for (kind, words) in [
            (FailureKind::IdleTimeout, "fell silent"),
            (FailureKind::TotalTimeout, "longer than this server allows"),
            (FailureKind::ShuttingDown, "shutting down"),
            (FailureKind::Interrupted, "ended before"),
        ] {
            let event = error_event(kind, &watch);
            assert!(std::str::from_utf8(&event).unwrap().contains(words), "{event:?}");
        }
    }
}
