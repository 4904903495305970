//! Access tokens (JWT, HS256, 15 minutes) and refresh tokens (opaque, rotated at each use), and the secrets of links.

use std::fmt;

use access::TokenDigest;
use api_types::{AccountId, SessionId, Timestamp, limits::ACCESS_TOKEN_SECONDS};
use data_encoding::BASE32_NOPAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::SessionKey;
use crate::{ambient, problem::ApiError};

const AUDIENCE: &str = "tollgate";
const PURPOSE: &str = "access token";

/// What an access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    sub: AccountId,
    sid: SessionId,
    iat: i64,
    exp: i64,
}

#[derive(Serialize)]
struct ClaimsOut {
    aud: &'static str,
    #[serde(flatten)]
    claims: Claims,
}

/// A verified access token: it was ours, and has not expired. Whether the session goes on, the store tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccessToken {
    /// Whose.
    pub account: AccountId,
    /// Which sign-in.
    pub session: SessionId,
}

impl AccessToken {
    /// Signs a token that is good for 15 minutes.
    ///
    /// # Errors
    /// Never in practice: HS256 signs anything.
    pub fn sign(self, key: &SessionKey, now: Timestamp) -> Result<String, ApiError> {
        let iat = now.as_second();
        let claims = Claims { sub: self.account, sid: self.session, iat, exp: iat + ACCESS_TOKEN_SECONDS };
        let key = EncodingKey::from_secret(&key.derive(PURPOSE, b""));
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &ClaimsOut { aud: AUDIENCE, claims }, &key)
            .map_err(ApiError::internal)
    }

    /// Verifies a token: HS256 and nothing else, our audience, not expired.
    #[must_use]
    pub fn verify(text: &str, key: &SessionKey, now: Timestamp) -> Option<Self> {
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["aud", "exp", "sub"]);
        // The library reads the ambient clock; ours is an argument, so expiry is checked below.
        rules.validate_exp = false;
        let key = DecodingKey::from_secret(&key.derive(PURPOSE, b""));
        let claims = jsonwebtoken::decode::<Claims>(text, &key, &rules).ok()?.claims;
        let lives = now.as_second() < claims.exp;
        lives.then_some(Self { account: claims.sub, session: claims.sid })
    }
}

/// Opaque tokens: a prefix and 256 bits in base32. Only their digests are stored.
macro_rules! opaque_tokens {
    ($($(#[$doc:meta])+ $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])+
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// A new one.
            #[must_use]
            pub fn new() -> Self {
                Self::from_bits(&ambient::random())
            }

            fn from_bits(bits: &[u8; 32]) -> Self {
                Self(Zeroizing::new(format!(concat!($prefix, "{}"), BASE32_NOPAD.encode(bits).to_ascii_lowercase())))
            }

            /// Reads what is presented.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let fits = text.len() == $prefix.len() + 52 && text.starts_with($prefix) && text.is_ascii();
                fits.then(|| Self(Zeroizing::new(text.to_owned())))
            }

            /// What is stored.
            #[must_use]
            pub fn digest(&self) -> TokenDigest {
                TokenDigest::of(&self.0)
            }

            /// The value, for whoever it was made for.
            #[must_use]
            pub fn reveal(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    )+};
}

opaque_tokens! {
    /// A refresh token: a sign-in's first one, or the successor of another.
    RefreshToken = "tgr_";
    /// The secret of a link for a new password.
    ResetToken = "tgl_";
    /// The secret of an invitation.
    InviteToken = "tgi_";
}

impl RefreshToken {
    /// The token after this one: a function of it and of our key, so that asking twice gives the same.
    #[must_use]
    pub fn successor(&self, key: &SessionKey) -> Self {
        Self::from_bits(&key.derive("refresh token", self.0.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    fn token() -> AccessToken {
        AccessToken { account: AccountId::from_random([1; 16]), session: SessionId::from_random([2; 16]) }
    }

    #[test]
    fn a_token_is_good_for_fifteen_minutes() {
        let key = SessionKey::for_test(1);
        let text = token().sign(&key, at(0)).unwrap();
        assert_eq!(AccessToken::verify(&text, &key, at(0)), Some(token()));
        assert_eq!(AccessToken::verify(&text, &key, at(899)), Some(token()));
        assert_eq!(AccessToken::verify(&text, &key, at(900)), None);
    }

    #[test]
    fn a_token_of_another_key_algorithm_or_audience_is_refused() {
        let key = SessionKey::for_test(1);
        let text = token().sign(&SessionKey::for_test(2), at(0)).unwrap();
        assert_eq!(AccessToken::verify(&text, &key, at(0)), None);
        let claims =
            Claims { sub: token().account, sid: token().session, iat: at(0).as_second(), exp: at(900).as_second() };
        let signed = |algorithm, aud| {
            let key = EncodingKey::from_secret(&key.derive(PURPOSE, b""));
            jsonwebtoken::encode(&Header::new(algorithm), &ClaimsOut { aud, claims }, &key).unwrap()
        };
        assert_eq!(AccessToken::verify(&signed(Algorithm::HS256, AUDIENCE), &key, at(0)), Some(token()));
        assert_eq!(AccessToken::verify(&signed(Algorithm::HS512, AUDIENCE), &key, at(0)), None);
        assert_eq!(AccessToken::verify(&signed(Algorithm::HS256, "other"), &key, at(0)), None);
        let body = signed(Algorithm::HS256, AUDIENCE).split('.').nth(1).unwrap().to_owned();
        let none = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.");
        assert_eq!(AccessToken::verify(&none, &key, at(0)), None);
    }

    #[test]
    fn the_successor_is_the_same_each_time_and_another_with_another_key() {
        let token = RefreshToken::new();
        let successor = |byte| token.successor(&SessionKey::for_test(byte)).reveal().to_owned();
        assert_eq!(successor(1), successor(1));
        assert_ne!(successor(1), successor(2));
        assert!(RefreshToken::parse(&successor(1)).is_some());
    }
}
