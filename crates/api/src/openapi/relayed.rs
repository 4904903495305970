//! What the data plane passes on, whole or as server-sent events, as components of the OpenAPI document.
//!
//! OpenAPI 3.1 has no word for streams. As later versions and today's tools read it, the schema beside `text/event-stream`
//! is that of one event: its fields, with JSON inside the text of `data`.

use std::collections::BTreeMap;

use api_types::openai::{ChatCompletion, ChatCompletionChunk, Completion, EmbeddingList, ErrorEnvelope, ModelResponse};
use serde_json::json;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{
        Components, ContentBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder,
        schema::{AdditionalProperties, AnyOfBuilder, Schema, Type},
    },
};

use super::{
    components::{self, Documented},
    headers::{
        self,
        Carries::{AccelBuffering, ProcessingMs},
    },
};

macro_rules! relayed {
    ($($(#[doc = $text:literal])+ $name:ident = $answer:ident $({ $event:literal: $($held:ident)? })?;)+) => {
        $(
            $(#[doc = $text])+
            pub struct $name;

            impl IntoResponses for $name {
                fn responses() -> BTreeMap<String, RefOr<Response>> {
                    components::referenced("200", stringify!($name))
                }
            }
        )+

        /// All of them.
        pub fn all() -> Vec<Documented> {
            vec![$(Documented {
                name: stringify!($name),
                response: response(concat!($($text),+).trim(), &$answer::name(), None::<&str>$(.or(Some($event)))?),
            }),+]
        }

        /// Describes what they hold, and the events of their streams.
        pub fn describe_bodies(components: &mut Components) {
            $(components::describe::<$answer>(components);)+
            $($($(components::describe::<$held>(components);)?)?)+
            components.schemas.insert(END.to_owned(), end().into());
            $($(
                let held = None::<std::borrow::Cow<'static, str>>$(.or(Some($held::name())))?;
                let described = event(held.as_deref(), components);
                components.schemas.insert($event.to_owned(), described.into());
            )?)+
        }
    };
}

relayed! {
    /// The model's answer, untouched; server-sent events where the body says `stream`.
    ChatAnswered = ChatCompletion { "ChatCompletionEvent": ChatCompletionChunk };
    /// The model's answer, untouched; server-sent events where the body says `stream`.
    CompletionAnswered = Completion { "CompletionEvent": Completion };
    /// The model's answer, untouched.
    EmbeddingsAnswered = EmbeddingList;
    /// The model's answer, untouched; server-sent events where the body says `stream`.
    ResponseAnswered = ModelResponse { "ModelResponseEvent": };
}

fn response(description: &str, answer: &str, event: Option<&str>) -> Response {
    let whole = ContentBuilder::new().schema(Some(Ref::from_schema_name(answer))).build();
    let mut response = ResponseBuilder::new().description(description).content("application/json", whole);
    if let Some(event) = event {
        let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(event))).build();
        response = response.content("text/event-stream", content);
    }
    let mut response = response.build();
    headers::attach(&mut response, &headers::QUOTA);
    headers::attach(&mut response, &[ProcessingMs, AccelBuffering]);
    response
}

/// The name of the schema of what the last event holds: generators name a type by it.
const END: &str = "StreamEnd";

fn end() -> Schema {
    let end = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["[DONE]"]));
    end.description(Some("The stream is complete.")).build().into()
}

/// An event that holds JSON of this schema, or of a kind of its own for each name.
fn event(held: Option<&str>, components: &Components) -> Schema {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let open = AdditionalProperties::<Schema>::FreeForm(true);
    let event = ObjectBuilder::new().required("data").additional_properties(Some(open));
    let Some(held) = held else {
        let name = text().description(Some("The event's name, which its JSON repeats as `type`."));
        let data = text().description(Some("JSON, by OpenAI's reference of streaming events."));
        let delta = json!({
            "type": "response.output_text.delta", "item_id": "msg_nvqwy3dfoqqgcidmmfzguzlemu", "output_index": 0,
            "content_index": 0, "sequence_number": 4, "delta": "Hello"
        });
        let event = event.property("event", name).property("data", data);
        let event = event.examples([json!({"event": "response.output_text.delta", "data": delta.to_string()})]);
        return event.description(Some("A server-sent event of a streamed response.")).build().into();
    };
    let either =
        AnyOfBuilder::new().item(Ref::from_schema_name(held)).item(Ref::from_schema_name(ErrorEnvelope::name()));
    let json = text().description(Some("JSON; an error where the stream broke off, and then no `[DONE]` follows."));
    let json = json.content_media_type("application/json").content_schema(Some(Schema::from(either.build())));
    let data = AnyOfBuilder::new().item(Ref::from_schema_name(END)).item(json);
    let description = format!(
        "A server-sent event. Its data is a {held} as JSON, and `[DONE]` in the last one. Between events there may be \
         comments, lines that begin with a colon, which keep the connection open."
    );
    let event = event.property("data", data).description(Some(description));
    let example = match components.schemas.get(held) {
        Some(RefOr::T(Schema::Object(held))) => held.example.as_ref().map(|held| json!({"data": held.to_string()})),
        _ => None,
    };
    event.examples(example).build().into()
}
