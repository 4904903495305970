//! Our own ids: one prefix per kind, so that the wrong one is recognised in a log.
//!
//! An id is `<prefix>_<26 characters>`: 128 random bits in lower-case base32. Randomness is the caller's.

use std::{fmt, str::FromStr};

use data_encoding::{BASE32_NOPAD, BASE32_NOPAD_NOCASE};
use serde::{Deserialize, Serialize};

/// The text is not an id of the expected kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IdError;

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not an id of this kind")
    }
}

impl std::error::Error for IdError {}

fn encode(bytes: &[u8; 16]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

fn decode(text: &str) -> Result<[u8; 16], IdError> {
    let bytes: [u8; 16] =
        BASE32_NOPAD_NOCASE.decode(text.as_bytes()).map_err(|_| IdError)?.try_into().map_err(|_| IdError)?;
    // One spelling per id: upper case reads as another text and is refused.
    if encode(&bytes) == text { Ok(bytes) } else { Err(IdError) }
}

/// An id of ours.
pub trait Id: Copy {
    /// The part after the prefix.
    fn bare(&self) -> String;

    /// Reads the part after the prefix.
    ///
    /// # Errors
    /// When it isn't 128 bits in lower-case base32.
    fn from_bare(text: &str) -> Result<Self, IdError>;
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; 16]);

        impl $name {
            /// The prefix of this kind, without the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// The id made of these random bytes.
            #[must_use]
            pub const fn from_random(bytes: [u8; 16]) -> Self {
                Self(bytes)
            }

            /// The part after the prefix.
            #[must_use]
            pub fn bare(&self) -> String {
                encode(&self.0)
            }

            /// Reads the part after the prefix.
            ///
            /// # Errors
            /// When it isn't 128 bits in lower-case base32.
            pub fn from_bare(text: &str) -> Result<Self, IdError> {
                decode(text).map(Self)
            }
        }

        impl Id for $name {
            fn bare(&self) -> String {
                $name::bare(self)
            }

            fn from_bare(text: &str) -> Result<Self, IdError> {
                $name::from_bare(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}_{}", Self::PREFIX, encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .ok_or(IdError)
                    .and_then(Self::from_bare)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.to_string()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .description(Some(concat!("`", $prefix, "_` and 26 lower-case base32 characters.")))
                    .pattern(Some(concat!("^", $prefix, "_[a-z2-7]{25}[aeimquy4]$")))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    };
}

id!(
    /// A person who signed up.
    AccountId, "acc"
);
id!(
    /// An API key's public id; the bare part stands inside the key's value.
    KeyId, "key"
);
id!(
    /// An account on a plan; quota is counted here.
    SubscriptionId, "sub"
);
id!(
    /// One sign-in, from its first token to sign-out.
    SessionId, "ses"
);
id!(
    /// An invitation to sign up.
    InviteId, "inv"
);
id!(
    /// One installation: a data folder, among others that use the same service for their keys.
    InstallationId, "ins"
);
id!(
    /// One creation of a key's value in another service.
    OperationId, "opn"
);
id!(
    /// One request's admission, named by who asks for it: asking again by the same id counts once.
    AdmissionId, "adm"
);
id!(
    /// One HTTP request, as in `x-request-id`.
    RequestId, "req"
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_id_reads_back_as_itself(bytes: [u8; 16]) {
            let id = KeyId::from_random(bytes);
            prop_assert_eq!(id.to_string().parse(), Ok(id));
            prop_assert_eq!(KeyId::from_bare(&id.bare()), Ok(id));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,60}") {
            let _ = text.parse::<KeyId>();
        }
    }

    #[test]
    fn another_kind_or_spelling_is_refused() {
        let id = KeyId::from_random([7; 16]).to_string();
        assert_eq!(id.parse::<AccountId>(), Err(IdError));
        assert_eq!(id.to_uppercase().parse::<KeyId>(), Err(IdError));
        assert_eq!(id.replace("key_", "key_KEY").parse::<KeyId>(), Err(IdError));
    }
}
