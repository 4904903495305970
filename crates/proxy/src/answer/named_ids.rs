//! Watches a copy of an answer of `POST /v1/responses` for the ids by which it can be named later.
//!
//! Only where the upstream itself puts an id is one looked for: what an answer echoes of its request, and what a model, a
//! tool or a tool's server said, makes nobody the owner of anything. Memory is bounded, whatever the answer's length.

use std::collections::HashSet;

use crate::{
    follow::OnId,
    json_walk::{Places, Value, Walk},
};

/// Most ids that are told of one answer.
const TOLD_MAX: usize = 4_096;
/// Most bytes of one event that are looked at. Ids stand at the beginning, and those of items come in short events before
/// the long ones that repeat them.
const EVENT_MAX: usize = 64 * 1024;

/// An answer that is watched.
pub(crate) struct NamedIds {
    form: Form,
    told: HashSet<String>,
    tell: OnId,
}

enum Form {
    Json(Walk<Place>),
    Events(sse::Reader),
}

impl NamedIds {
    /// Watches an answer in JSON.
    pub(crate) fn of_json(tell: OnId) -> Self {
        Self::new(Form::Json(Walk::new(Place::Response)), tell)
    }

    /// Watches a stream of events.
    pub(crate) fn of_events(tell: OnId) -> Self {
        Self::new(Form::Events(sse::Reader::new(EVENT_MAX)), tell)
    }

    fn new(form: Form, tell: OnId) -> Self {
        Self { form, told: HashSet::new(), tell }
    }

    /// Looks at bytes that are about to be handed on.
    pub(crate) fn look(&mut self, bytes: &[u8]) {
        let Self { form, told, tell } = self;
        let mut name = |place, value: Value<'_>| {
            if let (Place::Id, Value::Text(id)) = (place, value)
                && !id.is_empty()
                && told.len() < TOLD_MAX
                && !told.contains(id)
            {
                told.insert(id.to_owned());
                tell(id);
            }
        };
        match form {
            Form::Json(walk) => walk.push(bytes, name),
            Form::Events(reader) => {
                reader.push(bytes, |event| Walk::new(Place::Event).push(event.data.as_bytes(), &mut name));
            }
        }
    }
}

/// Where the walk is in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// An event's data.
    Event,
    Response,
    /// Its conversation, or the environment of a call: an object around an id.
    Around(&'static str),
    Output,
    Item,
    /// A message's parts.
    Content,
    Part,
    /// A part's citations.
    Citations,
    Citation,
    Id,
}

impl Places for Place {
    fn field(self, name: &str) -> Option<Self> {
        match (self, name) {
            (Self::Event, "response") => Some(Self::Response),
            (Self::Event, "item") => Some(Self::Item),
            (Self::Event, "annotation") => Some(Self::Citation),
            (Self::Response, "conversation") => Some(Self::Around("id")),
            (Self::Response, "output") => Some(Self::Output),
            (Self::Item, "environment") => Some(Self::Around("container_id")),
            (Self::Item, "content") => Some(Self::Content),
            (Self::Part, "annotations") => Some(Self::Citations),
            (Self::Response, "id") | (Self::Item, "id" | "container_id") => Some(Self::Id),
            (Self::Citation, "container_id" | "file_id") => Some(Self::Id),
            (Self::Around(id), _) if name == id => Some(Self::Id),
            _ => None,
        }
    }

