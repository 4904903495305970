//! What counts as a complete answer: watches a copy of the bytes go by.
//!
//! A clean end of the connection says little: a server that dies can end it cleanly. So each kind of answer has a mark
//! of its own, and an answer without it was cut short, however it ended.

use std::collections::BTreeMap;

use api_types::openai::is_error;
use serde::Deserialize;
use serde_json::Value;

use crate::Endpoint;

/// Most bytes of one event that are kept to be read. A longer one is known by its beginning.
const EVENT_MAX: usize = 64 * 1024;
/// Most choices that are followed; OpenAI allows 128.
const CHOICES_MAX: usize = 1_024;

/// Watches a stream of events.
///
/// Complete is: `[DONE]`, or a `finish_reason` for every choice seen and for as many as were asked for (chat and
/// completions), or one of the terminal events (responses).
#[derive(Debug)]
pub(crate) struct StreamWatch {
    reader: sse::Reader,
    seen: Seen,
}

#[derive(Debug)]
struct Seen {
    endpoint: Endpoint,
    /// How many choices were asked for.
    wanted: u64,
    /// A terminal mark went by: nothing can follow.
    done: bool,
    /// The upstream reported an error as an event: the caller has been told.
    error_told: bool,
    /// An event went by that is no error: a part of the answer.
    answered: bool,
    /// An event with choices went by since it was last asked.
    progressed: bool,
    /// For each choice, whether it has its `finish_reason`.
    choices: BTreeMap<u64, bool>,
    /// Choices were seen that aren't followed, so that only `[DONE]` is believed.
    unsure: bool,
    /// The number that the next event of a response would have.
    next_sequence_number: u64,
    /// All events had data and nothing else.
    plain: bool,
}

impl StreamWatch {
    /// A watch over the answer to a request that asked for so many choices.
    pub(crate) fn new(endpoint: Endpoint, wanted: u64) -> Self {
        let seen = Seen {
            endpoint,
            wanted,
            done: false,
            error_told: false,
            answered: false,
            progressed: false,
            choices: BTreeMap::new(),
            unsure: false,
            next_sequence_number: 0,
            plain: true,
        };
        Self { reader: sse::Reader::new(EVENT_MAX), seen }
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        self.seen.endpoint
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

    /// The answer is whole, though figures such as its usage may follow.
    pub(crate) fn complete(&self) -> bool {
        let seen = &self.seen;
        let all_finished = !seen.unsure
            && !seen.choices.is_empty()
            && seen.choices.len() as u64 >= seen.wanted
            && seen.choices.values().all(|finished| *finished);
        !seen.error_told && (seen.done || all_finished)
    }

    /// Nothing can follow: a terminal mark or an error went by. In the Responses API a terminal event follows an error.
    pub(crate) fn over(&self) -> bool {
        self.seen.done || (self.seen.error_told && self.seen.endpoint != Endpoint::Responses)
    }

    /// Little can follow: the usage and `[DONE]` where the answer is whole, the terminal event after an error.
    pub(crate) fn nearly_over(&self) -> bool {
        self.seen.error_told || self.complete()
    }

    /// Whether a part of the answer went by since this was last asked. Some servers write a `finish_reason` into every
    /// chunk.
    pub(crate) fn take_progress(&mut self) -> bool {
        std::mem::take(&mut self.seen.progressed)
    }

    /// No event so far had more than data.
    pub(crate) fn plain(&self) -> bool {
        self.seen.plain
    }

    /// The upstream itself told the caller of an error.
    pub(crate) fn error_told(&self) -> bool {
        self.seen.error_told
    }

    /// An event that is no error went by.
    pub(crate) fn answered(&self) -> bool {
        self.seen.answered
    }

    /// The number that the next event of a response would have.
    pub(crate) fn next_sequence_number(&self) -> u64 {
        self.seen.next_sequence_number
    }
}

/// The fields of a chunk that say how far the answer is.
#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Option<Vec<Choice>>,
    #[serde(default)]
    error: Option<Value>,
    #[serde(default, rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    sequence_number: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: Option<u64>,
    #[serde(default)]
    finish_reason: Option<Value>,
}

impl Choice {
    /// Some servers write an empty `finish_reason` into every chunk.
    fn is_finished(&self) -> bool {
        self.finish_reason.as_ref().and_then(Value::as_str).is_some_and(|reason| !reason.is_empty())
    }
}

impl Seen {
    fn event(&mut self, event: &sse::Event<'_>) {
        self.plain &= event.plain;
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
            self.answered = true;
            return;
        }
        let Ok(chunk) = serde_json::from_str::<Chunk>(&event.data) else {
            self.answered = true;
            return;
        };
        if chunk.error.as_ref().is_some_and(is_error) {
            self.error_told = true;
        } else {
            self.answered = true;
        }
        for choice in chunk.choices.unwrap_or_default() {
            self.progressed = true;
            let index = choice.index.unwrap_or_default();
            if self.choices.len() < CHOICES_MAX || self.choices.contains_key(&index) {
                *self.choices.entry(index).or_default() |= choice.is_finished();
            } else {
                self.unsure = true;
            }
        }
    }

    /// Responses name their events in the data's `type`, by which OpenAI's SDKs go, and in the `event` field. The
    /// terminal ones carry the whole answer and may be longer than what is kept: then the beginning must do, where
    /// OpenAI writes the type first.
    fn responses_event(&mut self, event: &sse::Event<'_>) {
        let chunk = if event.cut { None } else { serde_json::from_str::<Chunk>(&event.data).ok() };
        let number = chunk.as_ref().and_then(|chunk| chunk.sequence_number.as_ref()?.as_u64());
        self.next_sequence_number = number.unwrap_or(self.next_sequence_number).saturating_add(1);
        let has_error = chunk.as_ref().is_some_and(|chunk| chunk.error.as_ref().is_some_and(is_error));
        let of_data = match chunk {
            Some(chunk) => chunk.kind,
            None if event.cut => type_at_the_start(&event.data),
            None => None,
        };
        let is_named = |name: &str| of_data.as_deref() == Some(name) || event.name.as_deref() == Some(name);
        self.done |= ["response.completed", "response.failed", "response.incomplete"].into_iter().any(is_named);
        if has_error || is_named("error") {
            self.error_told = true;
        } else if !self.error_told {
            self.answered = true;
        }
    }
}

