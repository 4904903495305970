//! A password on its way in: its rules, and a type that shows it to nobody.

use std::fmt;

use validator::ValidationError;
use zeroize::Zeroizing;

use crate::{Email, Reason, Text};

/// A password that keeps our rules, or one presented at sign-in; made of a valid form, and wiped when dropped.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Why a password that [is the email address](Self::is_email) is refused.
    pub const IS_THE_EMAIL: Reason = Reason::new("email", "Choose a password that isn't your email address.");

    /// Of a field that kept its rules.
    pub(crate) fn of(text: Text) -> Self {
        Self(text.into_inner())
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

/// The rule for a password that somebody chooses, beside its length.
pub(crate) fn hard_to_guess(text: &Text) -> Result<(), ValidationError> {
    const COMMON: Reason =
        Reason::new("common", "This password is too easy to guess. Choose another, a few words for example.");
    if is_common(text) { Err(COMMON.into()) } else { Ok(()) }
}

/// The commonest leaked passwords that are long enough, and runs of one character or of neighbours.
fn is_common(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    is_run(&lower) || COMMON_STEMS.contains(&stem(&lower)) || COMMON.contains(&lower.as_str())
}

fn is_run(text: &str) -> bool {
    let mut before = None;
    let mut steps = text.chars().map(u32::from).filter_map(|code| Some(code.wrapping_sub(before.replace(code)?)));
    let first = steps.next().unwrap_or_default();
    matches!(first, 0 | 1 | u32::MAX) && steps.all(|step| step == first)
}

/// Without the digits and marks at its end.
fn stem(text: &str) -> &str {
    text.trim_end_matches(|c: char| c.is_ascii_digit() || "!@#$%.?*".contains(c))
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

/// Common ones that no other rule catches, in lower case.
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
    use crate::limits::{PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS};

    #[test]
    fn weak_ones_are_common() {
        let runs = ["aaaaaaaaaaaa", "1234567890", "abcdefghijkl", "аааааааааа"];
        for text in runs.into_iter().chain(["Password2026!", "qwertyuiop", "1q2w3e4r5t"]) {
            assert!(is_common(text), "{text}");
        }
        assert!(!is_common("plain lake 42"));
    }

    #[test]
    fn no_list_holds_what_another_rule_refuses() {
        for text in COMMON {
            let chars = text.chars().count();
            assert!((PASSWORD_MIN_CHARS..=PASSWORD_MAX_CHARS).contains(&chars), "{text}");
            assert!(!is_run(text) && !COMMON_STEMS.contains(&stem(text)), "{text}");
        }
        for (list, name) in [(COMMON, "whole"), (COMMON_STEMS, "stem")] {
            for (at, text) in list.iter().enumerate() {
                assert_eq!(*text, text.to_ascii_lowercase());
                assert!(!list[..at].contains(text), "{name} {text} is there twice");
            }
        }
        // A stem that ends in what is taken off could never be met.
        assert!(COMMON_STEMS.iter().all(|text| stem(text) == *text));
    }

    #[test]
    fn debug_shows_nothing() {
        let password = Password(Zeroizing::new("sekret".to_owned()));
        assert_eq!(format!("{password:?}"), "Password(…)");
    }
}
