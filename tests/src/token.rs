//! Forgeries: API keys of ours that nobody was given, and access tokens taken apart and put together again,
//! as a forger would who even had the signing key.

use access::KeySecret;
use api_types::KeyId;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// A key of the right form and checksum that no server ever made; another for each number.
#[must_use]
pub fn unknown_key(number: u8) -> String {
    KeySecret::new(KeyId::from_random([number; 16]), [number; 32]).reveal()
}

/// The parts of a JWT.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The header.
    pub header: Value,
    /// The claims.
    pub claims: Value,
    /// The signature, in base64.
    pub signature: String,
}

impl AccessToken {
    /// Takes a token apart.
    ///
    /// # Panics
    /// If it isn't a JWT.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut parts = text.split('.');
        let mut json = || {
            let part = parts.next().expect("three parts");
            serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).expect("base64")).expect("JSON")
        };
        let (header, claims) = (json(), json());
        Self { header, claims, signature: parts.next().expect("three parts").to_owned() }
    }

    /// The token with the signature that it has.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}.{}", self.signed_part(), self.signature)
    }

    /// The key that a server with this `session.key` signs tokens with.
    #[must_use]
    pub fn signing_key(session_key: &[u8]) -> Vec<u8> {
        mac(&mac(session_key, b"access token"), b"")
    }

    /// The token signed with this key (HS256).
    #[must_use]
    pub fn signed_by(&self, key: &[u8]) -> String {
        let part = self.signed_part();
        format!("{part}.{}", BASE64URL_NOPAD.encode(&mac(key, part.as_bytes())))
    }

    fn signed_part(&self) -> String {
        let encode = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
        format!("{}.{}", encode(&self.header), encode(&self.claims))
    }
}

fn mac(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}
