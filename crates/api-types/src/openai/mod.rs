//! OpenAI's error envelope, as the data plane answers; and, for the OpenAPI document, what passes through it.

#[cfg(feature = "openapi")]
mod chat_answer;
#[cfg(feature = "openapi")]
mod chat_request;
#[cfg(feature = "openapi")]
mod other_calls;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{PlanName, Timestamp};

#[cfg(feature = "openapi")]
pub use chat_answer::{ChatCompletion, ChatCompletionChunk};
#[cfg(feature = "openapi")]
pub use chat_request::ChatCompletionRequest;
#[cfg(feature = "openapi")]
pub use other_calls::{
    Completion, CompletionRequest, EmbeddingList, EmbeddingRequest, Model, ModelList, ModelResponse,
    ModelResponseRequest,
};

/// `{"error": {…}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorEnvelope {
    /// The error.
    pub error: ErrorObject,
}

/// OpenAI's error object, with our quota figures where a quota is spent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ErrorObject {
    /// What happened and what to do, for people.
    pub message: String,
    /// OpenAI's class of error, such as `invalid_request_error`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The field at fault.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub param: Option<String>,
    /// The error's code, such as `rate_limit_exceeded`.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub code: Option<String>,
    /// The figures of a spent quota.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<SpentQuota>,
}

/// The figures of a spent quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpentQuota {
    /// The plan.
    pub plan: PlanName,
    /// Requests that the period allows.
    pub limit: u64,
    /// Requests charged.
    pub used: u64,
    /// When the next period starts, where known.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, required))]
    #[serde(default, deserialize_with = "crate::time::optional_timestamp")]
    pub reset_at: Option<Timestamp>,
}

/// Whether an `error` field reports an error, as OpenAI's Python SDK takes it (`_streaming.py`): something must stand in
/// it. Some servers send it empty in every chunk.
#[must_use]
pub fn is_error(field: &Value) -> bool {
    match field {
        Value::Null => false,
        Value::Bool(value) => *value,
        Value::Number(value) => value.as_f64() != Some(0.0),
        Value::String(value) => !value.is_empty(),
        Value::Array(value) => !value.is_empty(),
        Value::Object(value) => !value.is_empty(),
    }
}
