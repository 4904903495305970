//! OpenAI's error envelope, as the data plane answers.

use serde::{Deserialize, Serialize};

use crate::{PlanName, Timestamp};

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
    pub param: Option<String>,
    /// The error's code, such as `rate_limit_exceeded`.
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
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    #[serde(default, deserialize_with = "crate::time::optional_timestamp")]
    pub reset_at: Option<Timestamp>,
}
