//! Looks at the top level of a request's body, and at nothing below it: which model, stream or not.
//!
//! The bytes go to the upstream as they came. They change in one case: a missing `model`, when there is a default.
//! What is looked at here must be what the upstream will see, else an allow-list of models could be walked around. So a
//! field given twice is refused, and so is one that only differs in case: some JSON readers (Go's among them) match
//! names without regard to case and take the last.

use std::{borrow::Cow, collections::HashSet, fmt};

use bytes::Bytes;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use thiserror::Error;

use super::choices;
use crate::Endpoint;

/// Most fields at the top level. OpenAI's requests have about 40.
const FIELDS_MAX: usize = 1_000;
/// Longest quotation of the caller's words in an error, in characters.
const QUOTE_MAX: usize = 100;

/// Which models may be asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelPolicy {
    /// The allowed models; `None` allows all.
    pub allowed: Option<Vec<String>>,
    /// The model that a request without one gets.
    pub default: Option<String>,
}

/// A request's body that was looked at, ready to be sent.
#[derive(Debug, Clone)]
pub struct Body {
    endpoint: Endpoint,
    bytes: Bytes,
    streams: bool,
    choices: u64,
}

/// What is wrong with a body, for the caller: names the field and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BodyError {
    /// Not JSON.
    #[error("The body isn't valid JSON: {problem}.")]
    NotJson {
        /// Where and what.
        problem: String,
    },
    /// JSON, but no object.
    #[error("The body must be a JSON object, such as {{\"model\": \"…\", \"messages\": […]}}.")]
    NotAnObject,
    /// More fields than any request has.
    #[error("The body has more than {FIELDS_MAX} fields.")]
    TooManyFields,
    /// A field given twice, also when only the case differs.
    #[error("The field '{field}' is given twice: give it once.")]
    Duplicate {
        /// Its name.
        field: String,
    },
    /// A field that matters, in other case.
    #[error("The field '{field}' must be written '{expected}'.")]
    Misspelt {
        /// The name as given.
        field: String,
        /// The right name.
        expected: &'static str,
    },
    /// A field that is needed.
    #[error("The field '{field}' is missing: add it to the body.")]
    Missing {
        /// Its name.
        field: &'static str,
    },
    /// A field of the wrong type.
    #[error("The field '{field}' must be {expected}.")]
    WrongType {
        /// Its name or path, such as `messages[0].content`.
        field: String,
        /// What it must be.
        expected: &'static str,
    },
    /// A model that isn't on the list.
    #[error(
        "The model '{model}' does not exist or you do not have access to it. GET /v1/models lists those that you may use."
    )]
    ModelNotAllowed {
        /// The model, cut to a sensible length.
        model: String,
    },
    /// The demo model doesn't serve this call.
    #[error(
        "The built-in demo model only serves /v1/chat/completions. Set OPENAI_API_KEY or upstream.base_url to connect a real one."
    )]
    NotServed,
}

impl BodyError {
    /// The field at fault, for the error's `param`.
    pub fn param(&self) -> Option<&str> {
        match self {
            Self::NotJson { .. } | Self::NotAnObject | Self::TooManyFields | Self::NotServed => None,
            Self::Duplicate { field } | Self::Misspelt { field, .. } | Self::WrongType { field, .. } => Some(field),
            Self::Missing { field } => Some(field),
            Self::ModelNotAllowed { .. } => Some("model"),
        }
    }
}

