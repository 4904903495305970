//! Secrets and their digests: separate types, none of which shows its content.
//!
//! A key reads `tg_<public id>_<secret><checksum>`: the id (26 characters) finds the row, the checksum (CRC-32, 7
//! characters) rejects typing errors without a look-up, the secret (256 bits, 52 characters) is the proof. All in
//! lower-case base32. Only the SHA-256 of the whole value is stored here.

use std::fmt;

use api_types::{
    KeyId,
    limits::{PRESENTED_KEY_MAX_BYTES, PRESENTED_KEY_MIN_BYTES},
};
use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Every key that we make starts so. Never change it: scanners and people's logs know it.
const PREFIX: &str = "tg_";
const SECRET_CHARS: usize = 52;
const CHECKSUM_CHARS: usize = 7;

fn base32(bytes: &[u8]) -> String {
    BASE32_NOPAD.encode(bytes).to_ascii_lowercase()
}

fn checksum(text: &str) -> String {
    base32(&crc32fast::hash(text.as_bytes()).to_be_bytes())
}

macro_rules! digest {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $name([u8; 32]);

        impl $name {
            /// The digest of a secret text.
            #[must_use]
            pub fn of(secret: &str) -> Self {
                Self(Sha256::digest(secret.as_bytes()).into())
            }

            /// A digest as the store gave it back.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 32]) -> Self {
                Self(bytes)
            }

            /// The bytes to store.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }
        }

        impl PartialEq for $name {
            /// In constant time.
            fn eq(&self, other: &Self) -> bool {
                self.0.ct_eq(&other.0).into()
            }
        }

        impl Eq for $name {}

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
}

digest!(
    /// SHA-256 of a key's value.
    KeyDigest
);
digest!(
    /// SHA-256 of a refresh token.
    TokenDigest
);

/// A key just made; its value is shown once.
pub struct KeySecret {
    id: KeyId,
    value: Zeroizing<String>,
}

impl KeySecret {
    /// A key of this id around 256 random bits.
    #[must_use]
    pub fn new(id: KeyId, random: [u8; 32]) -> Self {
        let mut value = format!("{PREFIX}{}_{}", id.bare(), base32(&random));
        value.push_str(&checksum(&value));
        Self { id, value: Zeroizing::new(value) }
    }

    /// Its public id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// What to store.
    #[must_use]
    pub fn digest(&self) -> KeyDigest {
        KeyDigest::of(&self.value)
    }

    /// The value, for a service that keeps it itself.
    #[must_use]
    pub fn for_provider(&self) -> &str {
        &self.value
    }

    /// The value, once: for its owner.
    #[must_use]
    pub fn reveal(self) -> String {
        (*self.value).clone()
    }
}

impl fmt::Debug for KeySecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySecret({}, …)", self.id)
    }
}

/// A key as a caller presented it.
#[derive(Clone)]
pub struct PresentedKey {
    value: Zeroizing<String>,
    own: Option<(KeyId, KeyDigest)>,
}

impl PresentedKey {
    /// Reads a header's value: 20 to 128 visible ASCII characters, API Gateway's bounds. `None` is what no backend
    /// could know.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let sized = (PRESENTED_KEY_MIN_BYTES..=PRESENTED_KEY_MAX_BYTES).contains(&text.len());
        if !sized || !text.bytes().all(|c| c.is_ascii_graphic()) {
            return None;
        }
        let own = own_id(text).map(|id| (id, KeyDigest::of(text)));
        Some(Self { value: Zeroizing::new(text.to_owned()), own })
    }

    /// Id and digest, if it has the form and checksum of a key of ours.
    #[must_use]
    pub fn own(&self) -> Option<(KeyId, KeyDigest)> {
        self.own
    }

    /// SHA-256 of the value, whatever its form.
    #[must_use]
    pub fn digest(&self) -> KeyDigest {
        self.own.map_or_else(|| KeyDigest::of(&self.value), |(_, digest)| digest)
    }

    /// The value, for a gate that passes it on.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.value
    }
}

fn own_id(text: &str) -> Option<KeyId> {
    let (id, proof) = text.strip_prefix(PREFIX)?.split_once('_')?;
    if proof.len() != SECRET_CHARS + CHECKSUM_CHARS || !proof.is_ascii() {
        return None;
    }
    let (head, given) = text.split_at(text.len() - CHECKSUM_CHARS);
    if checksum(head) == given { KeyId::from_bare(id).ok() } else { None }
}

impl fmt::Debug for PresentedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PresentedKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_is_known_by_its_id_and_digest(id: [u8; 16], random: [u8; 32]) {
            let secret = KeySecret::new(KeyId::from_random(id), random);
            let (id, digest) = (secret.id(), secret.digest());
            let value = secret.reveal();
            prop_assert_eq!(value.len(), 89);
            prop_assert_eq!(PresentedKey::parse(&value).unwrap().own(), Some((id, digest)));
        }

        #[test]
        fn a_typing_error_is_rejected_without_a_look_up(at in 0usize..89, to in "[a-z2-7_]") {
            let value = KeySecret::new(KeyId::from_random([3; 16]), [5; 32]).reveal();
            let mut wrong = value.clone();
            wrong.replace_range(at..=at, &to);
            prop_assume!(wrong != value);
            prop_assert!(PresentedKey::parse(&wrong).unwrap().own().is_none());
        }

        #[test]
        fn any_text_is_read_without_panic(text in "\\PC{0,140}") {
            let _ = PresentedKey::parse(&text).map(|key| key.own());
        }
    }

    #[test]
    fn nothing_shows_its_content() {
        let secret = KeySecret::new(KeyId::from_random([3; 16]), [5; 32]);
        let shown = format!("{secret:?} {:?}", secret.digest());
        let value = secret.reveal();
        let shown = format!("{shown} {:?}", PresentedKey::parse(&value).unwrap());
        assert!(!shown.contains(&value[30..]), "{shown}");
    }

    #[test]
    fn a_checksum_makes_no_key_of_another_length_ours() {
        let value = KeySecret::new(KeyId::from_random([3; 16]), [5; 32]).reveal();
        for length in [value.len() - CHECKSUM_CHARS - 1, value.len() - CHECKSUM_CHARS] {
            let head = &value[..length];
            let key = PresentedKey::parse(&format!("{head}{}", checksum(head))).unwrap();
            assert_eq!(key.own().is_some(), length == value.len() - CHECKSUM_CHARS);
        }
    }

    #[test]
    fn foreign_keys_are_kept_for_gates_that_know_them() {
        let key = PresentedKey::parse("aBcDeFgHiJkLmNoPqRsTuVwXyZ012345").unwrap();
        assert!(key.own().is_none());
        assert!(PresentedKey::parse("short").is_none());
        assert!(PresentedKey::parse(&"x".repeat(129)).is_none());
        assert!(PresentedKey::parse("with a space in the middle").is_none());
    }
}
