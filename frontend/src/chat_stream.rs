//! A streamed chat answer: bytes in, text out, and at the end whether it is all there.
//!
//! A stream that merely stops is not a success: complete means `[DONE]` or a finish reason.

use api_types::openai::is_error;
use serde::Deserialize;
use serde_json::Value;
use sse::Reader;

use crate::conversation::Progress;

/// Longest event that is kept, in bytes. One delta is a few hundred; a megabyte leaves room for odd upstreams.
const EVENT_MAX_BYTES: usize = 1 << 20;

/// What has come of one answer, apart from its text.
pub(crate) struct ChatStream {
    reader: Reader,
    ending: Ending,
}

/// What is known of how the answer ends.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Ending {
    /// Nothing yet.
    Open,
    /// A finish reason or `[DONE]` came.
    Whole,
    /// Cut by the model's limit of length.
    Length,
    /// It failed; a sentence.
    Failed(String),
}

impl From<Ending> for Progress {
    fn from(ending: Ending) -> Self {
        match ending {
            Ending::Whole => Self::Complete,
            Ending::Length => Self::CutByLength,
            Ending::Failed(sentence) => Self::Interrupted(sentence),
            Ending::Open => Self::Interrupted("The answer broke off before its end.".to_owned()),
        }
    }
}

/// One chunk of the answer. Fields that are missing, null or empty are all the same: upstreams differ.
#[derive(Deserialize)]
struct Chunk {
    choices: Option<Vec<Choice>>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    index: Option<u32>,
    delta: Option<Words>,
    message: Option<Words>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Words {
    content: Option<String>,
    refusal: Option<String>,
}

impl ChatStream {
    /// The start of an answer.
    pub(crate) fn new() -> Self {
        Self { reader: Reader::new(EVENT_MAX_BYTES), ending: Ending::Open }
    }

    /// Takes bytes, cut anywhere; answers the text that they complete.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> String {
        let mut text = String::new();
        let ending = &mut self.ending;
        self.reader.push(bytes, |event| take(&event.data, ending, &mut text));
        text
    }

    /// Whether nothing more is to come, although the connection may still be open.
    pub(crate) const fn is_over(&self) -> bool {
        matches!(self.ending, Ending::Failed(_))
    }

    /// The connection ended or broke: what was finished before stays finished. Some servers end right after their last event, without its blank line: its text comes
    /// out here.
    pub(crate) fn end(self) -> (String, Progress) {
        let (mut text, mut ending) = (String::new(), self.ending);
        self.reader.finish(|event| take(&event.data, &mut ending, &mut text));
        (text, ending.into())
    }
}

/// An answer that came as one JSON document.
pub(crate) fn whole(document: &str) -> (String, Progress) {
    let (mut text, mut ending) = (String::new(), Ending::Open);
    take(document, &mut ending, &mut text);
    (text, ending.into())
}

fn take(data: &str, ending: &mut Ending, text: &mut String) {
    if matches!(ending, Ending::Failed(_)) {
        return;
    }
    let data = data.trim();
    if data == "[DONE]" {
        if *ending == Ending::Open {
            *ending = Ending::Whole;
        }
        return;
    }
    let Ok(chunk) = serde_json::from_str::<Chunk>(data) else {
        *ending = Ending::Failed("The model sent something that can't be read.".to_owned());
        return;
    };
    if let Some(sentence) = chunk.error.as_ref().and_then(failure) {
        *ending = Ending::Failed(sentence);
        return;
    }
    // One answer was asked for; an upstream that sends several isn't mixed into one.
    let choices = chunk.choices.into_iter().flatten();
    for choice in choices.filter(|choice| choice.index.is_none_or(|index| index == 0)) {
        if let Some(words) = choice.delta.or(choice.message) {
            text.extend(words.content);
            text.extend(words.refusal);
        }
        match choice.finish_reason.as_deref() {
            None | Some("") => {}
            Some("length") => *ending = Ending::Length,
            Some("content_filter") => {
                *ending = Ending::Failed("The model's content filter ended the answer.".to_owned());
            }
            Some(_) => *ending = Ending::Whole,
        }
    }
}

