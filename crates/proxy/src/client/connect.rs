//! Makes connections to the upstream: TCP, and TLS by ring where the URL says so.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::socket::Socket;
use crate::Upstream;

/// Connects for one client, trusting Mozilla's roots.
#[derive(Clone)]
pub(super) struct Connect {
    tls: Option<Arc<ClientConfig>>,
}

impl Connect {
    pub(super) fn new(tls: bool) -> Self {
        let roots = || RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        Self { tls: tls.then(|| tls_config(roots())) }
    }

    /// A new connection. Of a name's addresses each is tried.
    ///
    /// # Errors
    /// In words, with what the last address said.
    pub(super) async fn connect(&self, upstream: &Upstream) -> Result<Socket, String> {
        let (name, port) = upstream.name_and_port();
        let tcp = TcpStream::connect((name, port)).await.map_err(|error| error.to_string())?;
        // Nagle would hold the end of a request back.
        tcp.set_nodelay(true).map_err(|error| error.to_string())?;
        let Some(tls) = &self.tls else { return Ok(Socket::Plain(tcp)) };
        let name = ServerName::try_from(name.to_owned()).map_err(|error| error.to_string())?;
        let tls = TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await;
        Ok(Socket::Tls(Box::new(tls.map_err(|error| error.to_string())?)))
    }
}

/// TLS 1.2 and 1.3 on ring; needs no process-wide default.
fn tls_config(roots: RootCertStore) -> Arc<ClientConfig> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    #[expect(clippy::expect_used, reason = "ring has suites for both versions: a constant of the build")]
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring supports TLS 1.2 and 1.3");
    let mut config = builder.with_root_certificates(roots).with_no_client_auth();
    // HTTP/1.1 alone: one stream per connection, so that dropping one closes one.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, rc::Rc, time::Duration};

    use futures_util::StreamExt;
    use rustls::{ServerConfig, pki_types::PrivateKeyDer};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };
    use tokio_rustls::{TlsAcceptor, server::TlsStream};

    use super::*;
    use crate::{
        Body, Client, Credential, End, Endpoint, FailureKind, Follow, How, ModelPolicy, Request, Timeouts, Upstream,
    };

    const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n";
    const EVENT: &str = "data: {}\n\n";

    /// What a caller gets of a streamed chat over TLS, and how it ended, while the test plays the upstream.
    async fn over_tls(upstream: impl AsyncFnOnce(TlsStream<TcpStream>)) -> (String, End) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let server = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(made.cert.der().clone()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("https://localhost:{}/v1", listener.local_addr().unwrap().port());
        let connect = Connect { tls: Some(tls_config(roots)) };
        let long = Duration::from_secs(10);
        let timeouts = Timeouts {
            connect: long,
            first_byte: long,
            idle: long,
            after_finish: long,
            total: long,
            heartbeat: Duration::ZERO,
        };
        let at = Arc::new(Upstream::new(&base.parse().unwrap(), Credential::None, timeouts).unwrap());
        let client = Client::with_connect(at, connect);
        let script = async {
            let mut tls = TlsAcceptor::from(Arc::new(server)).accept(listener.accept().await.unwrap().0).await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"true}") {
                request.push(tls.read_u8().await.unwrap());
            }
            upstream(tls).await;
        };
        let ends = Rc::new(RefCell::new(Vec::new()));
        let told = Rc::clone(&ends);
        let follow = Follow::new(move |end| told.borrow_mut().push(end));
        let body = Body::parse(
            Endpoint::ChatCompletions,
            "{\"model\":\"m\",\"messages\":[],\"stream\":true}".into(),
            &ModelPolicy::default(),
        );
        let caller = async {
            let request = Request::new(body.unwrap());
            let mut answer = crate::relay(&client, request, follow, crate::never()).await.unwrap();
            let mut got = Vec::new();
            while let Some(chunk) = answer.body.next().await {
                got.extend_from_slice(&chunk.unwrap());
            }
            String::from_utf8(got).unwrap()
        };
        let (got, ()) = tokio::join!(caller, script);
        let end = ends.borrow()[0].clone();
        (got, end)
    }

    #[actix_rt::test]
    async fn a_stream_comes_through_tls() {
        let whole = format!("{HEAD}transfer-encoding: chunked\r\n\r\n18\r\n{EVENT}data: [DONE]\n\n\r\n0\r\n\r\n");
        let (got, end) = over_tls(async |mut tls| tls.write_all(whole.as_bytes()).await.unwrap()).await;
        assert_eq!(got, format!("{EVENT}data: [DONE]\n\n"));
        assert_eq!(end.how, How::Finished);
    }

    #[actix_rt::test]
    async fn a_stream_cut_within_tls_is_an_interruption_with_and_without_a_goodbye() {
        let half = format!("{HEAD}transfer-encoding: chunked\r\n\r\n18\r\n{EVENT}data: [");
        for goodbye in [true, false] {
            let (got, end) = over_tls(async |mut tls| {
                tls.write_all(half.as_bytes()).await.unwrap();
                tls.flush().await.unwrap();
                if goodbye {
                    tls.shutdown().await.unwrap();
                }
            })
            .await;
            assert!(got.starts_with(EVENT) && got.contains("upstream_stream_interrupted"), "{got}");
            assert_eq!(end.how, How::Failed(FailureKind::Interrupted));
        }
    }
}
