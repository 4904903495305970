//! An email address as an account's name.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    Reason,
    limits::{EMAIL_LOCAL_MAX_BYTES, EMAIL_MAX_BYTES},
};

/// A checked address, trimmed and in lower case, so that one mailbox is one account.
///
/// The rules are those of the WHATWG's `<input type=email>` (ASCII only), plus a dot in the domain; whether mail
/// arrives there is not known.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

#[cfg(feature = "openapi")]
crate::schemas::has_schema!(Email, email);

impl Email {
    /// Reads an address.
    ///
    /// # Errors
    /// A sentence for the form field.
    pub fn parse(text: &str) -> Result<Self, Reason> {
        let text = text.trim();
        if text.is_empty() {
            return Err(Reason::new("required", "Enter your email address."));
        }
        match text.rsplit_once('@') {
            Some((local, domain)) if is_local(local) && is_domain(domain) && text.len() <= EMAIL_MAX_BYTES => {
                Ok(Self(text.to_ascii_lowercase()))
            }
            _ => Err(Reason::new("email", "Enter an email address like name@example.com.")),
        }
    }

    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands behind the `@`.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

fn is_local(local: &str) -> bool {
    let is_atom = |c: u8| c.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&c);
    !local.is_empty() && local.len() <= EMAIL_LOCAL_MAX_BYTES && local.bytes().all(is_atom)
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'-')
    };
    domain.contains('.') && domain.split('.').all(is_label)
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Email {
    /// Addresses are personal: a log shows that there is one, not which.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(…)")
    }
}

impl TryFrom<String> for Email {
    type Error = Reason;

    fn try_from(text: String) -> Result<Self, Reason> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> String {
        email.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_people_have_are_taken() {
        for text in ["ada@example.com", " Ada.Lovelace+llm@mail.example.co.uk ", "o'neil@ex-ample.org"] {
            assert_eq!(Email::parse(text).unwrap().as_str(), text.trim().to_lowercase());
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_words() {
        let long = format!("a@{}example.com", "a.".repeat(130));
        for text in [
            "",
            "ada",
            "ada@",
            "@example.com",
            "ada@localhost",
            "a b@example.com",
            "a@-x.com",
            "a@x..com",
            "ä@example.com",
            "a@b@c.de d",
            &long,
        ] {
            assert!(Email::parse(text).is_err(), "{text}");
        }
    }
}