impl Body {
    /// Looks at a body. Time and memory are linear in its length; values below the top level aren't built.
    ///
    /// # Errors
    /// When it isn't a JSON object with unambiguous fields, lacks what the call needs, or names a model that isn't
    /// allowed.
    pub fn parse(endpoint: Endpoint, bytes: Bytes, policy: &ModelPolicy) -> Result<Self, BodyError> {
        let text = std::str::from_utf8(&bytes)
            .map_err(|error| BodyError::NotJson { problem: format!("byte {} isn't UTF-8", error.valid_up_to()) })?;
        if !text.trim_ascii_start().starts_with('{') {
            // A syntax error anywhere is told first: it is the likelier mistake.
            serde_json::from_str::<IgnoredAny>(text).map_err(not_json)?;
            return Err(BodyError::NotAnObject);
        }
        let top = TopLevel::read(text)?;
        if endpoint == Endpoint::ChatCompletions && !top.has_messages {
            return Err(BodyError::Missing { field: "messages" });
        }
        let streams = match top.stream.map(RawValue::get) {
            None | Some("null" | "false") => false,
            Some("true") => true,
            Some(_) => return Err(BodyError::WrongType { field: "stream".to_owned(), expected: "true or false" }),
        };
        let given = top.model.map(read_model).transpose()?;
        let model = given.as_ref().or(policy.default.as_ref()).ok_or(BodyError::Missing { field: "model" })?;
        if policy.allowed.as_ref().is_some_and(|allowed| !allowed.contains(model)) {
            return Err(BodyError::ModelNotAllowed { model: quote(model) });
        }
        let choices = choices::asked_for(endpoint, top.n, top.prompt);
        let bytes = if given.is_some() { bytes } else { insert_model(text, model, top.fields) };
        Ok(Self { endpoint, bytes, streams, choices })
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        self.endpoint
    }

    /// Whether the answer is to be a stream.
    pub(crate) fn streams(&self) -> bool {
        self.streams
    }

    /// How many choices the answer is to have.
    pub(crate) fn choices(&self) -> u64 {
        self.choices
    }

    /// What goes to the upstream.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.bytes
    }
}

fn not_json(error: serde_json::Error) -> BodyError {
    BodyError::NotJson { problem: error.to_string() }
}

/// The caller's words, short enough for an error.
fn quote(text: &str) -> String {
    text.chars().take(QUOTE_MAX).collect()
}

fn read_model(raw: &RawValue) -> Result<String, BodyError> {
    let wrong = || BodyError::WrongType { field: "model".to_owned(), expected: "a string that names a model" };
    let model: String = serde_json::from_str(raw.get()).map_err(|_| wrong())?;
    if model.is_empty() { Err(wrong()) } else { Ok(model) }
}

/// The body with `"model"` as its first field, all other bytes as they were.
fn insert_model(text: &str, model: &str, fields: usize) -> Bytes {
    let brace = text.len() - text.trim_ascii_start().len() + 1;
    let model = serde_json::Value::from(model).to_string();
    let comma = if fields == 0 { "" } else { "," };
    format!("{}\"model\":{model}{comma}{}", &text[..brace], &text[brace..]).into()
}

/// What the top level of a body says.
#[derive(Default)]
struct TopLevel<'a> {
    model: Option<&'a RawValue>,
    stream: Option<&'a RawValue>,
    n: Option<&'a RawValue>,
    prompt: Option<&'a RawValue>,
    has_messages: bool,
    fields: usize,
    /// What is wrong with it although it is JSON; kept here, as a parser's own errors are mere text.
    wrong: Option<BodyError>,
}

impl<'a> TopLevel<'a> {
    fn read(text: &'a str) -> Result<Self, BodyError> {
        let mut parser = serde_json::Deserializer::from_str(text);
        let mut top = (&mut parser).deserialize_map(TopLevelVisitor).map_err(not_json)?;
        if let Some(wrong) = top.wrong.take() {
            return Err(wrong);
        }
        parser.end().map_err(not_json)?;
        Ok(top)
    }
}

struct TopLevelVisitor;

impl<'de> Visitor<'de> for TopLevelVisitor {
    type Value = TopLevel<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TopLevel<'de>, A::Error> {
        let mut top = TopLevel::default();
        let mut seen = HashSet::new();
        while let Some(FieldName(name)) = map.next_key()? {
            top.fields += 1;
            let folded = fold(&name);
            match (&*name, &*folded) {
                ("model", _) => top.model = Some(map.next_value()?),
                ("stream", _) => top.stream = Some(map.next_value()?),
                ("n", _) => top.n = Some(map.next_value()?),
                ("prompt", _) => top.prompt = Some(map.next_value()?),
                (_, "model") => top.misspelt(&name, "model"),
                (_, "stream") => top.misspelt(&name, "stream"),
                _ => top.has_messages |= name == "messages",
            }
            if !matches!(&*name, "model" | "stream" | "n" | "prompt") {
                map.next_value::<IgnoredAny>()?;
            }
            if seen.len() >= FIELDS_MAX {
                top.wrong.get_or_insert(BodyError::TooManyFields);
            } else if !seen.insert(folded.into_owned()) {
                top.wrong = Some(BodyError::Duplicate { field: quote(&name) });
            }
        }
        Ok(top)
    }
}

