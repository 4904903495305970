//! Secret texts of the provisioner, shown to nobody, and a digest of the upstream's credential that tells nothing of it.

use std::fmt;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// Rounds of the digest, so that even a poor credential can't be guessed from it cheaply.
const ROUNDS: u32 = 20_000;

/// A secret text: the upstream's credential, a key's value, or a header of an integration that may hold one.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential(Zeroizing<String>);

impl Credential {
    /// A secret from its text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }

    /// The text, to be sent.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// A digest to notice that it changed, of one API only: the name goes in, so that equal credentials of two APIs
    /// differ.
    pub(super) fn digest(&self, api_name: &str) -> String {
        let mut state = Sha256::new()
            .chain_update(b"tollgate upstream credential\0")
            .chain_update(api_name.as_bytes())
            .chain_update([0])
            .chain_update(self.0.as_bytes())
            .finalize();
        for _ in 0..ROUNDS {
            state = Sha256::digest(state);
        }
        data_encoding::HEXLOWER.encode(&state)
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential(…)")
    }
}
