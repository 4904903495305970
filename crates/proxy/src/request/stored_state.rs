//! Which fields of a request name something that the upstream keeps, and what may be named.
//!
//! All callers share the upstream's one account, so that whoever names another's response, file or conversation would
//! get it. What an answer named can be told to be its caller's own: the fields of that kind are listed by [`named`], and
//! whoever calls it looks their owner up. What no answer names can't, and is refused here.
//!
//! The fields of OpenAI's reference (openai-openapi at f85dbe2, and the request types of openai-python at e43b422, both
//! of August 2026) and vLLM's one of its own:
//!
//! | field | call | names | rule |
//! |---|---|---|---|
//! | `previous_response_id` | responses | a response | own |
//! | `conversation`, `conversation.id` | responses | a conversation | own |
//! | `input[].id`, also of an `item_reference` | responses | an item of an answer, whose content the upstream adds | own |
//! | `input[].approval_request_id` | responses | an item of an answer | own |
//! | `container` of `code_interpreter`, `container_id` (shell, calls, citations) | responses | a container | own |
//! | `file_id`, `file_ids` (`input_file`, `input_image`, screenshots, masks, `file` parts, `container`; citations) | both | a file | own, else refused: only citations name them in answers |
//! | `vector_store_ids` of `file_search` | responses | vector stores | refused |
//! | `skill_id` of `skill_reference` | responses | a skill | refused |
//! | `tunnel_id` of `mcp` | responses | a way into the operator's network | refused |
//! | `prompt` | responses | a template of the operator's | refused |
//! | `audio.voice.id` | chat | a voice | refused |
//! | `messages[].audio.id` | chat | an earlier answer's sound | refused |
//! | `request_id` | responses of vLLM | the id under which the answer will be kept | refused |
//! | `store`, `background` | both, responses | nothing: what they keep is the caller's own from then on | passes |
//! | `metadata`, `user`, `safety_identifier`, `prompt_cache_key`, `prompt_cache_options` | both | nothing: labels, and hints to a cache of what is sent anyway | passes |
//! | `encrypted_content` | responses | nothing: it is the content | passes |
//! | `call_id`, `caller_id`, `tool_call_id`, safety checks' `id` | both | something within the same request | passes |
//! | `connector_id`, `server_url`, `authorization`, `domain_secrets` | responses | the caller's own accounts elsewhere | passes |
//!
//! `/v1/completions` and `/v1/embeddings` have none. A field counts wherever it stands, however it is spelt and as
//! often as it stands there, except below a name whose value is the caller's own free text ([`OPAQUE`]), such as a
//! function's schema.

use std::collections::HashSet;

use thiserror::Error;

use super::body::{Body, fold};
use crate::{
    Endpoint,
    json_walk::{Places, Value, Walk},
};

/// Most ids that a request may name: a replayed history has some per turn.
const NAMED_MAX: usize = 10_000;

/// Names of values that the API doesn't look into: schemas, labels, variables, and headers.
const OPAQUE: [&str; 8] =
    ["arguments", "attributes", "env", "headers", "input_schema", "metadata", "parameters", "schema"];

/// What the upstream keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum StateKind {
    /// A response.
    Response,
    /// A conversation.
    Conversation,
    /// An item of a response.
    Item,
    /// A container that code runs in.
    Container,
    /// A file.
    File,
    /// A vector store.
    VectorStore,
    /// A skill.
    Skill,
    /// A tunnel to an MCP server.
    Tunnel,
    /// A prompt template.
    Prompt,
    /// A voice.
    Voice,
    /// The sound of an answer.
    Audio,
    /// Not kept yet: the id that it is to be kept under.
    ChosenId,
}

impl StateKind {
    /// Whether an answer may have named it, so that it can be told whose it is.
    fn is_named_by_answers(self) -> bool {
        matches!(self, Self::Response | Self::Conversation | Self::Item | Self::Container | Self::File)
    }

    /// What it is, and what to do without it.
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Response => ("a response", "Send the conversation so far as input."),
            Self::Conversation => ("a conversation", "Send the conversation so far as input."),
            Self::Item => ("an item of an answer", "Send the item's content without its id."),
            Self::Container => ("a container", "Ask for a new one with {\"type\": \"auto\"}."),
            Self::File => ("a file", "Send its content instead, as file_data, or its address."),
            Self::VectorStore => ("vector stores", "Send what should be found in them as input."),
            Self::Skill => ("a skill", "Send the skill itself, inline."),
            Self::Tunnel => ("a tunnel", "Name the MCP server by its server_url."),
            Self::Prompt => ("a prompt template", "Send its text as instructions and input."),
            Self::Voice => ("a voice", "Choose one of the built-in voices."),
            Self::Audio => ("the sound of an answer", "Send what was said as text."),
            Self::ChosenId => ("the id under which the answer will be kept", "Leave it out."),
        }
    }
}

