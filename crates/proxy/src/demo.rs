//! The built-in demo model: answers in OpenAI's form, says that it is a demo and how to connect a real one.
//!
//! It takes the same guard and gives the same [`Answer`] as an upstream would, so that all around it is the real thing:
//! admission, heartbeats, cancelling, charge. It ends as an upstream with status 200 does.

use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{
    StatusCode,
    header::{self, HeaderValue},
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::{
    Answer, AnswerBody, Body, BodyError, Endpoint, Follow, StopSignal, Timeouts,
    answer::{heartbeat::Heartbeat, kind::Kind, source::Source},
};

/// The demo model's name.
pub const MODEL: &str = "tollgate-demo";
/// Longest quotation of the caller's message, in characters.
const QUOTE_MAX: usize = 300;

/// What one answer of the demo is made with; nothing of it is drawn here.
#[derive(Debug, Clone)]
pub struct Demo {
    /// The answer's id, such as `chatcmpl-…`.
    pub id: String,
    /// Unix time in seconds.
    pub created: i64,
    /// The pause before each word.
    pub pace: Duration,
    /// As for an upstream's answer.
    pub timeouts: Timeouts,
}

/// Answers a chat request.
///
/// # Errors
/// When the request isn't a chat or its messages are malformed. `follow` has then been ended as refused.
pub fn answer(body: &Body, demo: Demo, follow: Follow, stop: StopSignal) -> Result<Answer, BodyError> {
    let chat = match Chat::read(body) {
        Ok(chat) => chat,
        Err(error) => {
            follow.refuse();
            return Err(error);
        }
    };
    let mut follow = follow;
    follow.answered(200);
    follow.accepted();
    let (content_type, length, body) = if body.streams() {
        let kind = Kind::events(Endpoint::ChatCompletions, 1, Heartbeat::default());
        let now = Instant::now();
        let source = paced(chat.events(&demo), demo.pace);
        let body = AnswerBody::new(source, kind, follow, (now, now), &demo.timeouts, stop);
        ("text/event-stream; charset=utf-8", None, body)
    } else {
        let bytes = Bytes::from(chat.completion(&demo).to_string());
        ("application/json", Some(bytes.len() as u64), AnswerBody::whole(bytes, follow, &demo.timeouts))
    };
    let headers = vec![(header::CONTENT_TYPE, HeaderValue::from_static(content_type))];
    Ok(Answer { status: StatusCode::OK, headers, length, body })
}

/// The demo's list of models, as JSON in OpenAI's form. `created` is Unix time in seconds.
pub fn models(created: i64) -> Bytes {
    json!({"object": "list", "data": [described(created)]}).to_string().into()
}

/// The demo's only model, if that is its name.
pub fn model(id: &str, created: i64) -> Option<Bytes> {
    (id == MODEL).then(|| described(created).to_string().into())
}

fn described(created: i64) -> Value {
    json!({"id": MODEL, "object": "model", "created": created, "owned_by": "tollgate"})
}

/// What the demo knows of a request.
struct Chat {
    reply: String,
    prompt_words: usize,
    include_usage: bool,
}

impl Chat {
    fn read(body: &Body) -> Result<Self, BodyError> {
        if body.endpoint() != Endpoint::ChatCompletions {
            return Err(BodyError::NotServed);
        }
        let request: Value =
            serde_json::from_slice(body.bytes()).map_err(|error| BodyError::NotJson { problem: error.to_string() })?;
        let messages = request.get("messages").and_then(Value::as_array).filter(|messages| !messages.is_empty());
        let messages = messages.ok_or(wrong("messages", "a list of at least one message"))?;
        let (mut last, mut prompt_words) = (None, 0);
        for (index, message) in messages.iter().enumerate() {
            let role = message.get("role").and_then(Value::as_str);
            let role = role.ok_or_else(|| wrong(&format!("messages[{index}].role"), "a string, such as \"user\""))?;
            let text = content(message.get("content"), index, role)?;
            prompt_words += text.split_whitespace().count();
            if role == "user" {
                last = Some(text);
            }
        }
        let include_usage = request.pointer("/stream_options/include_usage").and_then(Value::as_bool).unwrap_or(false);
        Ok(Self { reply: reply(last.as_deref().map(str::trim)), prompt_words, include_usage })
    }

    fn usage(&self) -> Value {
        let reply = self.reply.split_whitespace().count();
        json!({
            "prompt_tokens": self.prompt_words,
            "completion_tokens": reply,
            "total_tokens": self.prompt_words + reply,
        })
    }

    fn completion(&self, demo: &Demo) -> Value {
        json!({
            "id": demo.id,
            "object": "chat.completion",
            "created": demo.created,
            "model": MODEL,
            "choices": [{
                "index": 0,
                "message": {"role": "assistant", "content": self.reply, "refusal": null},
                "logprobs": null,
                "finish_reason": "stop",
            }],
            "usage": self.usage(),
        })
    }

    /// The events of a stream: the role, the words, the finish, the usage if it is asked for, `[DONE]`.
    fn events(&self, demo: &Demo) -> Vec<Bytes> {
        let chunk = |choices: Value, usage: Option<Value>| {
            let mut chunk = json!({
                "id": demo.id,
                "object": "chat.completion.chunk",
                "created": demo.created,
                "model": MODEL,
                "choices": choices,
            });
            if self.include_usage {
                chunk["usage"] = usage.into();
            }
            Bytes::from(sse::data(&chunk.to_string()))
        };
        let choice = |delta: Value, finish: Option<&str>| {
            chunk(json!([{"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish}]), None)
        };
        let mut events = vec![choice(json!({"role": "assistant", "content": ""}), None)];
        events.extend(self.reply.split_inclusive(' ').map(|word| choice(json!({"content": word}), None)));
        events.push(choice(json!({}), Some("stop")));
        if self.include_usage {
            events.push(chunk(json!([]), Some(self.usage())));
        }
        events.push(Bytes::from(sse::data("[DONE]")));
        events
    }
}

fn wrong(field: &str, expected: &'static str) -> BodyError {
    BodyError::WrongType { field: field.to_owned(), expected }
}

/// The text of a message: a string, or the text parts of a list. Other roles than the user's may have none.
fn content(content: Option<&Value>, index: usize, role: &str) -> Result<String, BodyError> {
    match content {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(parts)) => {
            let mut texts = Vec::new();
            for (part_index, part) in parts.iter().enumerate() {
                let field = |name: &str| format!("messages[{index}].content[{part_index}].{name}");
                let kind = part.get("type").and_then(Value::as_str);
                let kind = kind.ok_or_else(|| wrong(&field("type"), "a string, such as \"text\""))?;
                if kind == "text" {
                    let text = part.get("text").and_then(Value::as_str);
                    texts.push(text.ok_or_else(|| wrong(&field("text"), "a string"))?);
                }
            }
            Ok(texts.join(" "))
        }
        None | Some(Value::Null) if role != "user" => Ok(String::new()),
        _ => Err(wrong(&format!("messages[{index}].content"), "a string or a list of parts")),
    }
}

/// What the demo says to the last message of the user.
fn reply(message: Option<&str>) -> String {
    let quoted = match message {
        None | Some("") => "You wrote nothing that I can read.".to_owned(),
        Some(text) => {
            let quote: String = text.chars().take(QUOTE_MAX).collect();
            let dots = if quote.len() < text.len() { "…" } else { "" };
            format!("You wrote: “{quote}{dots}”.")
        }
    };
    format!(
        "This is Tollgate's built-in demo model: no language model thinks here. {quoted} \
         Your key, its limits and this stream are real, though. To connect a real model, set OPENAI_API_KEY, \
         or set upstream.base_url to any OpenAI-compatible server, and start Tollgate again."
    )
}

/// The events one by one, each after a pause, but the first at once.
fn paced(events: Vec<Bytes>, pace: Duration) -> Source {
    let paced = stream::iter(events).enumerate().then(move |(index, event)| async move {
        if index > 0 && !pace.is_zero() {
            sleep(pace).await;
        }
        Ok(event)
    });
    Box::pin(paced)
}
