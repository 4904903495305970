//! People as operators see them, what operators do to them, and the audit of it, on the wire.

use serde::{Deserialize, Serialize};
use validator::Validate;

#[cfg(feature = "openapi")]
use crate::schemas;
use crate::{
    AccountId, Email, FieldError, Fields, Form, Password, RequestId, Text, Timestamp,
    fields::reads_as,
    limits::{AUDIT_NOTE_MAX_CHARS, PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS},
    one_line::one_line_text,
    password::hard_to_guess,
};

/// What an account may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Everything.
    Active,
    /// Sign in, and wait for an operator's approval: no keys yet.
    Waiting,
    /// Nothing: it can't sign in, and its keys are refused.
    Blocked,
}

impl Standing {
    /// As it is written on the wire and in an audit.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Waiting => "waiting",
            Self::Blocked => "blocked",
        }
    }
}

/// Somebody who signed up, as an entry of `GET /admin/people`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({
        "id": "acc_nvqwy3dfoqqgcidmmfzguzlemu", "email": "ada@example.com", "standing": "active", "operator": false,
        "created_at": "2026-11-21T09:30:00Z", "keys": 2
    }))
)]
pub struct Person {
    /// The account's id.
    pub id: AccountId,
    /// Its address.
    pub email: Email,
    /// What it may do.
    pub standing: Standing,
    /// Whether it is an operator's.
    pub operator: bool,
    /// When it signed up.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    #[serde(deserialize_with = "crate::time::timestamp")]
    pub created_at: Timestamp,
    /// How many keys it has.
    #[cfg_attr(feature = "openapi", schema(minimum = 0))]
    pub keys: u64,
}

one_line_text! {
    /// Why an operator did something, in their own words: one line, at most 200 characters.
    AuditNote, AUDIT_NOTE_MAX_CHARS, "Use at most 200 characters."
}

#[cfg(feature = "openapi")]
crate::schemas::has_schema!(AuditNote, audit_note);

/// Body of `PATCH /admin/people/{id}`: what is left out stays.
#[derive(Debug, Default, Clone, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), serde(deny_unknown_fields))]
#[cfg_attr(feature = "openapi", schema(example = json!({"blocked": true, "note": "shares the key in public"})))]
pub struct PersonChange {
    /// Whether it is blocked: its sessions end, and its keys are refused from now on. What was disabled for another
    /// reason stays so when the block ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked: Option<bool>,
    /// `true` approves an account that waits; `false` changes nothing, since an approval can't be taken back. Block it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approved: Option<bool>,
    /// Whether it is an operator's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<bool>,
    /// Why, for the audit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<AuditNote>,
}

/// The fields of a [`PersonChange`].
#[derive(Validate)]
pub struct PersonChangeFields {
    blocked: Option<bool>,
    approved: Option<bool>,
    operator: Option<bool>,
    #[validate(custom(function = reads_as::<AuditNote>))]
    note: Option<Text>,
}

impl Form for PersonChange {
    type Given = PersonChangeFields;

    fn read(fields: &mut Fields) -> PersonChangeFields {
        PersonChangeFields {
            blocked: fields.optional_bool("blocked"),
            approved: fields.optional_bool("approved"),
            operator: fields.optional_bool("operator"),
            note: fields.optional_text("note"),
        }
    }

    fn made(given: PersonChangeFields) -> Result<Self, FieldError> {
        let PersonChangeFields { blocked, approved, operator, note } = given;
        Ok(Self { blocked, approved, operator, note: note.map(|note| note.read("note")).transpose()? })
    }
}

/// Answer of `POST /admin/people/{id}/reset_link`: it is shown this once.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({
        "url": "https://llm.example.com/reset#tgl_…", "expires_at": "2026-11-21T10:30:00Z"
    }))
)]
pub struct ResetLink {
    /// Where the person chooses a new password; give it to nobody else. The part behind `#` never reaches a log.
    pub url: String,
    /// When it ends, used or not.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    #[serde(deserialize_with = "crate::time::timestamp")]
    pub expires_at: Timestamp,
}

