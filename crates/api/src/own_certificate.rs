//! The server's own certificate and key: read from their files at start, and again when the process gets a SIGHUP.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context as _, anyhow};
use parking_lot::RwLock;
use rustls::{
    Error, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

use crate::config::TlsConfig;

/// See the module.
pub struct OwnCertificate {
    cert_file: PathBuf,
    key_file: PathBuf,
    /// Replaced as a whole, so that no session goes on under an earlier certificate.
    current: RwLock<Arc<ServerConfig>>,
}

impl OwnCertificate {
    /// Reads the files; `None` where none are configured.
    ///
    /// # Errors
    /// When they can't be used: which of them, and why.
    pub fn open(config: &TlsConfig) -> anyhow::Result<Option<Arc<Self>>> {
        let Some((cert_file, key_file)) = config.files() else { return Ok(None) };
        let current = RwLock::new(Arc::new(read(cert_file, key_file)?));
        Ok(Some(Arc::new(Self { cert_file: cert_file.to_owned(), key_file: key_file.to_owned(), current })))
    }

    /// Reads the files again, for connections that begin from now on.
    ///
    /// # Errors
    /// When they can't be used. Then the old certificate stays.
    pub fn reload(&self) -> anyhow::Result<()> {
        let fresh = read(&self.cert_file, &self.key_file)?;
        *self.current.write() = Arc::new(fresh);
        Ok(())
    }

    /// What encrypts a connection that begins now.
    #[must_use]
    pub fn acceptor(&self) -> TlsAcceptor {
        Arc::clone(&self.current.read()).into()
    }

    /// The certificate's file.
    #[must_use]
    pub fn file(&self) -> &Path {
        &self.cert_file
    }
}

/// TLS 1.2 and 1.3 with what is in these files, for HTTP/1.1.
fn read(cert_file: &Path, key_file: &Path) -> anyhow::Result<ServerConfig> {
    let (cert_name, key_name) = (cert_file.display(), key_file.display());
    let pem = fs::read(cert_file).with_context(|| format!("tls.cert_file: can't read {cert_name}"))?;
    let chain: Vec<_> = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<_, _>>()
        .map_err(|_| anyhow!("tls.cert_file: {cert_name} is no PEM"))?;
    if chain.is_empty() {
        return Err(anyhow!("tls.cert_file: {cert_name} holds no certificate in PEM form"));
    }
    let pem = fs::read(key_file).with_context(|| format!("tls.key_file: can't read {key_name}"))?;
    // What is wrong with a key isn't repeated, since it may hold a part of it.
    let key = PrivateKeyDer::from_pem_slice(&Zeroizing::new(pem))
        .map_err(|_| anyhow!("tls.key_file: {key_name} holds no private key in PEM form without a password"))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|error| match error {
            Error::InconsistentKeys(_) => {
                anyhow!("tls.key_file: the key in {key_name} isn't that of the certificate in {cert_name}")
            }
            Error::InvalidCertificate(error) => anyhow!("tls.cert_file: {cert_name} can't be used: {error}"),
            error => anyhow!("tls.key_file: {key_name} can't be used: {error}"),
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
