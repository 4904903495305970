//! One day of a key's usage.

use serde::{Deserialize, Serialize};

use crate::Date;

/// One row of `GET /keys/{id}/usage`: a calendar day in the plan's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({"date": "2026-11-21", "used": 3, "refused": 0, "returned": 0, "limit": 10}))
)]
pub struct UsageDay {
    /// The day.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = Date))]
    #[serde(deserialize_with = "crate::time::date")]
    pub date: Date,
    /// Requests charged.
    pub used: u64,
    /// Requests refused by quota or throttle; they cost nothing.
    pub refused: u64,
    /// Charges given back, because the upstream failed.
    pub returned: u64,
    /// What the day allowed; null unless the plan's period is DAY.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub limit: Option<u64>,
}