/// A field that names something that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StateField {
    /// Its name, for an error's `param`.
    pub name: &'static str,
    /// What it names.
    pub kind: StateKind,
}

/// An id that a request names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamedState {
    /// By which field.
    pub field: StateField,
    /// The id.
    pub id: String,
}

/// Why a request can't be sent, for the caller.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StateError {
    /// It names something that can't be told to be the caller's own.
    #[error(
        "The field '{}' names {} of the upstream's account. All callers of this server share that account, and it can't \
         be told that this is yours. {} The operator of this server can allow all callers all of it with \
         upstream.shared_state = true.", .0.name, .0.kind.words().0, .0.kind.words().1
    )]
    Refused(StateField),
    /// A field that must hold an id holds something else.
    #[error("The field '{0}' must be a string.")]
    WrongType(&'static str),
    /// It can't be looked through.
    #[error("The body is nested too deeply.")]
    TooDeep,
    /// It names more than is looked up.
    #[error("The body names more than {NAMED_MAX} items of earlier answers by their id.")]
    TooMany,
}

impl StateError {
    /// The field at fault, for the error's `param`.
    pub fn param(&self) -> Option<&str> {
        match self {
            Self::Refused(field) => Some(field.name),
            Self::WrongType(name) => Some(name),
            Self::TooDeep | Self::TooMany => None,
        }
    }
}

/// What a request names that an answer may have named: whoever sends it on must know it for the caller's own. Each once,
/// in the order of the body. Time and memory are linear in the body's length, and no tree is built.
///
/// # Errors
/// When it names what no answer names, or can't be looked through.
pub fn named(body: &Body) -> Result<Vec<NamedState>, StateError> {
    let root = match body.endpoint() {
        Endpoint::Responses => Place::Response,
        Endpoint::ChatCompletions => Place::Chat,
        Endpoint::Completions | Endpoint::Embeddings => return Ok(Vec::new()),
    };
    let mut found = Found::default();
    Walk::new(root).push(body.bytes(), |place, value| found.look(place, value));
    match found.wrong {
        Some(wrong) => Err(wrong),
        None => Ok(found.named),
    }
}

#[derive(Default)]
struct Found {
    named: Vec<NamedState>,
    seen: HashSet<NamedState>,
    wrong: Option<StateError>,
}

impl Found {
    fn look(&mut self, place: Place, value: Value<'_>) {
        let field = match (place, value) {
            (_, Value::TooDeep) => return self.refuse(StateError::TooDeep),
            (Place::Names(field), _) => field,
            (Place::Conversation, _) => CONVERSATION,
            _ => return,
        };
        match value {
            // A template is named by an object; a text is a prompt itself, where a server takes one here.
            Value::Object if field.kind == StateKind::Prompt => self.refuse(StateError::Refused(field)),
            _ if field.kind == StateKind::Prompt => {}
            Value::Null => {}
            // What is within follows; a schema may have a property of this name.
            Value::List => {}
            Value::Object if field.kind != StateKind::Response => {}
            _ if !field.kind.is_named_by_answers() => self.refuse(StateError::Refused(field)),
            Value::Text(id) => self.name(field, id),
            // No answer's id is as long, and none is empty: it is nobody's.
            Value::LongText => self.name(field, ""),
            _ => self.refuse(StateError::WrongType(field.name)),
        }
    }

    fn name(&mut self, field: StateField, id: &str) {
        let named = NamedState { field, id: id.to_owned() };
        if self.seen.contains(&named) {
            return;
        }
        if self.named.len() >= NAMED_MAX {
            return self.refuse(StateError::TooMany);
        }
        self.seen.insert(named.clone());
        self.named.push(named);
    }

    fn refuse(&mut self, wrong: StateError) {
        self.wrong.get_or_insert(wrong);
    }
}

const CONVERSATION: StateField = StateField { name: "conversation", kind: StateKind::Conversation };

/// Where the walk is in a request.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// The body of `POST /v1/responses`.
    Response,
    /// The body of `POST /v1/chat/completions`.
    Chat,
    /// `input`: a list of items.
    Input,
    /// `input[]`
    Item,
    /// `messages`
    Messages,
    /// `messages[]`
    Message,
    /// `messages[].audio`
    Sound,
    /// `audio`
    Audio,
    /// `audio.voice`
    Voice,
    /// `conversation`: an id, or an object with one.
    Conversation,
    /// An id, or a list of them.
    Names(StateField),
    /// Where only the names matter that matter anywhere.
    Elsewhere,
}