/// Body of `POST /password_resets`.
#[derive(Debug)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), serde(deny_unknown_fields))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({"token": "tgl_…", "new_password": "quiet river 17"}))
)]
pub struct PasswordReset {
    /// The part of the link behind `#`.
    #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 1, max_length = 128))]
    pub token: Text,
    /// The password to be. Common passwords and runs of a character are refused.
    #[cfg_attr(feature = "openapi", schema(schema_with = schemas::new_password))]
    pub new_password: Password,
}

/// The fields of a [`PasswordReset`].
#[derive(Validate)]
pub struct PasswordResetFields {
    #[validate(length(min = 1, max = 128, message = "Send the link's part behind #, as it is."))]
    token: Text,
    #[validate(
        length(min = PASSWORD_MIN_CHARS, max = PASSWORD_MAX_CHARS, message = "Use 10 to 128 characters."),
        custom(function = hard_to_guess)
    )]
    new_password: Text,
}

impl Form for PasswordReset {
    type Given = PasswordResetFields;

    fn read(fields: &mut Fields) -> PasswordResetFields {
        PasswordResetFields { token: fields.text("token"), new_password: fields.text("new_password") }
    }

    fn made(given: PasswordResetFields) -> Result<Self, FieldError> {
        Ok(Self { token: given.token, new_password: Password::of(given.new_password) })
    }
}

macro_rules! audited_actions {
    ($($(#[$doc:meta])+ $name:ident = $text:literal,)+) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
        #[serde(rename_all = "snake_case")]
        pub enum AuditedAction {
            $($(#[$doc])+ $name,)+
        }

        impl AuditedAction {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// As it is written in the store; on the wire it is the same.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }

            /// The one that is written so.
            #[must_use]
            pub fn named(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|action| action.as_str() == text)
            }
        }
    };
}

audited_actions! {
    /// An account was blocked.
    Blocked = "blocked",
    /// A block ended.
    Unblocked = "unblocked",
    /// An account that waited was approved.
    Approved = "approved",
    /// An account became an operator's.
    OperatorAdded = "operator_added",
    /// An account is no operator's any more.
    OperatorRemoved = "operator_removed",
    /// An account was deleted with its keys.
    Deleted = "deleted",
    /// A link for a new password was made.
    ResetLinkMade = "reset_link_made",
    /// A new password was chosen through such a link.
    PasswordReset = "password_reset",
    /// An invitation was made.
    InviteMade = "invite_made",
    /// An invitation was withdrawn.
    InviteWithdrawn = "invite_withdrawn",
    /// Somebody signed up with an invitation.
    InviteUsed = "invite_used",
}

/// An entry of `GET /admin/audit`: written in the same step as what it tells, and never changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({
        "id": 7, "at": "2026-11-21T09:30:00Z", "actor": "acc_nvqwy3dfoqqgcidmmfzguzlemu", "actor_email": "op@example.com",
        "action": "blocked", "subject": "acc_mfzguzlemunvqwy3dfoqqgcidm", "subject_email": "ada@example.com",
        "before": "active", "after": "blocked", "note": "shares the key in public",
        "request_id": "req_nvqwy3dfoqqgcidmmfzguzlemu"
    }))
)]
pub struct AuditEntry {
    /// Grows from entry to entry.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub id: u64,
    /// When.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    #[serde(deserialize_with = "crate::time::timestamp")]
    pub at: Timestamp,
    /// Whose account did it; left out for `tollgate`'s own commands on the server's machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<AccountId>,
    /// That account's address, as long as there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor_email: Option<Email>,
    /// What was done.
    pub action: AuditedAction,
    /// On whose account; left out where it concerns none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<AccountId>,
    /// That account's address, as long as there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject_email: Option<Email>,
    /// What it was before, where that says anything: a standing, or the invitation that was used or withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// What it is since: a standing, or the invitation that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Why, in the operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<AuditNote>,
    /// The request that did it, as the log names it.
    pub request_id: RequestId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_written_alike_in_the_store_and_on_the_wire() {
        for action in AuditedAction::ALL {
            assert_eq!(serde_json::to_value(action).unwrap(), action.as_str());
            assert_eq!(AuditedAction::named(action.as_str()), Some(*action));
        }
    }
}
