//! The HTTP client of one worker.

mod connect;
mod framing;

use std::{sync::Arc, time::Duration};

use awc::http::{Method, header};

use connect::Connect;

use crate::Upstream;

/// How long an unused connection is kept. Shorter than common servers keep theirs (uvicorn, and so vLLM: 5 s; nginx:
/// 75 s): a POST on a connection that the other side is just closing is lost, and must not be sent twice.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// How long a connection is used at most, so that a changed address is noticed.
const LIFETIME: Duration = Duration::from_secs(300);

/// A client for one upstream. One per worker: it is cheap to clone and not `Send`.
#[derive(Clone)]
pub struct Client {
    awc: awc::Client,
    upstream: Arc<Upstream>,
}

impl Client {
    /// A client without a limit of connections (each open stream is one) and without redirects: a redirect would carry
    /// the credential elsewhere.
    pub fn new(upstream: Arc<Upstream>) -> Self {
        let connect = Connect::new(upstream.tls());
        Self::with_connect(upstream, connect)
    }

    pub(crate) fn with_connect(upstream: Arc<Upstream>, connect: Connect) -> Self {
        let connector = awc::Connector::new()
            .connector(connect)
            .limit(0)
            .timeout(upstream.timeouts.connect)
            .conn_keep_alive(KEEP_ALIVE)
            .conn_lifetime(LIFETIME);
        let awc = awc::Client::builder().connector(connector).disable_timeout().disable_redirects().finish();
        Self { awc, upstream }
    }

    pub(crate) fn upstream(&self) -> &Upstream {
        &self.upstream
    }

    /// A request with what all have in common.
    pub(crate) fn request(&self, method: Method, path: &str) -> awc::ClientRequest {
        self.awc
            .request(method, self.upstream.url(path))
            .no_decompress()
            .insert_header((header::HOST, self.upstream.host().clone()))
            .insert_header((header::ACCEPT_ENCODING, "identity"))
            .insert_header((header::USER_AGENT, concat!("tollgate/", env!("CARGO_PKG_VERSION"))))
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("upstream", &self.upstream).finish_non_exhaustive()
    }
}
