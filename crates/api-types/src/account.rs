//! Accounts and sessions on the wire.

use serde::{Deserialize, Serialize};

use validator::Validate;

#[cfg(feature = "openapi")]
use crate::schemas;
use crate::{
    AccountId, Email, FieldError, Fields, Form, Password, Standing, Text, Timestamp,
    fields::reads_as,
    limits::{PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS},
    password::hard_to_guess,
};

/// Body of `POST /accounts`.
#[derive(Debug)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), serde(deny_unknown_fields))]
#[cfg_attr(feature = "openapi", schema(example = json!({"email": "ada@example.com", "password": "plain lake 42"})))]
pub struct NewAccount {
    /// The account's name.
    pub email: Email,
    /// Kept only as an Argon2id hash. Common passwords, runs of a character and the email address are refused.
    #[cfg_attr(feature = "openapi", schema(schema_with = schemas::new_password))]
    pub password: Password,
    /// The secret of an invitation, the part of its link behind `#`; used up by the account that it makes.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, min_length = 1, max_length = 128))]
    pub invite: Option<Text>,
}

/// The fields of a [`NewAccount`].
#[derive(Validate)]
pub struct NewAccountFields {
    #[validate(custom(function = reads_as::<Email>))]
    email: Text,
    #[validate(
        length(min = PASSWORD_MIN_CHARS, max = PASSWORD_MAX_CHARS, message = "Use 10 to 128 characters."),
        custom(function = hard_to_guess)
    )]
    password: Text,
    #[validate(length(min = 1, max = 128, message = "Send the link's part behind #, as it is."))]
    invite: Option<Text>,
}

impl Form for NewAccount {
    type Given = NewAccountFields;

    fn read(fields: &mut Fields) -> NewAccountFields {
        NewAccountFields {
            email: fields.text("email"),
            password: fields.text("password"),
            invite: fields.optional_text("invite"),
        }
    }

    fn made(given: NewAccountFields) -> Result<Self, FieldError> {
        let email = given.email.read("email")?;
        let password = Password::of(given.password);
        if password.is_email(&email) {
            return Err(FieldError::new("password", Password::IS_THE_EMAIL));
        }
        Ok(Self { email, password, invite: given.invite })
    }
}

/// Body of `POST /sessions`.
#[derive(Debug)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), serde(deny_unknown_fields))]
#[cfg_attr(feature = "openapi", schema(example = json!({"email": "ada@example.com", "password": "plain lake 42"})))]
pub struct Credentials {
    /// Who.
    pub email: Email,
    /// The proof.
    #[cfg_attr(feature = "openapi", schema(schema_with = schemas::password))]
    pub password: Password,
    /// Whether the refresh token is to stand in the answer, for a program that means to stay signed in. A page gets it in
    /// a cookie, and may not ask.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<bool>, default = false))]
    pub with_refresh_token: bool,
}

/// The fields of [`Credentials`].
#[derive(Validate)]
pub struct CredentialsFields {
    #[validate(custom(function = reads_as::<Email>))]
    email: Text,
    #[validate(length(min = 1, max = PASSWORD_MAX_CHARS, message = "Enter your password, at most 128 characters."))]
    password: Text,
    with_refresh_token: Option<bool>,
}

impl Form for Credentials {
    type Given = CredentialsFields;

    fn read(fields: &mut Fields) -> CredentialsFields {
        CredentialsFields {
            email: fields.text("email"),
            password: fields.text("password"),
            with_refresh_token: fields.optional_bool("with_refresh_token"),
        }
    }

    fn made(given: CredentialsFields) -> Result<Self, FieldError> {
        Ok(Self {
            email: given.email.read("email")?,
            password: Password::of(given.password),
            with_refresh_token: given.with_refresh_token.unwrap_or_default(),
        })
    }
}

/// Body of `POST /sessions/refresh`, for programs. A page sends none: its token is in a cookie.
#[derive(Debug, Validate)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), serde(deny_unknown_fields))]
#[cfg_attr(feature = "openapi", schema(example = json!({"refresh_token": "tgr_…"})))]
pub struct RefreshSession {
    /// The refresh token of the last answer; each works once.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub refresh_token: Option<Text>,
}

impl Form for RefreshSession {
    type Given = Self;

    fn read(fields: &mut Fields) -> Self {
        Self { refresh_token: fields.optional_text("refresh_token") }
    }

    fn made(given: Self) -> Result<Self, FieldError> {
        Ok(given)
    }
}

/// Body of `PATCH /me`: every session ends, and the caller gets a new one.
#[derive(Debug)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), serde(deny_unknown_fields))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({"current_password": "plain lake 42", "new_password": "quiet river 17"}))
)]
pub struct PasswordChange {
    /// The password as it was.
    #[cfg_attr(feature = "openapi", schema(schema_with = schemas::password))]
    pub current_password: Password,
    /// The password to be. Common passwords, runs of a character and the email address are refused.
    #[cfg_attr(feature = "openapi", schema(schema_with = schemas::new_password))]
    pub new_password: Password,
}

