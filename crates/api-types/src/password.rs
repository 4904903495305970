//! A password on its way in: its rules, and a type that shows it to nobody.

use std::fmt;

use zeroize::Zeroizing;

use crate::{
    Email, Reason,
    limits::{PASSWORD_MAX_CHARS, PASSWORD_MIN_CHARS},
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
        // One pass over a text that a form's size bounds; what comes after it is short.
        let chars = text.chars().count();
        if chars < PASSWORD_MIN_CHARS {
            return Err(Reason::new(format!("Use at least {PASSWORD_MIN_CHARS} characters.")));
        }
        if chars > PASSWORD_MAX_CHARS {
            return Err(Reason::new(format!("Use at most {PASSWORD_MAX_CHARS} characters.")));
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
        if text.chars().count() > PASSWORD_MAX_CHARS {
            return Err(Reason::new(format!("A password has at most {PASSWORD_MAX_CHARS} characters.")));
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

/// The commonest leaked passwords that are long enough, and runs of one character or of neighbours.
fn is_common(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    is_run(&lower) || COMMON_STEMS.contains(&stem(&lower)) || COMMON.contains(&lower.as_str())
}

fn is_run(text: &str) -> bool {
    let steps = |step: i64| {
        text.chars().zip(text.chars().skip(1)).all(|(a, b)| i64::from(u32::from(b)) - i64::from(u32::from(a)) == step)
    };
    steps(0) || steps(1) || steps(-1)
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
    fn its_length_is_counted_in_characters() {
        for text in ["äöüßé", "пароль-да", "🐢🐇🦊"] {
            assert!(Password::choose(text).is_err(), "{text}");
        }
        let longest = "🐢🐇🦊🦉".repeat(32);
        assert!(Password::choose(&longest).is_ok() && Password::present(&longest).is_ok());
        let longer = format!("{longest}🐢");
        assert!(Password::choose(&longer).is_err() && Password::present(&longer).is_err());
        assert!(Password::choose("аааааааааа").is_err(), "a run in another script");
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