impl TopLevel<'_> {
    fn misspelt(&mut self, field: &str, expected: &'static str) {
        self.wrong.get_or_insert(BodyError::Misspelt { field: quote(field), expected });
    }
}

/// A field's name with its escapes resolved, borrowed where it has none.
struct FieldName<'a>(Cow<'a, str>);

impl<'de> serde::Deserialize<'de> for FieldName<'de> {
    fn deserialize<D: Deserializer<'de>>(parser: D) -> Result<Self, D::Error> {
        struct NameVisitor;
        impl<'de> Visitor<'de> for NameVisitor {
            type Value = FieldName<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field name")
            }
            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Self::Value, E> {
                Ok(FieldName(Cow::Borrowed(name)))
            }
            fn visit_str<E>(self, name: &str) -> Result<Self::Value, E> {
                Ok(FieldName(Cow::Owned(name.to_owned())))
            }
        }
        parser.deserialize_str(NameVisitor)
    }
}

/// A name without regard to case, as Go's readers fold it: to upper and back, which also maps the Kelvin sign to `k`
/// and the long s to `s`.
pub(crate) fn fold(name: &str) -> Cow<'_, str> {
    if name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_') {
        return Cow::Borrowed(name);
    }
    Cow::Owned(name.to_uppercase().to_lowercase())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy(default: Option<&str>, allowed: Option<&[&str]>) -> ModelPolicy {
        ModelPolicy {
            allowed: allowed.map(|models| models.iter().map(|model| (*model).to_owned()).collect()),
            default: default.map(str::to_owned),
        }
    }

    fn chat(body: &str, policy: &ModelPolicy) -> Result<Body, BodyError> {
        Body::parse(Endpoint::ChatCompletions, Bytes::copy_from_slice(body.as_bytes()), policy)
    }

    #[test]
    fn model_and_stream_are_read_and_the_bytes_stay() {
        let text = " {\"messages\": [{\"model\": 1}], \"mod\\u0065l\":\"a\" ,\"stream\":true}\n";
        let body = chat(text, &policy(Some("b"), Some(&["a"]))).unwrap();
        assert!(body.streams());
        assert_eq!(body.bytes(), text);
    }

    #[test]
    fn the_choices_asked_for_are_counted() {
        for (n, choices) in [("", 1), (",\"n\":3", 3)] {
            let body = format!("{{\"messages\":[],\"model\":\"a\"{n}}}");
            assert_eq!(chat(&body, &policy(None, None)).unwrap().choices(), choices);
        }
    }

    #[test]
    fn a_missing_model_is_put_first_and_nothing_else_changes() {
        let body = chat("\n{ \"messages\":[] }", &policy(Some("a\"b"), None)).unwrap();
        assert_eq!(body.bytes(), "\n{\"model\":\"a\\\"b\", \"messages\":[] }");
        let body = Body::parse(Endpoint::Responses, Bytes::from_static(b"{}"), &policy(Some("a"), None)).unwrap();
        assert_eq!(body.bytes(), "{\"model\":\"a\"}");
    }

    #[test]
    fn what_is_missing_or_of_the_wrong_type_is_named() {
        let none = policy(None, None);
        assert_eq!(chat("{\"messages\":[]}", &none).unwrap_err(), BodyError::Missing { field: "model" });
        assert_eq!(chat("{\"model\":\"a\"}", &none).unwrap_err(), BodyError::Missing { field: "messages" });
        for body in
            ["{\"model\":1,\"messages\":[]}", "{\"model\":null,\"messages\":[]}", "{\"model\":\"\",\"messages\":[]}"]
        {
            assert_eq!(chat(body, &policy(Some("a"), None)).unwrap_err().param(), Some("model"), "{body}");
        }
        assert_eq!(chat("{\"model\":\"a\",\"messages\":[],\"stream\":1}", &none).unwrap_err().param(), Some("stream"));
    }

    #[test]
    fn a_field_given_twice_is_refused_whatever_its_case_or_escapes() {
        let policy = policy(Some("a"), None);
        for body in [
            "{\"model\":\"a\",\"messages\":[],\"model\":\"b\"}",
            "{\"model\":\"a\",\"messages\":[],\"m\\u006fdel\":\"b\"}",
            "{\"n\":1,\"messages\":[],\"N\":2}",
        ] {
            assert!(matches!(chat(body, &policy), Err(BodyError::Duplicate { .. })), "{body}");
        }
        for body in ["{\"Model\":\"b\",\"messages\":[]}", "{\"messages\":[],\"\u{17f}tream\":true}"] {
            assert!(matches!(chat(body, &policy), Err(BodyError::Misspelt { .. })), "{body}");
        }
    }

    #[test]
    fn a_model_off_the_list_is_refused_also_as_default() {
        let listed = policy(None, Some(&["a"]));
        assert!(chat("{\"model\":\"a\",\"messages\":[]}", &listed).is_ok());
        assert!(matches!(
            chat("{\"model\":\"b\",\"messages\":[]}", &listed),
            Err(BodyError::ModelNotAllowed { model }) if model == "b"
        ));
    }

    #[test]
    fn what_is_no_json_object_is_told_apart() {
        let policy = policy(Some("a"), None);
        for body in ["", "{", "{\"messages\":[}", "{\"messages\":[]} x", "nope", "[1", "\u{feff}{}"] {
            assert!(matches!(chat(body, &policy), Err(BodyError::NotJson { .. })), "{body}");
        }
        for body in ["[]", "1", "\"x\"", "null"] {
            assert_eq!(chat(body, &policy).unwrap_err(), BodyError::NotAnObject);
        }
        let bytes = Bytes::from_static(b"{\"messages\":[\"\xff\"]}");
        let error = Body::parse(Endpoint::ChatCompletions, bytes, &policy).unwrap_err();
        assert!(matches!(error, BodyError::NotJson { .. }));
    }

    #[test]
    fn deep_wide_and_large_bodies_are_answered() {
        let policy = policy(Some("a"), None);
        let deep = format!("{{\"messages\":{}{}}}", "[".repeat(1 << 20), "]".repeat(1 << 20));
        assert!(chat(&deep, &policy).is_ok());
        let wide: Vec<String> = (0..2_000).map(|n| format!("\"f{n}\":0")).collect();
        assert_eq!(chat(&format!("{{{}}}", wide.join(",")), &policy).unwrap_err(), BodyError::TooManyFields);
        let large = format!("{{\"messages\":[\"{}\"]}}", "x".repeat(20 << 20));
        assert!(chat(&large, &policy).is_ok());
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Body::parse(Endpoint::ChatCompletions, bytes.into(), &policy(Some("a"), None));
        }

        #[test]
        fn an_accepted_body_is_still_json_with_the_model_that_was_checked(
            fields in proptest::collection::btree_map("[a-z]{1,6}", any::<i32>(), 0..6),
            model in proptest::option::of("[ -~]{1,8}"),
        ) {
            let mut body: serde_json::Map<_, _> = fields.into_iter().map(|(name, value)| (name, value.into())).collect();
            body.remove("stream");
            body.remove("model");
            body.insert("messages".to_owned(), serde_json::json!([]));
            if let Some(model) = &model {
                body.insert("model".to_owned(), model.clone().into());
            }
            let parsed = chat(&serde_json::Value::from(body).to_string(), &policy(Some("a"), None)).unwrap();
            let sent: serde_json::Value = serde_json::from_slice(parsed.bytes()).unwrap();
            prop_assert_eq!(sent["model"].as_str(), Some(model.as_deref().unwrap_or("a")));
        }
    }
}
