//! `[sign_up]`: who may make an account.

use api_types::SignUpMode;
use serde::{Deserialize, Deserializer, de::Error as _};

use super::ConfigError;

/// `[sign_up]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignUpConfig {
    /// Who may.
    pub mode: SignUpMode,
    /// Whose addresses, with `mode = "domains"`.
    pub allowed_domains: Vec<Domain>,
    /// Whose addresses never, in every mode.
    pub denied_domains: Vec<Domain>,
}

/// The part of an address behind the `@`, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain(String);

impl Domain {
    /// Its text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de> Deserialize<'de> for Domain {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        // What can stand behind an `@`, and nothing else.
        match api_types::Email::parse(&format!("a@{text}")) {
            Ok(email) => Ok(Self(email.domain().to_owned())),
            Err(_) => Err(D::Error::custom("must be a domain like example.com, without @ or *")),
        }
    }
}

impl SignUpConfig {
    /// Whether the mode has what it needs, and nothing that it ignores.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let wrong =
            |detail: &str| Err(ConfigError { place: "sign_up.allowed_domains".to_owned(), detail: detail.to_owned() });
        match (self.mode, self.allowed_domains.is_empty()) {
            (SignUpMode::Domains, true) => {
                wrong("must name at least one domain with sign_up.mode = \"domains\", such as [\"example.com\"]")
            }
            (SignUpMode::Open | SignUpMode::Invite | SignUpMode::Approval | SignUpMode::Closed, false) => {
                wrong("is used with sign_up.mode = \"domains\" alone; set that mode, or leave the domains out")
            }
            _ => Ok(()),
        }
    }
}
