//! Where requests go and with which credential: checked once at start, then shared by all workers.

use std::{fmt, time::Duration};

use awc::http::{Uri, header::HeaderValue};
use thiserror::Error;

/// A credential that never shows: no `Display`, and its `Debug` tells nothing.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Takes a value that can stand in a header: visible ASCII, at least one character. Surrounding blanks go.
    ///
    /// # Errors
    /// When it is empty or has other characters; the error doesn't quote it.
    pub fn new(value: String) -> Result<Self, UpstreamError> {
        let value = value.trim();
        if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(UpstreamError::BadCredential);
        }
        Ok(Self(value.to_owned()))
    }

    pub(crate) fn header(&self, prefix: &str) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&format!("{prefix}{}", self.0)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Takes the secret out of a text that is meant for the log; upstreams quote the key that they refuse.
    pub(crate) fn redact(&self, text: &str) -> String {
        text.replace(&self.0, "[redacted]")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What the upstream gets to see as authorisation.
#[derive(Debug, Clone)]
pub enum Credential {
    /// Nothing: a server on one's own machine.
    None,
    /// Ours, as `Authorization: Bearer`.
    Bearer(Secret),
    /// The caller's own key in `x-api-key`, for a gate that stands in front of the upstream.
    CallerKey,
}

/// The bounds in time of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Name look-up, TCP and TLS together.
    pub connect: Duration,
    /// From handing the request over until the upstream's status is known. Models think.
    pub first_byte: Duration,
    /// Longest silence of the upstream within an answer.
    pub idle: Duration,
    /// How long an answer may go on after the last choice's `finish_reason`, for its usage and `[DONE]`.
    pub after_finish: Duration,
    /// The whole request.
    pub total: Duration,
    /// Silence towards the client after which a stream carries a heartbeat comment; zero for none.
    pub heartbeat: Duration,
}

impl Timeouts {
    /// For `after_finish`, which nobody configures.
    pub const AFTER_FINISH: Duration = Duration::from_secs(3);
}

/// Why an upstream can't be used as it is configured.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum UpstreamError {
    /// Not a URL at all.
    #[error("the base URL isn't a URL: write it like https://api.openai.com/v1")]
    NotAUrl,
    /// Another scheme than the two we speak.
    #[error("the base URL must start with http:// or https://")]
    Scheme,
    /// A user or password in the URL, which would end up in logs.
    #[error("the base URL must not carry a user or password: set the credential on its own")]
    Credentials,
    /// A query or fragment, to which no path can be added.
    #[error("the base URL must not have a query or a fragment")]
    Query,
    /// A credential that can't stand in a header.
    #[error("the credential is empty or has characters that can't stand in a header")]
    BadCredential,
}

/// An OpenAI-compatible server: where it is, what it gets to see, how long we wait.
#[derive(Debug, Clone)]
pub struct Upstream {
    base_url: String,
    tls: bool,
    /// As written in the URL, for the `Host` header.
    host: HeaderValue,
    /// Host and port, the port always named.
    authority: String,
    /// Without a slash at its end.
    path: String,
    pub(crate) credential: Credential,
    pub(crate) timeouts: Timeouts,
}