impl Place {
    /// Fields that matter in this place only.
    fn own_field(self, name: &str) -> Option<Self> {
        let names = |name, kind| Some(Self::Names(StateField { name, kind }));
        match (self, name) {
            (Self::Response, "input") => Some(Self::Input),
            (Self::Response, "prompt") => names("prompt", StateKind::Prompt),
            (Self::Response, "request_id") => names("request_id", StateKind::ChosenId),
            // Some servers take one item without its list.
            (Self::Input | Self::Item, "id") => names("input", StateKind::Item),
            (Self::Conversation, "id") => Some(Self::Names(CONVERSATION)),
            (Self::Chat, "messages") => Some(Self::Messages),
            (Self::Chat, "audio") => Some(Self::Audio),
            (Self::Message, "audio") => Some(Self::Sound),
            (Self::Sound, "id") => names("audio.id", StateKind::Audio),
            (Self::Audio, "voice") => Some(Self::Voice),
            (Self::Voice, "id") => names("voice.id", StateKind::Voice),
            _ => None,
        }
    }

    /// Fields that matter anywhere: where they stand today is no promise for tomorrow.
    fn any_field(name: &str) -> Self {
        let names = |name, kind| Self::Names(StateField { name, kind });
        match name {
            "previous_response_id" => names("previous_response_id", StateKind::Response),
            "conversation" => Self::Conversation,
            "approval_request_id" => names("approval_request_id", StateKind::Item),
            "container" => names("container", StateKind::Container),
            "container_id" => names("container_id", StateKind::Container),
            "file_id" => names("file_id", StateKind::File),
            "file_ids" => names("file_ids", StateKind::File),
            "vector_store_id" => names("vector_store_id", StateKind::VectorStore),
            "vector_store_ids" => names("vector_store_ids", StateKind::VectorStore),
            "skill_id" => names("skill_id", StateKind::Skill),
            "tunnel_id" => names("tunnel_id", StateKind::Tunnel),
            _ => Self::Elsewhere,
        }
    }
}

impl Places for Place {
    fn field(self, name: &str) -> Option<Self> {
        let name = fold(name);
        if OPAQUE.contains(&&*name) {
            return None;
        }
        Some(self.own_field(&name).unwrap_or_else(|| Self::any_field(&name)))
    }

