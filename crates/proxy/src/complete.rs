//! What counts as a complete answer: watches a copy of the bytes go by.
//!
//! A clean end of the connection says little: a server that dies can end it cleanly. So each kind of answer has a mark
//! of its own, and an answer without it was cut short, however it ended.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::Endpoint;

/// Most bytes of one event that are kept to be read. A longer one is known by its beginning.
const EVENT_MAX: usize = 64 * 1024;
/// Most choices that are followed; OpenAI allows 128.
const CHOICES_MAX: usize = 1_024;

/// Watches a stream of events.
///
/// Complete is: `[DONE]`, or a `finish_reason` for every choice seen (chat and completions), or one of the terminal
/// events (responses).
#[derive(Debug)]
pub(crate) struct StreamWatch {
    reader: sse::Reader,
    seen: Seen,
}

#[derive(Debug)]
struct Seen {
    endpoint: Endpoint,
    /// A terminal mark went by.
    done: bool,
    /// The upstream reported an error as an event: the caller has been told.
    error_told: bool,
    /// For each choice, whether it has its `finish_reason`.
    choices: BTreeMap<u64, bool>,
    /// Choices were seen that aren't followed, so that only `[DONE]` is believed.
    unsure: bool,
}

impl StreamWatch {
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        let seen = Seen { endpoint, done: false, error_told: false, choices: BTreeMap::new(), unsure: false };
        Self { reader: sse::Reader::new(EVENT_MAX), seen }
    }

    /// Looks at bytes that are handed on.
    pub(crate) fn look(&mut self, bytes: &[u8]) {
        self.reader.push(bytes, |event| self.seen.event(&event));
    }

    /// Looks at what follows the last whole event when the stream ended cleanly: some servers leave the last blank line
    /// out.
    pub(crate) fn look_at_tail(&mut self, tail: &[u8]) {
        self.look(tail);
        let reader = std::mem::replace(&mut self.reader, sse::Reader::new(0));
        reader.finish(|event| self.seen.event(&event));
    }

    /// The answer is whole.
    pub(crate) fn complete(&self) -> bool {
        let seen = &self.seen;
        let all_finished = !seen.choices.is_empty() && !seen.unsure && seen.choices.values().all(|finished| *finished);
        !seen.error_told && (seen.done || all_finished)
    }

    /// The upstream itself told the caller of an error.
    pub(crate) fn error_told(&self) -> bool {
        self.seen.error_told
    }
}

/// The fields of a chunk that say how far the answer is.
#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Option<Vec<Choice>>,
    #[serde(default)]
    error: Option<serde_json::Value>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u64,
    #[serde(default)]
    finish_reason: Option<serde_json::Value>,
}

impl Seen {
    fn event(&mut self, event: &sse::Event<'_>) {
        if event.data.trim() == "[DONE]" {
            self.done = true;
            return;
        }
        if self.endpoint == Endpoint::Responses {
            self.responses_event(event);
            return;
        }
        if event.cut {
            // Too long to be read: it may hold a choice of its own.
            self.unsure = true;
            return;
        }
        let Ok(chunk) = serde_json::from_str::<Chunk>(&event.data) else { return };
        self.error_told |= chunk.error.as_ref().is_some_and(truthy);
        for choice in chunk.choices.unwrap_or_default() {
            let finished = choice.finish_reason.is_some_and(|reason| !reason.is_null());
            if self.choices.len() < CHOICES_MAX || self.choices.contains_key(&choice.index) {
                *self.choices.entry(choice.index).or_default() |= finished;
            } else {
                self.unsure = true;
            }
        }
    }

    /// Responses name their events, in the `event` field and in the data's `type`. The terminal ones carry the whole
    /// answer and may be longer than what is kept: then the beginning must do, where OpenAI writes the type first.
    fn responses_event(&mut self, event: &sse::Event<'_>) {
        let of_data = || {
            if event.cut {
                let start: String = event.data.chars().filter(|c| !c.is_whitespace()).take(80).collect();
                return start.strip_prefix("{\"type\":\"")?.split('"').next().map(str::to_owned);
            }
            let chunk = serde_json::from_str::<Chunk>(&event.data).ok()?;
            chunk.kind.or_else(|| chunk.error.as_ref().is_some_and(truthy).then(|| "error".to_owned()))
        };
        match event.name.as_deref().map(str::to_owned).or_else(of_data).as_deref() {
            Some("response.completed" | "response.failed" | "response.incomplete") => self.done = true,
            Some("error") => self.error_told = true,
            _ => {}
        }
    }
}