/// What an `error` field says; `None` where it is there and says nothing.
fn failure(error: &Value) -> Option<String> {
    let message = error.get("message").and_then(Value::as_str).or(error.as_str());
    is_error(error).then(|| message.filter(|text| !text.is_empty()).unwrap_or("The model failed.").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delta(text: &str) -> String {
        format!("data: {}\n\n", serde_json::json!({"choices": [{"index": 0, "delta": {"content": text}}]}))
    }

    fn finish(reason: &str) -> String {
        format!("data: {}\n\n", serde_json::json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}))
    }

    /// Feeds the stream in pieces of `step` bytes.
    fn run(stream: &str, step: usize) -> (String, Progress) {
        let mut chat = ChatStream::new();
        let mut text: String = stream.as_bytes().chunks(step).map(|piece| chat.push(piece)).collect();
        let (rest, progress) = chat.end();
        text.push_str(&rest);
        (text, progress)
    }

    #[test]
    fn an_answer_is_the_same_however_the_bytes_are_cut() {
        for heartbeat in [": heartbeat\n\n", ": heartbeat\n"] {
            let parts = [&delta("Grüße, "), heartbeat, &delta("🌊"), &finish("stop"), heartbeat, "data: [DONE]\n\n"];
            let stream = parts.concat();
            for step in 1..stream.len() {
                assert_eq!(run(&stream, step), ("Grüße, 🌊".to_owned(), Progress::Complete), "{step}");
            }
        }
    }

    #[test]
    fn a_stream_that_merely_stops_is_interrupted() {
        let (text, progress) = run(&delta("Half"), 7);
        assert_eq!(text, "Half");
        assert!(matches!(progress, Progress::Interrupted(_)));
        assert!(matches!(run("", 1).1, Progress::Interrupted(_)));
    }

    #[test]
    fn done_or_a_finish_reason_completes_it() {
        assert_eq!(run(&format!("{}data: [DONE]\n\n", delta("a")), 9).1, Progress::Complete);
        assert_eq!(run(&format!("{}{}", delta("a"), finish("stop")), 9).1, Progress::Complete);
        assert_eq!(run(&format!("{}data: [DONE]", delta("a")), 9).1, Progress::Complete);
    }

    #[test]
    fn an_answer_cut_by_length_says_so_even_when_done_follows() {
        assert_eq!(run(&format!("{}{}data: [DONE]\n\n", delta("a"), finish("length")), 9).1, Progress::CutByLength);
    }

    #[test]
    fn an_error_event_keeps_the_text_and_gives_its_sentence() {
        let stream = format!(
            "{}data: {}\n\n",
            delta("Half"),
            serde_json::json!({"error": {"message": "The upstream broke off.", "code": "upstream_stream_interrupted"}})
        );
        let expected = Progress::Interrupted("The upstream broke off.".to_owned());
        assert_eq!(run(&stream, 5), ("Half".to_owned(), expected));
    }

    #[test]
    fn nothing_after_an_error_counts() {
        let stream = format!("data: {{\"error\": {{\"code\": 1}}}}\n\n{}data: [DONE]\n\n", delta("more"));
        let (text, progress) = run(&stream, 11);
        assert_eq!(text, "");
        assert!(matches!(progress, Progress::Interrupted(_)));
    }

    #[test]
    fn what_is_there_and_says_nothing_is_neither_an_end_nor_an_error() {
        assert!(matches!(run(&format!("{}{}", delta("a"), finish("")), 9).1, Progress::Interrupted(_)));
        for empty in ["null", "\"\"", "{}", "false", "0", "[]"] {
            let stream = format!("data: {{\"choices\":null,\"error\":{empty}}}\n\n{}{}", delta("a"), finish("stop"));
            assert_eq!(run(&stream, 9), ("a".to_owned(), Progress::Complete), "{empty}");
        }
        for error in ["\"overloaded\"", "{\"message\":\"overloaded\"}"] {
            let told = run(&format!("{}data: {{\"error\":{error}}}\n\n", delta("a")), 9).1;
            assert_eq!(told, Progress::Interrupted("overloaded".to_owned()));
        }
    }

    #[test]
    fn garbage_is_a_failure_and_not_a_panic() {
        for data in ["data: <html>\n\n", "data: 5\n\n", "data: {\"choices\": 5}\n\n"] {
            assert!(matches!(run(data, 3).1, Progress::Interrupted(_)), "{data}");
        }
    }

    #[test]
    fn chunks_without_text_are_passed_over() {
        let stream = format!(
            "data: {}\n\n{}{}data: {{\"choices\": [], \"usage\": {{}}}}\n\ndata: [DONE]\n\n",
            serde_json::json!({"choices": [{"index": 0, "delta": {"role": "assistant", "content": null}}]}),
            delta("a"),
            finish("stop"),
        );
        assert_eq!(run(&stream, 13), ("a".to_owned(), Progress::Complete));
    }

    #[test]
    fn a_whole_document_is_an_answer_too() {
        let document = serde_json::json!({"choices": [{"message": {"content": "All."}, "finish_reason": "stop"}]});
        assert_eq!(whole(&document.to_string()), ("All.".to_owned(), Progress::Complete));
        assert!(matches!(whole("<html>").1, Progress::Interrupted(_)));
    }
}