    fn element(self) -> Option<Self> {
        Some(match self {
            Self::Input => Self::Item,
            Self::Messages => Self::Message,
            Self::Names(_) | Self::Conversation => self,
            _ => Self::Elsewhere,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::ModelPolicy;

    fn named_by(endpoint: Endpoint, fields: &str) -> Result<Vec<(&'static str, String)>, StateError> {
        let body = format!(r#"{{"model": "m", "messages": [], {fields}}}"#);
        let body = Body::parse(endpoint, body.into(), &ModelPolicy::default()).unwrap();
        Ok(named(&body)?.into_iter().map(|named| (named.field.name, named.id)).collect())
    }

    fn ids(fields: &str) -> Vec<String> {
        named_by(Endpoint::Responses, fields).unwrap().into_iter().map(|(_, id)| id).collect()
    }

    fn refused(fields: &str) -> StateError {
        named_by(Endpoint::Responses, fields).unwrap_err()
    }

    #[test]
    fn each_id_is_named_once_in_the_bodys_order() {
        let fields = r#""input": [{"id": "rs_1"}, {"type": "item_reference", "id": "rs_2"}, {"id": "rs_1"}],
            "previous_response_id": "resp_1", "conversation": {"id": "conv_1"}, "tools": [{"container": "cntr_1"}]"#;
        let expected = [
            ("input", "rs_1"),
            ("input", "rs_2"),
            ("previous_response_id", "resp_1"),
            ("conversation", "conv_1"),
            ("container", "cntr_1"),
        ];
        let expected: Vec<_> = expected.iter().map(|(name, id)| (*name, (*id).to_owned())).collect();
        assert_eq!(named_by(Endpoint::Responses, fields).unwrap(), expected);
        assert_eq!(named_by(Endpoint::Embeddings, fields).unwrap(), []);
        let of_chat = named_by(Endpoint::ChatCompletions, fields).unwrap();
        assert_eq!(of_chat, expected[2..], "items are of responses alone");
    }

    #[test]
    fn an_id_that_no_answer_could_have_had_is_named_all_the_same() {
        for id in ["", &"x".repeat(10_000)] {
            assert_eq!(ids(&format!(r#""previous_response_id": "{id}""#)), [""]);
        }
    }

    #[test]
    fn what_names_nothing_is_passed_over() {
        let nothing = [
            r#""previous_response_id": null, "conversation": null, "prompt": null, "request_id": null"#,
            r#""tools": [{"parameters": {"file_id": "x", "properties": {"prompt": {"id": "x"}}}}]"#,
            r#""tools": [{"container": {"type": "auto", "file_ids": []}, "vector_store_ids": []}]"#,
            r#""prompt": "pmpt_1", "input": "previous_response_id", "metadata": {"previous_response_id": "x"}"#,
            r#""input": [{"content": [{"id": "x"}], "pending_safety_checks": [{"id": "x"}], "call_id": "x"}]"#,
            r#""input": [{"output": "{\"file_id\": \"x\"}", "arguments": {"container_id": "x"}}]"#,
            r#""tools": [{"input_schema": {}, "properties": {"file_id": {"type": "string"}}}]"#,
        ];
        for fields in nothing {
            assert_eq!(ids(fields), [""; 0], "{fields}");
        }
    }

    #[test]
    fn a_field_counts_wherever_it_stands() {
        for name in ["previous_response_id", "approval_request_id", "container", "container_id", "file_id", "file_ids"]
        {
            let fields = format!(r#""input": [{{"x": {{"{name}": "some_id"}}}}]"#);
            assert_eq!(named_by(Endpoint::Responses, &fields), Ok(vec![(name, "some_id".to_owned())]));
        }
        for name in ["vector_store_id", "vector_store_ids", "skill_id", "tunnel_id"] {
            assert_eq!(refused(&format!(r#""input": [{{"x": {{"{name}": "some_id"}}}}]"#)).param(), Some(name));
        }
        for (chat, name) in [
            (r#"{"messages": [{"audio": {"id": "audio_1"}}], "model": "m"}"#, "audio.id"),
            (r#"{"messages": [], "model": "m", "audio": {"voice": {"id": "voice_1"}}}"#, "voice.id"),
        ] {
            let body = Body::parse(Endpoint::ChatCompletions, chat.into(), &ModelPolicy::default()).unwrap();
            assert_eq!(named(&body).unwrap_err().param(), Some(name));
        }
    }

    #[test]
    fn what_no_answer_names_is_refused() {
        for (fields, name) in [
            (r#""prompt": {"id": "pmpt_1"}"#, "prompt"),
            (r#""Prompt": [{"id": "pmpt_1"}]"#, "prompt"),
            (r#""request_id": "resp_1""#, "request_id"),
            (r#""tools": [{"vector_store_ids": ["vs_1"]}]"#, "vector_store_ids"),
            (r#""tools": [{"vector_store_ids": "vs_1"}]"#, "vector_store_ids"),
            (r#""tools": [{"tools": [{"skill_id": "skill_1"}]}]"#, "skill_id"),
        ] {
            assert_eq!(refused(fields).param(), Some(name), "{fields}");
        }
        assert_eq!(refused(r#""previous_response_id": {"id": "x"}"#), StateError::WrongType("previous_response_id"));
        assert_eq!(refused(r#""conversation": 7"#), StateError::WrongType("conversation"));
        assert_eq!(refused(r#""input": [{"id": true}]"#), StateError::WrongType("input"));
        let deep = format!(r#""input": {}{}"#, "[".repeat(200), "]".repeat(200));
        assert_eq!(refused(&deep), StateError::TooDeep);
        let many: Vec<_> = (0..=NAMED_MAX).map(|n| json!({"id": n.to_string()})).collect();
        assert_eq!(refused(&format!(r#""input": {}"#, json!(many))), StateError::TooMany);
    }

    proptest! {
        #[test]
        fn no_spelling_hides_a_field(
            name in prop::sample::select(vec!["previous_response_id", "file_id", "container", "conversation"]),
            spelling in prop::collection::vec(0u8..3, 30),
            around in prop::collection::vec(prop::sample::select(vec!["[", "{\"x\": ", "[1, ", "{\"x\": null, \"y\": "]), 0..40),
        ) {
            let spelt: String = name.chars().zip(spelling).map(|(c, how)| match how {
                0 => c.to_string(),
                1 => c.to_uppercase().to_string(),
                _ => format!("\\u{:04X}", c as u32),
            }).collect();
            let mut inner = format!(r#"{{"{spelt}": "some_id"}}"#);
            for open in around.iter().rev() {
                let close = if open.starts_with('[') { "]" } else { "}" };
                inner = format!("{open}{inner}{close}");
            }
            prop_assert_eq!(ids(&format!(r#""input": {inner}"#)), ["some_id"]);
        }
    }
}
