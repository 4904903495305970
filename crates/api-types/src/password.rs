//! A password on its way in: its rules, and a type that shows it to nobody.

use std::fmt;

use zeroize::Zeroizing;

use crate::{
    Email, Reason,
    limits::{PASSWORD_MAX_BYTES, PASSWORD_MIN_BYTES},
};

/// A password that keeps our rules, or one presented at sign-in; wiped when dropped.
#[derive(Clone)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = Password))]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Reads a password that somebody chooses.
    ///
    /// # Errors
    /// Too short, too long, or common: a sentence for the form field.
    pub fn choose(text: &str) -> Result<Self, Reason> {
        if text.len() < PASSWORD_MIN_BYTES {
            return Err(Reason::new(format!("Use at least {PASSWORD_MIN_BYTES} characters.")));
        }
        if text.len() > PASSWORD_MAX_BYTES {
            return Err(Reason::new(format!("Use at most {PASSWORD_MAX_BYTES} bytes.")));
        }
        if is_common(text) {
            return Err(Reason::new("This password is too easy to guess. Choose another, a few words for example."));
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Reads a password presented at sign-in: only its size is bounded.
    ///
    /// # Errors
    /// Empty or too long.
    pub fn present(text: &str) -> Result<Self, Reason> {
        if text.is_empty() {
            return Err(Reason::new("Enter your password."));
        }
        if text.len() > PASSWORD_MAX_BYTES {
            return Err(Reason::new(format!("A password has at most {PASSWORD_MAX_BYTES} bytes.")));
        }
        Ok(Self(Zeroizing::new(text.to_owned())))
    }

    /// Whether it is the email address, or the part before its `@`.
    #[must_use]
    pub fn is_email(&self, email: &Email) -> bool {
        let lower = self.0.trim().to_ascii_lowercase();
        lower == email.as_str() || email.as_str().split('@').next() == Some(lower.as_str())
    }

    /// The bytes, for hashing.
    #[must_use]
    pub fn reveal(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// The commonest leaked passwords of ten bytes and more, and runs of one character or of neighbours.
fn is_common(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let bytes = lower.as_bytes();
    let steps = |step: i16| bytes.windows(2).all(|w| i16::from(w[1]) - i16::from(w[0]) == step);
    if steps(0) || steps(1) || steps(-1) {
        return true;
    }
    let stem = lower.trim_end_matches(|c: char| c.is_ascii_digit() || "!@#$%.?*".contains(c));
    COMMON.contains(&lower.as_str()) || COMMON_STEMS.contains(&stem)
}

/// Words that are too weak however many digits or marks follow.
const COMMON_STEMS: &[&str] = &[
    "",
    "password",
    "passwort",
    "passw0rd",
    "p@ssword",
    "p@ssw0rd",
    "qwerty",
    "qwertyuiop",
    "qwertz",
    "qwertzuiop",
    "azerty",
    "azertyuiop",
    "asdfgh",
    "asdfghjkl",
    "letmein",
    "welcome",
    "iloveyou",
    "admin",
    "administrator",
    "changeme",
    "secret",
    "monkey",
    "dragon",
    "football",
    "baseball",
    "sunshine",
    "princess",
    "superman",
    "batman",
    "trustno",
    "master",
    "hello",
    "test",
    "testtest",
    "abc",
    "tollgate",
];

/// Common ones that no rule above catches.
const COMMON: &[&str] = &[
    "1q2w3e4r5t",
    "1q2w3e4r5t6y",
    "q1w2e3r4t5",
    "q1w2e3r4t5y6",
    "1qaz2wsx3edc",
    "qazwsxedcrfv",
    "zaq12wsxcde3",
    "passwordpassword",
    "iloveyou2you",
    "correcthorsebatterystaple",
    "correct horse battery staple",
    "thisisapassword",
    "mypassword",
    "mypassword1",
    "mypassword123",
    "qwerty123456",
    "abcd123456",
    "a123456789",
    "123456789a",
    "abc123abc123",
    "asdfasdfasdf",
    "qweasdzxc123",
    "qwerqwerqwer",
    "liverpool1",
    "basketball",
    "footballer",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_good_password_is_taken() {
        for text in ["plain lake 42", "tr0ub4dor&3x", "ein langer Satz über Enten"] {
            assert!(Password::choose(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn weak_and_overlong_ones_are_refused() {
        let long = "x1".repeat(65);
        for text in
            ["short", "aaaaaaaaaaaa", "1234567890", "abcdefghijkl", "Password2026!", "qwertyuiop", "1q2w3e4r5t", &long]
        {
            assert!(Password::choose(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_email_is_no_password() {
        let email = Email::parse("ada.lovelace@example.com").unwrap();
        assert!(Password::choose("ada.lovelace").unwrap().is_email(&email));
        assert!(Password::choose("Ada.Lovelace@example.com").unwrap().is_email(&email));
        assert!(!Password::choose("plain lake 42").unwrap().is_email(&email));
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Password::present("sekret").unwrap()), "Password(…)");
    }
}