/// The `type` of an event of which only the beginning was kept.
fn type_at_the_start(data: &str) -> Option<String> {
    let start: String = data.chars().filter(|c| !c.is_whitespace()).take(80).collect();
    start.strip_prefix("{\"type\":\"")?.split('"').next().map(str::to_owned)
}

/// Watches a JSON answer whose only end is that of the connection: whole when its outermost bracket is closed.
#[derive(Debug, Clone, Default)]
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
        let mut watch = StreamWatch::new(endpoint, 1);
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
    fn only_a_reason_in_words_finishes_a_choice_and_all_that_were_asked_for_must() {
        for reason in ["\"\"", "null", "false", "0", "true", "{}"] {
            let chunk = format!("{{\"choices\":[{{\"index\":0,\"finish_reason\":{reason}}}]}}");
            assert!(!watch(Endpoint::ChatCompletions, &[&chunk]).complete(), "{reason}");
        }
        let finished = r#"{"choices":[{"index":null,"finish_reason":"stop"}]}"#;
        assert!(watch(Endpoint::ChatCompletions, &[finished]).complete());
        let mut of_two = StreamWatch::new(Endpoint::ChatCompletions, 2);
        of_two.look(sse::data(finished).as_bytes());
        assert!(!of_two.complete());
        of_two.look(sse::data(r#"{"choices":[{"index":1,"finish_reason":"stop"}]}"#).as_bytes());
        assert!(of_two.complete() && !of_two.over());
        of_two.look(b"data: [DONE]\n\n");
        assert!(of_two.over());
    }

    #[test]
    fn responses_are_numbered_by_their_events() {
        let first = r#"{"type":"response.created","sequence_number":0}"#;
        assert_eq!(watch(Endpoint::Responses, &[]).next_sequence_number(), 0);
        assert_eq!(watch(Endpoint::Responses, &[first]).next_sequence_number(), 1);
        let eighth = r#"{"type":"response.output_text.delta","sequence_number":7}"#;
        assert_eq!(watch(Endpoint::Responses, &[first, eighth]).next_sequence_number(), 8);
        let unnumbered = r#"{"type":"response.output_text.delta"}"#;
        assert_eq!(watch(Endpoint::Responses, &[first, unnumbered]).next_sequence_number(), 2);
    }

    #[test]
    fn terminal_events_complete_responses() {
        for event in ["completed", "failed", "incomplete"] {
            let data = format!("{{\"type\":\"response.{event}\",\"response\":{{}}}}");
            assert!(watch(Endpoint::Responses, &[&data]).complete());
            let mut named = StreamWatch::new(Endpoint::Responses, 1);
            named.look(format!("event: response.{event}\ndata: {{}}\n\n").as_bytes());
            assert!(named.complete());
        }
        assert!(!watch(Endpoint::Responses, &[r#"{"type":"response.output_text.done"}"#]).complete());
        let mut misnamed = StreamWatch::new(Endpoint::Responses, 1);
        misnamed.look(b"event: message\ndata: {\"type\":\"response.completed\"}\n\n");
        assert!(misnamed.complete(), "SDKs go by the data");
        assert!(!watch(Endpoint::Responses, &[r#"{"type":"response.completed","resp"#]).complete(), "half of one");
        let long = format!("{{\"type\":\"response.completed\",\"x\":\"{}\"}}", "x".repeat(100_000));
        assert!(watch(Endpoint::Responses, &[&long]).complete());
    }

    #[test]
    fn an_error_object_of_the_upstream_is_seen_and_is_no_completion() {
        let error = r#"{"error":{"message":"overloaded"}}"#;
        let told = watch(Endpoint::ChatCompletions, &[error, "[DONE]"]);
        assert!(told.error_told() && !told.answered() && told.over() && !told.complete());
        let [created, failed] = [r#"{"type":"response.created"}"#, r#"{"type":"response.failed"}"#];
        let of_responses = r#"{"type":"error","message":"x"}"#;
        let told = watch(Endpoint::Responses, &[of_responses]);
        assert!(told.error_told() && !told.over() && told.nearly_over(), "a terminal event follows");
        assert!(!watch(Endpoint::Responses, &[of_responses, failed]).answered(), "what follows an error is no answer");
        assert!(watch(Endpoint::Responses, &[created, of_responses]).answered());
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
    fn more_choices_than_are_followed_leave_only_done_to_believe() {
        let finished = |index| format!(r#"{{"choices":[{{"index":{index},"finish_reason":"stop"}}]}}"#);
        let mut watch = StreamWatch::new(Endpoint::ChatCompletions, 1);
        (0..CHOICES_MAX).for_each(|index| watch.look(sse::data(&finished(index)).as_bytes()));
        assert!(watch.complete());
        watch.look(sse::data(&finished(CHOICES_MAX)).as_bytes());
        assert!(!watch.complete());
        watch.look(b"data: [DONE]\n\n");
        assert!(watch.complete());
    }

    #[test]
    fn a_tail_without_its_blank_line_is_read_at_a_clean_end() {
        let mut watch = StreamWatch::new(Endpoint::ChatCompletions, 1);
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
