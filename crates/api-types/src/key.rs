//! API keys on the wire: creating, listing, changing, and what a key tells about itself.

use serde::{Deserialize, Serialize};

use validator::Validate;

use crate::{
    Email, FieldError, Fields, Form, KeyId, Period, PlanName, Text, Throttle, Timestamp,
    fields::reads_as,
    limits::{KEY_LABEL_MAX_CHARS, ROTATION_GRACE_MAX_SECONDS},
    one_line::one_line_text,
};

one_line_text! {
    /// A key's label: its owner's own words, one line, at most 64 characters; may be empty.
    KeyLabel, KEY_LABEL_MAX_CHARS, "Use at most 64 characters."
}

#[cfg(feature = "openapi")]
crate::schemas::has_schema!(KeyLabel, key_label);

/// Body of `POST /create_key`.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), serde(deny_unknown_fields))]
#[cfg_attr(feature = "openapi", schema(example = json!({"plan_name": "10RequestPerDay"})))]
pub struct CreateKey {
    /// A plan from `GET /plans`.
    pub plan_name: PlanName,
    /// The caller's own email address, if given at all; another is a 403.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<Email>,
}

/// The fields of a [`CreateKey`].
#[derive(Validate)]
pub struct CreateKeyFields {
    #[validate(custom(function = reads_as::<PlanName>))]
    plan_name: Text,
    #[validate(custom(function = reads_as::<Email>))]
    user: Option<Text>,
}

impl Form for CreateKey {
    type Given = CreateKeyFields;

    fn read(fields: &mut Fields) -> CreateKeyFields {
        CreateKeyFields { plan_name: fields.text("plan_name"), user: fields.optional_text("user") }
    }

    fn made(given: CreateKeyFields) -> Result<Self, FieldError> {
        let user = given.user.map(|user| user.read("user")).transpose()?;
        Ok(Self { plan_name: given.plan_name.read("plan_name")?, user })
    }
}

/// Answer of `POST /create_key` and of a rotation. No other answer shows the value.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({
        "value": "tg_…", "id": "key_nvqwy3dfoqqgcidmmfzguzlemu", "plan_name": "10RequestPerDay"
    }))
)]
pub struct CreatedKey {
    /// The key itself; it can't be shown again.
    pub value: String,
    /// Its public id.
    pub id: KeyId,
    /// Its plan.
    pub plan_name: PlanName,
}

/// Body of `PATCH /keys/{id}`: what is left out stays.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), serde(deny_unknown_fields))]
#[cfg_attr(feature = "openapi", schema(example = json!({"enabled": true, "label": "laptop"})))]
pub struct KeyChange {
    /// `false` disables the key, `true` enables it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
    /// A new label; empty clears it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<KeyLabel>,
}

/// The fields of a [`KeyChange`].
#[derive(Validate)]
pub struct KeyChangeFields {
    enabled: Option<bool>,
    #[validate(custom(function = reads_as::<KeyLabel>))]
    label: Option<Text>,
}

impl Form for KeyChange {
    type Given = KeyChangeFields;

    fn read(fields: &mut Fields) -> KeyChangeFields {
        KeyChangeFields { enabled: fields.optional_bool("enabled"), label: fields.optional_text("label") }
    }

    fn made(given: KeyChangeFields) -> Result<Self, FieldError> {
        let label = given.label.map(|label| label.read("label")).transpose()?;
        Ok(Self { enabled: given.enabled, label })
    }
}

/// Body of `POST /keys/{id}/rotate`.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), serde(deny_unknown_fields))]
#[cfg_attr(feature = "openapi", schema(example = json!({"grace_seconds": 3600})))]
pub struct RotateKey {
    /// How long the value that is replaced still works, in seconds. What was promised to earlier values stays.
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::schemas::grace_seconds, required = false))]
    pub grace_seconds: u32,
}

/// The fields of a [`RotateKey`].
#[derive(Validate)]
pub struct RotateKeyFields {
    #[validate(range(max = ROTATION_GRACE_MAX_SECONDS, message = "Must be from 0 to 86400."))]
    grace_seconds: Option<u32>,
}

impl Form for RotateKey {
    type Given = RotateKeyFields;

    fn read(fields: &mut Fields) -> RotateKeyFields {
        RotateKeyFields { grace_seconds: fields.optional_number("grace_seconds") }
    }

    fn made(given: RotateKeyFields) -> Result<Self, FieldError> {
        Ok(Self { grace_seconds: given.grace_seconds.unwrap_or(0) })
    }
}

