//! A chat's answer for the OpenAPI document, whole or in chunks. What the model's server adds passes through.

use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::chat_request::ToolCall;

/// Answer of `POST /v1/chat/completions` without `stream`.
#[derive(ToSchema)]
#[schema(example = json!({
    "id": "chatcmpl-nvqwy3dfoqqgcidmmfzguzlemu", "object": "chat.completion", "created": 1795253400,
    "model": "tollgate-demo",
    "choices": [{
        "index": 0, "message": {"role": "assistant", "content": "Hello! How can I help?", "refusal": null},
        "logprobs": null, "finish_reason": "stop"
    }],
    "usage": {"prompt_tokens": 1, "completion_tokens": 6, "total_tokens": 7}
}))]
pub struct ChatCompletion {
    /// Names the answer.
    pub id: String,
    /// `chat.completion`.
    pub object: String,
    /// Unix time in seconds.
    pub created: i64,
    /// The model that answered.
    pub model: String,
    /// The answers, as many as were asked for.
    pub choices: Vec<ChatChoice>,
    /// The tokens used.
    pub usage: Option<TokenUsage>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// One of the answers.
#[derive(ToSchema)]
pub struct ChatChoice {
    /// Which one.
    pub index: u32,
    /// What the model says.
    pub message: AnswerMessage,
    /// Why it ended, such as `stop`, `length` or `tool_calls`.
    #[schema(required)]
    pub finish_reason: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What the model says.
#[derive(ToSchema)]
pub struct AnswerMessage {
    /// `assistant`.
    pub role: String,
    /// Its words; null where it called a tool.
    pub content: Option<String>,
    /// What it says in place of an answer.
    pub refusal: Option<String>,
    /// What it calls.
    pub tool_calls: Option<Vec<ToolCall>>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Tokens used.
#[derive(ToSchema)]
pub struct TokenUsage {
    /// Of the request.
    pub prompt_tokens: u64,
    /// Of the answer.
    pub completion_tokens: Option<u64>,
    /// Of both.
    pub total_tokens: u64,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What an event of a streamed chat holds.
#[derive(ToSchema)]
#[schema(example = json!({
    "id": "chatcmpl-nvqwy3dfoqqgcidmmfzguzlemu", "object": "chat.completion.chunk", "created": 1795253400,
    "model": "tollgate-demo",
    "choices": [{"index": 0, "delta": {"content": "Hello"}, "logprobs": null, "finish_reason": null}]
}))]
pub struct ChatCompletionChunk {
    /// Names the answer; the same in all of its chunks.
    pub id: String,
    /// `chat.completion.chunk`.
    pub object: String,
    /// Unix time in seconds.
    pub created: i64,
    /// The model that answers.
    pub model: String,
    /// What is new of each answer; none in the chunk that tells the tokens used.
    pub choices: Vec<ChunkChoice>,
    /// The tokens used, in the last chunk, where `stream_options.include_usage` asks for it.
    pub usage: Option<TokenUsage>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What is new of one of the answers.
#[derive(ToSchema)]
pub struct ChunkChoice {
    /// Which one.
    pub index: u32,
    /// What is new.
    pub delta: ChunkDelta,
    /// Why it ended, in its last chunk.
    pub finish_reason: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What is new of a message.
#[derive(ToSchema)]
pub struct ChunkDelta {
    /// Whose message it is, in its first chunk.
    pub role: Option<String>,
    /// The next words.
    pub content: Option<String>,
    /// The next words in place of an answer.
    pub refusal: Option<String>,
    /// The next pieces of calls.
    pub tool_calls: Option<Vec<ToolCallDelta>>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The next piece of a call.
#[derive(ToSchema)]
pub struct ToolCallDelta {
    /// Which of the calls.
    pub index: u32,
    /// Names the call, in its first piece.
    pub id: Option<String>,
    /// The tool's kind, in its first piece.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What is new of it.
    pub function: Option<FunctionCallDelta>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// What is new of a function's call.
#[derive(ToSchema)]
pub struct FunctionCallDelta {
    /// Which function, in its first piece.
    pub name: Option<String>,
    /// The next piece of its arguments.
    pub arguments: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}