impl Upstream {
    /// An upstream at this base URL, which includes `/v1` as in OpenAI's SDKs.
    ///
    /// # Errors
    /// When the URL isn't plain http(s) with a host and a path.
    pub fn new(base_url: &str, credential: Credential, timeouts: Timeouts) -> Result<Self, UpstreamError> {
        let base_url = base_url.trim().trim_end_matches('/');
        if base_url.contains('#') {
            return Err(UpstreamError::Query);
        }
        let uri: Uri = base_url.parse().map_err(|_| UpstreamError::NotAUrl)?;
        let tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            Some(_) => return Err(UpstreamError::Scheme),
            None => return Err(UpstreamError::NotAUrl),
        };
        let authority = uri.authority().ok_or(UpstreamError::NotAUrl)?;
        if authority.as_str().contains('@') {
            return Err(UpstreamError::Credentials);
        }
        if uri.query().is_some() {
            return Err(UpstreamError::Query);
        }
        let host = authority.host();
        let port = match authority.as_str()[host.len()..].strip_prefix(':') {
            None if tls => 443,
            None => 80,
            // Read here: the URL's own reader takes a port that is out of range for none.
            Some(port) => port.parse::<u16>().ok().filter(|port| *port > 0).ok_or(UpstreamError::NotAUrl)?,
        };
        if host.is_empty() {
            return Err(UpstreamError::NotAUrl);
        }
        Ok(Self {
            base_url: base_url.to_owned(),
            tls,
            host: HeaderValue::from_str(authority.as_str()).map_err(|_| UpstreamError::NotAUrl)?,
            authority: format!("{host}:{port}"),
            path: uri.path().trim_end_matches('/').to_owned(),
            credential,
            timeouts,
        })
    }

    /// The base URL, which can't carry a credential: fit for logs and for `tollgate check`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(crate) fn tls(&self) -> bool {
        self.tls
    }

    pub(crate) fn host(&self) -> &HeaderValue {
        &self.host
    }

    /// What the client is given to call. The scheme is always `http`: TLS is the connector's business, see `connect.rs`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{}{path}", self.authority, self.path)
    }

    /// A text of the upstream without our credential.
    pub(crate) fn redact(&self, text: &str) -> String {
        match &self.credential {
            Credential::Bearer(secret) => secret.redact(text),
            Credential::None | Credential::CallerKey => text.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUTS: Timeouts = Timeouts {
        connect: Duration::from_secs(10),
        first_byte: Duration::from_secs(10),
        idle: Duration::from_secs(10),
        after_finish: Duration::from_secs(10),
        total: Duration::from_secs(10),
        heartbeat: Duration::ZERO,
    };

    fn upstream(url: &str) -> Result<Upstream, UpstreamError> {
        Upstream::new(url, Credential::None, TIMEOUTS)
    }

    #[test]
    fn paths_are_added_to_the_base_url_whether_or_not_it_ends_in_a_slash() {
        for base in ["https://api.openai.com/v1", "https://api.openai.com/v1/"] {
            let upstream = upstream(base).unwrap();
            assert_eq!(upstream.url("/models"), "http://api.openai.com:443/v1/models");
            assert_eq!(upstream.host(), "api.openai.com");
            assert!(upstream.tls());
        }
        assert_eq!(upstream("http://127.0.0.1:11434").unwrap().url("/models"), "http://127.0.0.1:11434/models");
        assert_eq!(upstream("http://[::1]:80/v1").unwrap().url("/models"), "http://[::1]:80/v1/models");
    }

    #[test]
    fn what_is_no_plain_base_url_is_refused() {
        assert_eq!(upstream("").unwrap_err(), UpstreamError::NotAUrl);
        assert_eq!(upstream("api.openai.com").unwrap_err(), UpstreamError::NotAUrl);
        assert_eq!(upstream("/v1").unwrap_err(), UpstreamError::NotAUrl);
        assert_eq!(upstream("http://host:99999/v1").unwrap_err(), UpstreamError::NotAUrl);
        assert_eq!(upstream("ftp://host/v1").unwrap_err(), UpstreamError::Scheme);
        assert_eq!(upstream("https://user:pw@host/v1").unwrap_err(), UpstreamError::Credentials);
        assert_eq!(upstream("https://host/v1?key=1").unwrap_err(), UpstreamError::Query);
        assert_eq!(upstream("https://host/v1#x").unwrap_err(), UpstreamError::Query);
    }

    #[test]
    fn a_secret_shows_in_no_debug_output() {
        let secret = Secret::new(" sk-very-secret\n".to_owned()).unwrap();
        assert_eq!(secret.redact("no such key: sk-very-secret."), "no such key: [redacted].");
        let upstream = Upstream::new("https://host/v1", Credential::Bearer(secret.clone()), TIMEOUTS).unwrap();
        let shown = format!("{secret:?} {upstream:?} {:?}", secret.header("Bearer "));
        assert!(!shown.contains("sk-very-secret"), "{shown}");
        assert_eq!(Secret::new("with blank".to_owned()).unwrap_err(), UpstreamError::BadCredential);
        assert_eq!(Secret::new("\n".to_owned()).unwrap_err(), UpstreamError::BadCredential);
    }
}
