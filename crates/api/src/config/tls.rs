//! `[tls]`: a certificate of our own, for those who have no proxy in front.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{ConfigError, PublicUrl};

/// `[tls]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TlsConfig {
    /// The certificate and those between it and its authority, as PEM.
    pub cert_file: Option<PathBuf>,
    /// The certificate's private key, as PEM.
    pub key_file: Option<PathBuf>,
}

impl TlsConfig {
    /// The certificate's file and its key's, where both are named.
    #[must_use]
    pub fn files(&self) -> Option<(&Path, &Path)> {
        self.cert_file.as_deref().zip(self.key_file.as_deref())
    }

    /// Whether both files are named or none, and nobody is told to come by http.
    pub(super) fn check(&self, public_url: Option<&PublicUrl>) -> Result<(), ConfigError> {
        let error = |place: &str, detail: &str| Err(ConfigError { place: place.to_owned(), detail: detail.to_owned() });
        match (&self.cert_file, &self.key_file) {
            (Some(_), None) => error("tls.key_file", "must be set along with tls.cert_file"),
            (None, Some(_)) => error("tls.cert_file", "must be set along with tls.key_file"),
            (Some(_), Some(_)) if public_url.is_some_and(|url| !url.is_https) => {
                error("server.public_url", "must begin with https://, since [tls] lets nobody in by http")
            }
            _ => Ok(()),
        }
    }
}
