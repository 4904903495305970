//! A certificate authority of the tests' own, and callers that encrypt and trust it alone.

use std::{fs, path::Path, sync::Arc};

use data_encoding::BASE64;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::{
    ClientConfig, RootCertStore, SupportedProtocolVersion,
    crypto::ring,
    pki_types::{CertificateDer, ServerName},
};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::{RawClient, TestServer};

/// How many bytes a caller's socket takes at most before they are read, so that the server often has to wait for room, at
/// the very end of an answer too.
const NARROW: u32 = 4096;

/// One authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
}

impl Default for Authority {
    fn default() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&key).expect("a certificate").der().clone();
        Self { issuer: Issuer::new(params, key), root }
    }
}

impl Authority {
    /// Writes a new certificate for 127.0.0.1 and its key into these files. Returns the certificate.
    ///
    /// # Panics
    /// If they can't be written.
    pub fn write(&self, cert_file: &Path, key_file: &Path) -> CertificateDer<'static> {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(["127.0.0.1".to_owned()]).expect("a name");
        let made = params.signed_by(&key, &self.issuer).expect("a certificate").der().clone();
        fs::write(cert_file, pem("CERTIFICATE", &made)).expect("a file for the certificate");
        fs::write(key_file, pem("PRIVATE KEY", &key.serialize_der())).expect("a file for the key");
        made
    }

    /// What a caller brings who trusts this authority: these versions of TLS, and these protocols above it.
    ///
    /// # Panics
    /// If there is no such version.
    #[must_use]
    pub fn caller(&self, versions: &[&'static SupportedProtocolVersion], protocols: &[&str]) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.clone()).expect("an authority");
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(versions)
            .expect("versions of TLS")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        config
    }
}

impl TestServer {
    /// An encrypted connection that sends bytes as they are.
    ///
    /// # Errors
    /// If the handshake fails.
    ///
    /// # Panics
    /// If nobody listens.
    pub async fn raw_tls(&self, config: ClientConfig) -> std::io::Result<RawClient<TlsStream<TcpStream>>> {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_recv_buffer_size(NARROW).expect("a socket that takes less");
        let address = self.address().parse().expect("an address");
        let tcp = socket.connect(address).await.expect("the server listens");
        tcp.set_nodelay(true).expect("a fresh socket");
        let name = ServerName::try_from("127.0.0.1").expect("an address");
        let stream = TlsConnector::from(Arc::new(config)).connect(name, tcp).await?;
        Ok(RawClient::on(stream, self.secrets().clone()))
    }
}

/// What programs read certificates and keys as.
pub(crate) fn pem(kind: &str, der: &[u8]) -> String {
    format!("-----BEGIN {kind}-----\n{}\n-----END {kind}-----\n", BASE64.encode(der))
}