    fn element(self) -> Option<Self> {
        match self {
            Self::Output => Some(Self::Item),
            Self::Content => Some(Self::Part),
            Self::Citations => Some(Self::Citation),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc};

    use serde_json::{Value, json};

    use super::*;

    fn watched(make: impl Fn(OnId) -> NamedIds, pieces: &[&[u8]]) -> Vec<String> {
        let told = Rc::new(RefCell::new(Vec::new()));
        let for_watch = Rc::clone(&told);
        let mut watch = make(Box::new(move |id| for_watch.borrow_mut().push(id.to_owned())));
        pieces.iter().for_each(|piece| watch.look(piece));
        let told = told.borrow();
        told.clone()
    }

    fn answer() -> Value {
        json!({"id": "resp_1", "conversation": {"id": "conv_1", "x": "no"}, "previous_response_id": "no",
        "tools": [{"id": "no", "container": "no", "vector_store_ids": ["no"]}], "prompt": {"id": "no"},
        "output": [
            {"type": "reasoning", "id": "rs_1", "summary": [{"id": "no"}]},
            {"type": "mcp_list_tools", "id": "mcpl_1",
                "tools": [{"input_schema": {"id": "no", "output": [{"id": "no"}]}}]},
            {"type": "function_call", "id": "fc_1", "call_id": "no", "arguments": "{\"id\": \"no\"}"},
            {"type": "shell_call", "id": "sh_1", "environment": {"container_id": "cntr_3", "id": "no"}},
            {"type": "code_interpreter_call", "id": "ci_1", "container_id": "cntr_2"},
            {"type": "message", "id": "msg_1", "content": [{"type": "output_text", "text": "\"id\": \"no\"",
                "annotations": [{"container_id": "cntr_1", "file_id": "cfile_1", "id": "no"}]}]},
        ]})
    }

    const IDS: [&str; 12] = [
        "resp_1", "conv_1", "rs_1", "mcpl_1", "fc_1", "sh_1", "cntr_3", "ci_1", "cntr_2", "msg_1", "cntr_1", "cfile_1",
    ];

    fn sorted(ids: impl IntoIterator<Item = impl Into<String>>) -> Vec<String> {
        let mut ids: Vec<String> = ids.into_iter().map(Into::into).collect();
        ids.sort();
        ids
    }

    #[test]
    fn a_whole_answer_tells_its_ids_once_each_however_it_is_cut() {
        let text = answer().to_string();
        for cut in 0..text.len() {
            let (one, other) = text.as_bytes().split_at(cut);
            assert_eq!(sorted(watched(NamedIds::of_json, &[one, other])), sorted(IDS), "{cut}");
        }
    }

    #[test]
    fn a_stream_tells_its_ids_with_the_first_event_that_names_them() {
        let events = [
            json!({"type": "response.created", "response": {"id": "resp_1", "output": []}}),
            json!({"type": "response.output_item.added", "item": {"type": "message", "id": "msg_1", "content": []}}),
            json!({"type": "response.output_text.delta", "item_id": "no", "delta": "\"id\": \"no\""}),
            json!({"type": "response.output_text.annotation.added",
                "annotation": {"container_id": "cntr_1", "file_id": "cfile_1"}}),
            json!({"type": "response.completed", "response": answer()}),
        ];
        let stream: String = events.iter().map(|event| format!("event: x\ndata: {event}\n\n")).collect();
        let told = watched(NamedIds::of_events, &[stream.as_bytes()]);
        assert_eq!(told[..4], ["resp_1", "msg_1", "cntr_1", "cfile_1"]);
        assert_eq!(sorted(told), sorted(IDS));
    }

    #[test]
    fn an_event_that_is_too_long_is_known_by_its_beginning() {
        let item = format!(r#"{{"id": "ig_1", "result": "{}", "container_id": "late"}}"#, "x".repeat(EVENT_MAX));
        let stream = format!("data: {{\"item\": {item}}}\n\ndata: {{\"item\": {{\"id\": \"msg_1\"}}}}\n\n");
        assert_eq!(watched(NamedIds::of_events, &[stream.as_bytes()]), ["ig_1", "msg_1"]);
    }

    #[test]
    fn what_is_no_id_is_not_told() {
        for answer in [json!({"id": ""}), json!({"id": null}), json!({"id": "x".repeat(10_000)}), json!({"id": [7]})] {
            assert_eq!(watched(NamedIds::of_json, &[answer.to_string().as_bytes()]), [""; 0], "{answer}");
        }
    }

    #[test]
    fn what_one_answer_tells_is_bounded() {
        let items: Vec<Value> = (0..TOLD_MAX * 2).map(|n| json!({"id": n.to_string()})).collect();
        let answer = json!({"output": items}).to_string();
        assert_eq!(watched(NamedIds::of_json, &[answer.as_bytes()]).len(), TOLD_MAX);
    }
}
