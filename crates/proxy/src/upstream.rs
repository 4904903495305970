//! Where requests go and with which credential: checked once at start, then shared by all workers.

use std::{fmt, time::Duration};

use thiserror::Error;
use url::Url;
use zeroize::Zeroizing;

/// A credential that never shows: no `Display`, its `Debug` tells nothing, and it is wiped when dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes a value that can stand in a header: visible ASCII, at least one character. Surrounding blanks go.
    ///
    /// # Errors
    /// When it is empty or has other characters; the error doesn't quote it.
    pub fn new(value: &str) -> Result<Self, UpstreamError> {
        let value = value.trim();
        if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(UpstreamError::BadCredential);
        }
        Ok(Self(Zeroizing::new(value.to_owned())))
    }

    /// For the one line of a request that carries it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }

    /// Takes the secret out of a text that is meant for the log; upstreams quote the key that they refuse.
    pub(crate) fn redact(&self, text: &str) -> String {
        text.replace(self.0.as_str(), "[redacted]")
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
    /// Nothing that can be called: another scheme than the two we speak, or no host.
    #[error("the base URL must be http:// or https:// with a host")]
    NotHttp,
    /// A credential that can't stand in a header.
    #[error("the credential is empty or has characters that can't stand in a header")]
    BadCredential,
}

/// An OpenAI-compatible server: where it is, what it gets to see, how long we wait.
#[derive(Debug, Clone)]
pub struct Upstream {
    base_url: String,
    tls: bool,
    /// With the port where it isn't the scheme's own, for the `Host` header.
    host: String,
    /// The host as it is looked up, and its port.
    name: String,
    port: u16,
    /// Without a slash at its end.
    path: String,
    pub(crate) credential: Credential,
    pub(crate) timeouts: Timeouts,
}

impl Upstream {
    /// An upstream at this base URL, which includes `/v1` as in OpenAI's SDKs. Of the URL only scheme, host, port and path
    /// are taken.
    ///
    /// # Errors
    /// When the URL isn't http(s) with a host.
    pub fn new(base_url: &Url, credential: Credential, timeouts: Timeouts) -> Result<Self, UpstreamError> {
        let (Some(host), Some(port)) = (base_url.host_str(), base_url.port_or_known_default()) else {
            return Err(UpstreamError::NotHttp);
        };
        if !matches!(base_url.scheme(), "http" | "https") {
            return Err(UpstreamError::NotHttp);
        }
        let shown = base_url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let path = base_url.path().trim_end_matches('/');
        Ok(Self {
            base_url: format!("{}://{shown}{path}", base_url.scheme()),
            tls: base_url.scheme() == "https",
            host: shown,
            name: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            path: path.to_owned(),
            credential,
            timeouts,
        })
    }

    /// The base URL without what could hide a secret: fit for logs and for `tollgate check`.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    pub(crate) fn tls(&self) -> bool {
        self.tls
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Where to connect to.
    pub(crate) fn name_and_port(&self) -> (&str, u16) {
        (&self.name, self.port)
    }

    /// The base URL's path, without a slash at its end.
    pub(crate) fn path(&self) -> &str {
        &self.path
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
        Upstream::new(&url.parse().unwrap(), Credential::None, TIMEOUTS)
    }

    #[test]
    fn paths_are_added_to_the_base_url_whether_or_not_it_ends_in_a_slash() {
        for base in ["https://api.openai.com/v1", "https://api.openai.com:443/v1/"] {
            let upstream = upstream(base).unwrap();
            assert_eq!((upstream.path(), upstream.host()), ("/v1", "api.openai.com"));
            assert_eq!(upstream.name_and_port(), ("api.openai.com", 443));
            assert!(upstream.tls());
        }
        let local = upstream("http://127.0.0.1:11434").unwrap();
        assert_eq!((local.path(), local.name_and_port(), local.tls()), ("", ("127.0.0.1", 11_434), false));
        assert_eq!(local.host(), "127.0.0.1:11434");
        let six = upstream("http://[::1]:80/v1").unwrap();
        assert_eq!((six.host(), six.name_and_port()), ("[::1]", ("::1", 80)));
    }

    #[test]
    fn what_cant_be_called_is_refused_and_what_could_hide_a_secret_isnt_shown() {
        for odd in ["ftp://host/v1", "mailto:a@b", "file:///v1", "data:,x"] {
            assert_eq!(upstream(odd).unwrap_err(), UpstreamError::NotHttp, "{odd}");
        }
        let upstream = upstream("https://user:pw@host:8443/v1/?key=1#x").unwrap();
        assert_eq!(upstream.base_url(), "https://host:8443/v1");
        assert_eq!((upstream.path(), upstream.host()), ("/v1", "host:8443"));
    }

    #[test]
    fn a_secret_shows_in_no_debug_output() {
        let secret = Secret::new(" sk-very-secret\n").unwrap();
        assert_eq!(secret.redact("no such key: sk-very-secret."), "no such key: [redacted].");
        let upstream =
            Upstream::new(&"https://host/v1".parse().unwrap(), Credential::Bearer(secret.clone()), TIMEOUTS).unwrap();
        let shown = format!("{secret:?} {upstream:?}");
        assert!(!shown.contains("sk-very-secret"), "{shown}");
        assert_eq!(Secret::new("with blank").unwrap_err(), UpstreamError::BadCredential);
        assert_eq!(Secret::new("\n").unwrap_err(), UpstreamError::BadCredential);
    }
}
