//! Where people reach us, when a proxy stands in front.

use serde::{Deserialize, Deserializer, de::Error as _};

use super::values::plain_url;
use crate::base_path::BasePath;

/// Scheme and host under which people reach the page, and the path that it is under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// Without a slash at its end, as a browser's `Origin` says it.
    pub origin: String,
    /// What all paths begin with there.
    pub path: BasePath,
    /// Whether it is https, so that cookies are marked `Secure`.
    pub is_https: bool,
}

impl<'de> Deserialize<'de> for PublicUrl {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let url = plain_url::<D::Error>(&String::deserialize(from)?)?;
        let path = BasePath::parse(url.path()).map_err(D::Error::custom)?;
        Ok(Self { origin: url.origin().ascii_serialization(), path, is_https: url.scheme() == "https" })
    }
}
