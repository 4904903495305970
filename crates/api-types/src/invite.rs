//! Invitations to sign up, on the wire.

use serde::{Deserialize, Serialize};
use validator::Validate;

use crate::{
    AuditNote, Email, FieldError, Fields, Form, InviteId, Reason, Text, Timestamp,
    fields::reads_as,
    limits::{INVITE_DAYS, INVITE_MAX_DAYS},
};

/// Body of `POST /admin/invites`: for one address, for a domain, or for whoever has it.
#[derive(Debug, Default, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), serde(deny_unknown_fields))]
#[cfg_attr(feature = "openapi", schema(example = json!({"email": "grace@example.com", "days": 7})))]
pub struct NewInvite {
    /// The one address that it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// The domain whose addresses it is for, such as `example.com`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(schema_with = crate::schemas::domain))]
    pub domain: Option<String>,
    /// How long it is good, in days.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<u32>, minimum = 1, maximum = 90, default = 7))]
    pub days: u32,
    /// Why, for the audit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<AuditNote>,
}

/// The fields of a [`NewInvite`].
#[derive(Validate)]
pub struct NewInviteFields {
    #[validate(custom(function = reads_as::<Email>))]
    email: Option<Text>,
    domain: Option<Text>,
    #[validate(range(min = 1, max = INVITE_MAX_DAYS, message = "Must be from 1 to 90."))]
    days: Option<u32>,
    #[validate(custom(function = reads_as::<AuditNote>))]
    note: Option<Text>,
}

impl Form for NewInvite {
    type Given = NewInviteFields;

    fn read(fields: &mut Fields) -> NewInviteFields {
        NewInviteFields {
            email: fields.optional_text("email"),
            domain: fields.optional_text("domain"),
            days: fields.optional_number("days"),
            note: fields.optional_text("note"),
        }
    }

    fn made(given: NewInviteFields) -> Result<Self, FieldError> {
        let NewInviteFields { email, domain, days, note } = given;
        // What can stand behind an `@`, in the spelling of addresses.
        let domain = domain.map(|domain| match Email::parse(&format!("a@{}", &*domain)) {
            Ok(email) => Ok(email.domain().to_owned()),
            Err(_) => Err(FieldError::new("domain", Reason::new("domain", "Enter a domain like example.com."))),
        });
        Ok(Self {
            email: email.map(|email| email.read("email")).transpose()?,
            domain: domain.transpose()?,
            days: days.unwrap_or(INVITE_DAYS),
            note: note.map(|note| note.read("note")).transpose()?,
        })
    }
}

/// Answer of `POST /admin/invites`: its secret is shown this once.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({
        "id": "inv_nvqwy3dfoqqgcidmmfzguzlemu", "url": "https://llm.example.com/sign-up#tgi_…",
        "expires_at": "2026-11-28T09:30:00Z"
    }))
)]
pub struct InviteMade {
    /// Its id, by which it is withdrawn.
    pub id: InviteId,
    /// Where somebody signs up with it. The part behind `#` never reaches a log.
    pub url: String,
    /// When it ends, used or not.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    #[serde(deserialize_with = "crate::time::timestamp")]
    pub expires_at: Timestamp,
}

/// An entry of `GET /admin/invites`: an invitation that may still be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({
        "id": "inv_nvqwy3dfoqqgcidmmfzguzlemu", "email": "grace@example.com", "created_at": "2026-11-21T09:30:00Z",
        "expires_at": "2026-11-28T09:30:00Z"
    }))
)]
pub struct Invite {
    /// Its id.
    pub id: InviteId,
    /// The one address that it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Email>,
    /// The domain whose addresses it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    /// When it was made.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    #[serde(deserialize_with = "crate::time::timestamp")]
    pub created_at: Timestamp,
    /// When it ends.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    #[serde(deserialize_with = "crate::time::timestamp")]
    pub expires_at: Timestamp,
}