/// The fields of a [`PasswordChange`].
#[derive(Validate)]
pub struct PasswordChangeFields {
    #[validate(length(min = 1, max = PASSWORD_MAX_CHARS, message = "Enter your password, at most 128 characters."))]
    current_password: Text,
    #[validate(
        length(min = PASSWORD_MIN_CHARS, max = PASSWORD_MAX_CHARS, message = "Use 10 to 128 characters."),
        custom(function = hard_to_guess)
    )]
    new_password: Text,
}

impl Form for PasswordChange {
    type Given = PasswordChangeFields;

    fn read(fields: &mut Fields) -> PasswordChangeFields {
        PasswordChangeFields {
            current_password: fields.text("current_password"),
            new_password: fields.text("new_password"),
        }
    }

    fn made(given: PasswordChangeFields) -> Result<Self, FieldError> {
        let PasswordChangeFields { current_password, new_password } = given;
        Ok(Self { current_password: Password::of(current_password), new_password: Password::of(new_password) })
    }
}

/// Body of `DELETE /me`.
#[derive(Debug)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), serde(deny_unknown_fields))]
#[cfg_attr(feature = "openapi", schema(example = json!({"password": "plain lake 42"})))]
pub struct AccountDeletion {
    /// The account's password: a session alone deletes nothing.
    #[cfg_attr(feature = "openapi", schema(schema_with = schemas::password))]
    pub password: Password,
}

/// The fields of an [`AccountDeletion`].
#[derive(Validate)]
pub struct AccountDeletionFields {
    #[validate(length(min = 1, max = PASSWORD_MAX_CHARS, message = "Enter your password, at most 128 characters."))]
    password: Text,
}

impl Form for AccountDeletion {
    type Given = AccountDeletionFields;

    fn read(fields: &mut Fields) -> AccountDeletionFields {
        AccountDeletionFields { password: fields.text("password") }
    }

    fn made(given: AccountDeletionFields) -> Result<Self, FieldError> {
        Ok(Self { password: Password::of(given.password) })
    }
}

/// Answer of `POST /accounts`, `POST /sessions`, `POST /sessions/refresh` and `PATCH /me`; the page gets both tokens in
/// cookies.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({"access_token": "eyJhbGciOiJIUzI1NiJ9.e30.x", "token_type": "Bearer", "expires_in": 900}))
)]
pub struct SessionTokens {
    /// A JWT for `Authorization: Bearer`.
    pub access_token: String,
    /// Always `Bearer`.
    pub token_type: String,
    /// Seconds until it expires.
    pub expires_in: i64,
    /// What `POST /sessions/refresh` takes, good for 30 days; only for whoever asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
}

/// Answer of `GET /me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({
        "id": "acc_nvqwy3dfoqqgcidmmfzguzlemu", "email": "ada@example.com", "created_at": "2026-11-21T09:30:00Z",
        "standing": "active", "operator": false
    }))
)]
pub struct Me {
    /// The account's id.
    pub id: AccountId,
    /// Its address.
    pub email: Email,
    /// When it signed up.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    #[serde(deserialize_with = "crate::time::timestamp")]
    pub created_at: Timestamp,
    /// What it may do.
    pub standing: Standing,
    /// Whether it is an operator's.
    pub operator: bool,
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::read_form;

    fn refused<F: Form>(body: Value) -> Option<(String, String)> {
        read_form::<F>(body).err().map(|mut errors| {
            assert_eq!(errors.len(), 1, "{errors:?}");
            let error = errors.remove(0);
            (error.code, error.detail)
        })
    }

    fn chosen(password: &str) -> Option<(String, String)> {
        refused::<NewAccount>(json!({"email": "ada.lovelace@example.com", "password": password}))
    }

    fn presented(password: &str) -> Option<(String, String)> {
        refused::<Credentials>(json!({"email": "ada@example.com", "password": password}))
    }

    #[test]
    fn a_good_password_is_taken() {
        for text in ["plain lake 42", "tr0ub4dor&3x", "ein langer Satz über Enten"] {
            assert_eq!(chosen(text), None, "{text}");
        }
    }

    #[test]
    fn a_passwords_length_is_counted_in_characters_and_told_as_it_is() {
        let longest = "🐢🐇🦊🦉".repeat(32);
        assert_eq!((chosen(&longest), presented(&longest)), (None, None));
        let longer = format!("{longest}🐢");
        for text in ["short", "äöüßé", "пароль-да", "🐢🐇🦊", &longer] {
            let (code, detail) = chosen(text).unwrap();
            let bounds = [PASSWORD_MIN_CHARS, PASSWORD_MAX_CHARS].map(|bound| detail.contains(&bound.to_string()));
            assert_eq!((code.as_str(), bounds), ("length", [true, true]), "{text}: {detail}");
        }
        for text in ["", &longer] {
            let (code, detail) = presented(text).unwrap();
            assert!(code == "length" && detail.contains(&PASSWORD_MAX_CHARS.to_string()), "{text}: {detail}");
        }
    }

    #[test]
    fn the_email_is_no_password() {
        for text in ["ada.lovelace", "Ada.Lovelace@example.com"] {
            assert_eq!(chosen(text).unwrap().0, "email", "{text}");
        }
    }
}
