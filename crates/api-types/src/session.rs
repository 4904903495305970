//! A session as its owner sees it, on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{SessionId, Timestamp, limits::CLIENT_NAME_MAX_CHARS};

/// What somebody signed in with, in a few words ("Firefox on Linux"): no control characters, at most
/// `limits::CLIENT_NAME_MAX_CHARS` characters, empty where it isn't known. It is what a client says of itself, which
/// proves nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct ClientName(String);

impl ClientName {
    /// As much of a text as may stand here.
    #[must_use]
    pub fn cut(text: &str) -> Self {
        let printable = text.trim().chars().filter(|char| !char.is_control());
        Self(printable.take(CLIENT_NAME_MAX_CHARS).collect())
    }

    /// The words.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<String> for ClientName {
    fn from(text: String) -> Self {
        Self::cut(&text)
    }
}

impl From<ClientName> for String {
    fn from(name: ClientName) -> Self {
        name.0
    }
}

/// One entry of `GET /me/sessions`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(
    feature = "openapi",
    schema(example = json!({
        "id": "ses_nvqwy3dfoqqgcidmmfzguzlemu", "client": "Firefox on Linux", "created_at": "2026-11-21T09:30:00Z",
        "last_used_at": "2026-11-21T17:05:00Z", "current": true
    }))
)]
pub struct SessionEntry {
    /// The session's id.
    pub id: SessionId,
    /// What was signed in with, by its own word (`User-Agent`), shortened; empty where it isn't known.
    #[cfg_attr(feature = "openapi", schema(value_type = String, max_length = 64))]
    pub client: ClientName,
    /// When it began.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    #[serde(deserialize_with = "crate::time::timestamp")]
    pub created_at: Timestamp,
    /// When it was last refreshed, which a session in use is every quarter of an hour.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    #[serde(deserialize_with = "crate::time::timestamp")]
    pub last_used_at: Timestamp,
    /// Whether it is the one that asks.
    pub current: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_printable() {
        assert_eq!(ClientName::cut(" a\u{7}b\u{1b}[31m\n").as_str(), "ab[31m");
        assert_eq!(ClientName::cut(&"🐢".repeat(100)).as_str().chars().count(), CLIENT_NAME_MAX_CHARS);
        assert_eq!(ClientName::cut(" \t").as_str(), "");
    }
}
