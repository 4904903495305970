//! Makes connections to the upstream: TCP, TLS by ring where the URL says so, and exact framing on top.

use std::sync::Arc;

use actix_service::Service;
use actix_tls::connect::{
    ConnectError, ConnectInfo, Connection, ConnectorService, Resolver,
    rustls_0_23::{TlsConnector, webpki_roots_cert_store},
};
use awc::http::Uri;
use futures_util::future::LocalBoxFuture;
use rustls::{ClientConfig, RootCertStore};

use super::framing::{Socket, Wire};

/// Connects for one client, trusting Mozilla's roots. awc's own TLS isn't used: it layers TLS above a connector, where ours could no longer see
/// the answer's framing; and it wants a process-wide crypto provider.
#[derive(Clone)]
pub(crate) struct Connect {
    tcp: ConnectorService,
    tls: Option<Arc<ClientConfig>>,
}

impl Connect {
    pub(crate) fn new(tls: bool) -> Self {
        Self {
            tcp: actix_tls::connect::Connector::new(Resolver::default()).service(),
            tls: tls.then(|| tls_config(webpki_roots_cert_store())),
        }
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

impl Service<ConnectInfo<Uri>> for Connect {
    type Response = Connection<Uri, Wire>;
    type Error = ConnectError;
    type Future = LocalBoxFuture<'static, Result<Self::Response, Self::Error>>;

    actix_service::always_ready!();

    fn call(&self, info: ConnectInfo<Uri>) -> Self::Future {
        let Self { tcp, tls } = self.clone();
        Box::pin(async move {
            let connection = tcp.call(info).await?;
            // A request's head and its body go out in two writes; Nagle would hold the second back.
            connection.io_ref().set_nodelay(true).map_err(ConnectError::Io)?;
            match tls {
                None => {
                    let (tcp, connection) = connection.replace_io(());
                    Ok(connection.replace_io(Wire::new(Socket::Plain(tcp))).1)
                }
                Some(tls) => {
                    let connection = TlsConnector::service(tls).call(connection).await.map_err(ConnectError::Io)?;
                    let (tls, connection) = connection.replace_io(());
                    Ok(connection.replace_io(Wire::new(Socket::Tls(Box::new(tls)))).1)
                }
            }
        })
    }
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
        let connect = Connect { tls: Some(tls_config(roots)), ..Connect::new(false) };
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