/// Whether a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum KeyState {
    /// It works.
    Active,
    /// Its owner switched it off.
    Disabled,
    /// It is new, or was just switched on again, and may not work everywhere yet; it becomes active by itself.
    Activating,
}

/// How much of a quota is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", try_from = "crate::quota_fields::QuotaFields")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum QuotaStatus {
    /// So many per period.
    #[cfg_attr(feature = "openapi", schema(title = "LimitedQuotaStatus"))]
    Limited {
        /// Requests that this period allows.
        limit: u64,
        /// Requests charged in it, those under way among them.
        used: u64,
        /// What is left.
        remaining: u64,
        /// The period's kind.
        period: Period,
        /// When the next period starts; null where the backend doesn't promise one.
        #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, required))]
        reset_at: Option<Timestamp>,
    },
    /// No quota.
    #[cfg_attr(feature = "openapi", schema(title = "UnlimitedQuotaStatus"))]
    Unlimited,
}

/// Answer of `GET /v1/key`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({
        "id": "key_nvqwy3dfoqqgcidmmfzguzlemu", "plan_name": "10RequestPerDay", "state": "active",
        "last_used_at": "2026-11-21T17:05:00Z",
        "quota": {
            "kind": "limited", "limit": 10, "used": 3, "remaining": 7, "period": "DAY", "reset_at": "2026-11-22T00:00:00Z"
        },
        "throttle": {"rate": 10.0, "burst": 20}
    }))
)]
pub struct KeyStatus {
    /// The key's public id.
    pub id: KeyId,
    /// Its plan.
    pub plan_name: PlanName,
    /// Whether it works.
    pub state: KeyState,
    /// When a request with it was last admitted, to the minute; null where none was yet, or the backend doesn't know.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, required))]
    #[serde(default, deserialize_with = "crate::time::optional_timestamp")]
    pub last_used_at: Option<Timestamp>,
    /// Its plan's quota, as used by the whole subscription.
    pub quota: QuotaStatus,
    /// Its plan's throttle; null is as fast as they come.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub throttle: Option<Throttle>,
}

impl QuotaStatus {
    /// Whether nothing is left.
    #[must_use]
    pub const fn is_spent(&self) -> bool {
        matches!(self, Self::Limited { remaining: 0, .. })
    }
}

/// One entry of `GET /keys`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({
        "id": "key_nvqwy3dfoqqgcidmmfzguzlemu", "plan_name": "10RequestPerDay", "label": "laptop", "state": "active",
        "created_at": "2026-11-21T09:30:00Z", "last_used_at": "2026-11-21T17:05:00Z", "rotated_at": null, "old_value_until": null, "old_values_until": [],
        "carry_over_pending": false,
        "quota": {
            "kind": "limited", "limit": 10, "used": 3, "remaining": 7, "period": "DAY", "reset_at": "2026-11-22T00:00:00Z"
        },
        "throttle": {"rate": 10.0, "burst": 20}
    }))
)]
pub struct KeyEntry {
    /// The key's public id.
    pub id: KeyId,
    /// Its plan.
    pub plan_name: PlanName,
    /// Its owner's words for it; may be empty.
    pub label: KeyLabel,
    /// Whether it works.
    pub state: KeyState,
    /// When it was created.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    #[serde(deserialize_with = "crate::time::timestamp")]
    pub created_at: Timestamp,
    /// When a request with it was last admitted, to the minute; null where none was yet, or the backend doesn't know.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, required))]
    #[serde(default, deserialize_with = "crate::time::optional_timestamp")]
    pub last_used_at: Option<Timestamp>,
    /// When its value was last replaced.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, required))]
    #[serde(default, deserialize_with = "crate::time::optional_timestamp")]
    pub rotated_at: Option<Timestamp>,
    /// Until when the last of its old values still works.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime, required))]
    #[serde(default, deserialize_with = "crate::time::optional_timestamp")]
    pub old_value_until: Option<Timestamp>,
    /// Until when each of its old values still works, the first end first.
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::schemas::old_values_until, required))]
    #[serde(default, deserialize_with = "crate::time::unread")]
    pub old_values_until: Vec<Timestamp>,
    /// Whether the service that counts doesn't know yet what was used before the key had this value: `quota` tells what it
    /// will allow, which may be what was used once already.
    #[cfg_attr(feature = "openapi", schema(required))]
    #[serde(default)]
    pub carry_over_pending: bool,
    /// Its plan's quota, as used by the whole subscription.
    pub quota: QuotaStatus,
    /// Its plan's throttle; null is as fast as they come.
    #[cfg_attr(feature = "openapi", schema(required))]
    pub throttle: Option<Throttle>,
}
