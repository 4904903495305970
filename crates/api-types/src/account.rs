//! Accounts and sessions on the wire.

use serde::{Deserialize, Serialize};

use crate::{AccountId, Email, Fields, Form, Password, Timestamp};

/// Body of `POST /accounts`.
#[derive(Debug)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewAccount {
    /// The account's name.
    pub email: Email,
    /// Kept only as an Argon2id hash.
    pub password: Password,
}

impl Form for NewAccount {
    fn read(fields: &mut Fields) -> Option<Self> {
        let email = fields.text("email", Email::parse);
        let password = fields.text("password", Password::choose);
        let (email, password) = (email?, password?);
        if password.is_email(&email) {
            return fields.wrong("password", "Choose a password that isn't your email address.");
        }
        Some(Self { email, password })
    }
}

/// Body of `POST /sessions`.
#[derive(Debug)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credentials {
    /// Who.
    pub email: Email,
    /// The proof.
    pub password: Password,
}

impl Form for Credentials {
    fn read(fields: &mut Fields) -> Option<Self> {
        let email = fields.text("email", Email::parse);
        let password = fields.text("password", Password::present);
        Some(Self { email: email?, password: password? })
    }
}

/// Body of `PATCH /me`: every session ends, and the caller gets a new one.
#[derive(Debug)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PasswordChange {
    /// The password as it was.
    pub current_password: Password,
    /// The password to be.
    pub new_password: Password,
}

impl Form for PasswordChange {
    fn read(fields: &mut Fields) -> Option<Self> {
        let current_password = fields.text("current_password", Password::present);
        let new_password = fields.text("new_password", Password::choose);
        Some(Self { current_password: current_password?, new_password: new_password? })
    }
}

/// Answer of `POST /accounts`, `POST /sessions`, `POST /sessions/refresh` and `PATCH /me`; the page gets the same in
/// cookies.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SessionTokens {
    /// A JWT for `Authorization: Bearer`.
    pub access_token: String,
    /// Always `Bearer`.
    #[cfg_attr(feature = "openapi", schema(example = "Bearer"))]
    pub token_type: String,
    /// Seconds until it expires.
    #[cfg_attr(feature = "openapi", schema(example = 900))]
    pub expires_in: i64,
}

/// Answer of `GET /me`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Me {
    /// The account's id.
    pub id: AccountId,
    /// Its address.
    pub email: Email,
    /// When it signed up.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    #[serde(deserialize_with = "crate::time::timestamp")]
    pub created_at: Timestamp,
}
