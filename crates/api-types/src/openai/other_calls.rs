//! The other calls of the data plane for the OpenAPI document: what is read here, and what clients look at first.

use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::chat_answer::TokenUsage;

/// Body of `POST /v1/completions`. Fields that aren't listed here reach the model all the same.
#[derive(ToSchema)]
#[schema(example = json!({"model": "gpt-3.5-turbo-instruct", "prompt": "Hello!"}))]
pub struct CompletionRequest {
    /// One of `GET /v1/models`. May be left out where the installation has a default.
    #[schema(nullable = false, min_length = 1)]
    pub model: Option<String>,
    /// What to go on from: a text, several, or tokens.
    pub prompt: Option<Value>,
    /// Whether the answer comes as server-sent events.
    pub stream: Option<bool>,
    /// How many answers to each prompt.
    #[schema(minimum = 1)]
    pub n: Option<u32>,
    /// Most tokens of an answer.
    pub max_tokens: Option<u32>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Answer of `POST /v1/completions`, and what an event of a streamed one holds.
#[derive(ToSchema)]
#[schema(example = json!({
    "id": "cmpl-nvqwy3dfoqqgcidmmfzguzlemu", "object": "text_completion", "created": 1795253400,
    "model": "gpt-3.5-turbo-instruct",
    "choices": [{"index": 0, "text": " How can I help?", "logprobs": null, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 2, "completion_tokens": 5, "total_tokens": 7}
}))]
pub struct Completion {
    /// Names the answer.
    pub id: String,
    /// `text_completion`.
    pub object: String,
    /// Unix time in seconds.
    pub created: i64,
    /// The model that answered.
    pub model: String,
    /// The answers.
    pub choices: Vec<CompletionChoice>,
    /// The tokens used.
    pub usage: Option<TokenUsage>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// One of the answers.
#[derive(ToSchema)]
pub struct CompletionChoice {
    /// Which one.
    pub index: u32,
    /// What the model says.
    pub text: String,
    /// Why it ended, such as `stop` or `length`.
    #[schema(required)]
    pub finish_reason: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Body of `POST /v1/embeddings`. Fields that aren't listed here reach the model all the same.
#[derive(ToSchema)]
#[schema(example = json!({"model": "text-embedding-3-small", "input": "Hello!"}))]
pub struct EmbeddingRequest {
    /// One of `GET /v1/models`. May be left out where the installation has a default.
    #[schema(nullable = false, min_length = 1)]
    pub model: Option<String>,
    /// What to embed: a text, several, or tokens.
    pub input: Value,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Answer of `POST /v1/embeddings`.
#[derive(ToSchema)]
#[schema(example = json!({
    "object": "list", "model": "text-embedding-3-small",
    "data": [{"object": "embedding", "index": 0, "embedding": [0.0023, -0.0093, 0.0158]}],
    "usage": {"prompt_tokens": 2, "total_tokens": 2}
}))]
pub struct EmbeddingList {
    /// `list`.
    pub object: String,
    /// One for each text.
    pub data: Vec<Embedding>,
    /// The model that answered.
    pub model: String,
    /// The tokens used.
    pub usage: Option<TokenUsage>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// The embedding of a text.
#[derive(ToSchema)]
pub struct Embedding {
    /// `embedding`.
    pub object: String,
    /// Of which text.
    pub index: u32,
    /// Numbers, or base64 where that was asked for.
    pub embedding: Value,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Body of `POST /v1/responses`. Fields that aren't listed here reach the model all the same. What names something that the
/// model's server keeps must be the caller's own.
#[derive(ToSchema)]
#[schema(example = json!({"model": "gpt-4o-mini", "input": "Hello!"}))]
pub struct ModelResponseRequest {
    /// One of `GET /v1/models`. May be left out where the installation has a default.
    #[schema(nullable = false, min_length = 1)]
    pub model: Option<String>,
    /// A text, or a list of items.
    pub input: Option<Value>,
    /// Whether the answer comes as server-sent events.
    pub stream: Option<bool>,
    /// The response to go on from: one that an answer to a key of the account named.
    pub previous_response_id: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Answer of `POST /v1/responses`.
#[derive(ToSchema)]
#[schema(example = json!({
    "id": "resp_nvqwy3dfoqqgcidmmfzguzlemu", "object": "response", "created_at": 1795253400, "model": "gpt-4o-mini",
    "status": "completed",
    "output": [{
        "id": "msg_nvqwy3dfoqqgcidmmfzguzlemu", "type": "message", "role": "assistant", "status": "completed",
        "content": [{"type": "output_text", "text": "Hello! How can I help?", "annotations": []}]
    }]
}))]
pub struct ModelResponse {
    /// Names the response; `previous_response_id` of a later request may repeat it.
    pub id: String,
    /// `response`.
    pub object: String,
    /// The model that answered.
    pub model: Option<String>,
    /// Such as `completed`.
    pub status: Option<String>,
    /// What the model says and calls.
    pub output: Vec<Map<String, Value>>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Answer of `GET /v1/models`.
#[derive(ToSchema)]
#[schema(example = json!({
    "object": "list",
    "data": [{"id": "tollgate-demo", "object": "model", "created": 1795253400, "owned_by": "tollgate"}]
}))]
pub struct ModelList {
    /// `list`.
    pub object: String,
    /// The models that may be asked for.
    pub data: Vec<Model>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// A model.
#[derive(ToSchema)]
#[schema(example = json!({"id": "tollgate-demo", "object": "model", "created": 1795253400, "owned_by": "tollgate"}))]
pub struct Model {
    /// Its name.
    pub id: String,
    /// `model`.
    pub object: Option<String>,
    /// Unix time in seconds.
    pub created: Option<i64>,
    /// Whose it is.
    pub owned_by: Option<String>,
    /// Everything else.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}
