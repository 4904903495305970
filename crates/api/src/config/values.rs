//! Values of the configuration that can't be wrong: spans of time, credentials and URLs.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use validator::{ValidateLength, ValidateRange};

/// A span of time, configured as a number of seconds above 0 and at most a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Seconds(pub Duration);

impl Seconds {
    /// So many seconds.
    #[must_use]
    pub(crate) const fn of(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }
}

impl ValidateRange<Self> for Seconds {
    fn greater_than(&self, max: Self) -> Option<bool> {
        Some(*self > max)
    }

    fn less_than(&self, min: Self) -> Option<bool> {
        Some(*self < min)
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let seconds = f64::deserialize(from)?;
        if seconds > 0.0 && seconds <= 86_400.0 {
            Ok(Self(Duration::from_secs_f64(seconds)))
        } else {
            Err(D::Error::custom("must be a number of seconds above 0 and at most 86400"))
        }
    }
}

/// A credential; shown to nobody.
#[derive(Clone)]
pub struct Secret(zeroize::Zeroizing<String>);

impl Secret {
    /// A credential from its text, trimmed.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(zeroize::Zeroizing::new(text.trim().to_owned()))
    }

    /// The credential, to be sent.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl ValidateLength<usize> for Secret {
    fn length(&self) -> Option<usize> {
        Some(self.0.chars().count())
    }
}

/// `validator` keeps a copy of each value that it refuses, by serialising it. Of a credential it gets none.
impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_unit()
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = zeroize::Zeroizing::new(String::deserialize(from)?);
        let secret = Self::new(&text);
        if secret.0.is_empty() || !secret.0.bytes().all(|c| c.is_ascii_graphic()) {
            return Err(D::Error::custom("must be a credential without spaces or line breaks"));
        }
        Ok(secret)
    }
}

/// The upstream's base URL: http or https, no credentials, query or fragment, no slash at its end.
#[derive(Clone, PartialEq, Eq)]
pub struct BaseUrl(url::Url);

impl BaseUrl {
    /// OpenAI's own API.
    ///
    /// # Panics
    /// Never: the text is a URL.
    #[must_use]
    pub fn openai() -> Self {
        Self(url::Url::parse("https://api.openai.com/v1").expect("a literal URL"))
    }

    /// Whether it is OpenAI's own host, over https.
    #[must_use]
    pub fn is_openai(&self) -> bool {
        self.0.scheme() == "https" && self.0.host_str() == Some("api.openai.com")
    }

    /// Whether nobody on the way can read along: https, or this machine.
    #[must_use]
    pub fn is_private(&self) -> bool {
        let is_here = match self.0.host() {
            Some(url::Host::Ipv4(address)) => address.is_loopback(),
            Some(url::Host::Ipv6(address)) => address.is_loopback(),
            Some(url::Host::Domain(name)) => name == "localhost",
            None => false,
        };
        is_here || self.0.scheme() == "https"
    }

    /// The URL as it was read.
    #[must_use]
    pub fn as_url(&self) -> &url::Url {
        &self.0
    }

    /// The URL, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str().trim_end_matches('/')
    }
}

impl std::fmt::Debug for BaseUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Reads a URL of ours or of the upstream, without what could hide a secret or a second meaning.
pub(super) fn plain_url<E: serde::de::Error>(text: &str) -> Result<url::Url, E> {
    let wrong = || E::custom("must be a URL like https://api.openai.com/v1");
    let url = url::Url::parse(text).map_err(|_| wrong())?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(E::custom("must not hold a credential; use upstream.api_key"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(E::custom("must not have a query or a fragment"));
    }
    Ok(url)
}

impl<'de> Deserialize<'de> for BaseUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        plain_url(&String::deserialize(from)?).map(Self)
    }
}