/// What OpenAI's Python SDK takes for an error: an `error` field with something in it.
fn truthy(value: &serde_json::Value) -> bool {
    match value {
        serde_json::Value::Null => false,
        serde_json::Value::Bool(value) => *value,
        serde_json::Value::Number(value) => value.as_f64() != Some(0.0),
        serde_json::Value::String(value) => !value.is_empty(),
        serde_json::Value::Array(value) => !value.is_empty(),
        serde_json::Value::Object(value) => !value.is_empty(),
    }
}

/// Watches a JSON answer whose only end is that of the connection: whole when its outermost bracket is closed.
#[derive(Debug, Default)]
pub(crate) struct JsonWatch {
    depth: u64,
    in_string: bool,
    escaped: bool,
    closed: bool,
}

impl JsonWatch {
    pub(crate) fn look(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if self.in_string {
                let escaped = std::mem::take(&mut self.escaped);
                self.escaped = !escaped && *byte == b'\\';
                self.in_string = escaped || *byte != b'"';
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.closed |= self.depth == 0;
                }
                _ => {}
            }
        }
    }

    pub(crate) fn complete(&self) -> bool {
        self.closed && self.depth == 0 && !self.in_string
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch(endpoint: Endpoint, events: &[&str]) -> StreamWatch {
        let mut watch = StreamWatch::new(endpoint);
        events.iter().for_each(|event| watch.look(sse::data(event).as_bytes()));
        watch
    }

    #[test]
    fn done_or_a_finish_reason_for_every_choice_completes_a_chat() {
        let first = r#"{"choices":[{"index":0,"finish_reason":null},{"index":1}]}"#;
        let one = r#"{"choices":[{"index":0,"finish_reason":"stop"}]}"#;
        let other = r#"{"choices":[{"index":1,"finish_reason":"length"}]}"#;
        for endpoint in [Endpoint::ChatCompletions, Endpoint::Completions] {
            assert!(!watch(endpoint, &[]).complete());
            assert!(!watch(endpoint, &[first]).complete());
            assert!(!watch(endpoint, &[first, one]).complete());
            assert!(watch(endpoint, &[first, one, other]).complete());
            assert!(watch(endpoint, &[first, one, other, r#"{"choices":[],"usage":{}}"#]).complete());
            assert!(watch(endpoint, &[first, "[DONE]"]).complete());
        }
    }

    #[test]
    fn terminal_events_complete_responses() {
        for event in ["completed", "failed", "incomplete"] {
            let data = format!("{{\"type\":\"response.{event}\",\"response\":{{}}}}");
            assert!(watch(Endpoint::Responses, &[&data]).complete());
            let mut named = StreamWatch::new(Endpoint::Responses);
            named.look(format!("event: response.{event}\ndata: {{}}\n\n").as_bytes());
            assert!(named.complete());
        }
        assert!(!watch(Endpoint::Responses, &[r#"{"type":"response.output_text.done"}"#]).complete());
        let long = format!("{{\"type\":\"response.completed\",\"x\":\"{}\"}}", "x".repeat(100_000));
        assert!(watch(Endpoint::Responses, &[&long]).complete());
    }

    #[test]
    fn an_error_object_of_the_upstream_is_seen_and_is_no_completion() {
        let error = r#"{"error":{"message":"overloaded"}}"#;
        let told = watch(Endpoint::ChatCompletions, &[error, "[DONE]"]);
        assert!(told.error_told() && !told.complete());
        assert!(watch(Endpoint::Responses, &[r#"{"type":"error","message":"x"}"#]).error_told());
        assert!(!watch(Endpoint::ChatCompletions, &[r#"{"error":null,"choices":[]}"#]).error_told());
    }

    #[test]
    fn an_event_too_long_to_read_leaves_only_done_to_believe() {
        let long = format!("{{\"x\":\"{}\"}}", "x".repeat(100_000));
        let finished = r#"{"choices":[{"index":0,"finish_reason":"stop"}]}"#;
        assert!(!watch(Endpoint::ChatCompletions, &[&long, finished]).complete());
        assert!(watch(Endpoint::ChatCompletions, &[&long, finished, "[DONE]"]).complete());
    }

    #[test]
    fn a_tail_without_its_blank_line_is_read_at_a_clean_end() {
        let mut watch = StreamWatch::new(Endpoint::ChatCompletions);
        assert!(!watch.complete());
        watch.look_at_tail(b"data: [DONE]");
        assert!(watch.complete());
    }

    #[test]
    fn json_is_whole_when_its_outermost_bracket_is_closed() {
        let text = r#"{"a":["}\"]",{"b":"\\"}]} "#;
        for cut in 0..text.len() {
            let mut watch = JsonWatch::default();
            watch.look(&text.as_bytes()[..cut]);
            assert_eq!(watch.complete(), cut >= text.len() - 1, "{}", &text[..cut]);
        }
    }
}
