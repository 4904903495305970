//! The key that signs sessions: from the configuration, or made once and kept in the data folder.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use anyhow::{Context as _, bail};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{ambient, config::Secret};

const FILE: &str = "session.key";
const LEAST_CHARS: usize = 32;

/// 256 bits from which the keys of the tokens and of the owners' digests are derived.
#[derive(Clone)]
pub struct SessionKey(Zeroizing<[u8; 32]>);

impl SessionKey {
    /// The configured key, or the one in the data folder, made there if need be (mode 0600).
    ///
    /// # Errors
    /// When it can't be read, written, or is too short.
    pub fn obtain(configured: Option<&Secret>, data_dir: &Path) -> anyhow::Result<Self> {
        if let Some(secret) = configured {
            if secret.reveal().len() < LEAST_CHARS {
                bail!("server.session_key must have at least {LEAST_CHARS} characters");
            }
            return Ok(Self(Zeroizing::new(mac(secret.reveal().as_bytes(), b"tollgate session key"))));
        }
        let path = data_dir.join(FILE);
        match fs::read(&path) {
            Ok(bytes) => {
                let bytes = Zeroizing::new(bytes);
                let key = <[u8; 32]>::try_from(bytes.as_slice()).with_context(|| {
                    format!("{} must hold 32 bytes; remove it to sign everybody out", path.display())
                })?;
                Ok(Self(Zeroizing::new(key)))
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                let key: Zeroizing<[u8; 32]> = Zeroizing::new(ambient::random());
                write_private(&path, key.as_slice()).with_context(|| format!("can't write {}", path.display()))?;
                Ok(Self(key))
            }
            Err(e) => Err(e).with_context(|| format!("can't read {}", path.display())),
        }
    }

    /// A key derived for one purpose.
    #[must_use]
    pub fn derive(&self, purpose: &str, text: &[u8]) -> [u8; 32] {
        mac(&mac(self.0.as_slice(), purpose.as_bytes()), text)
    }

    #[cfg(test)]
    pub(crate) fn for_test(byte: u8) -> Self {
        Self(Zeroizing::new([byte; 32]))
    }
}

fn mac(key: &[u8], text: &[u8]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length is fine");
    mac.update(text);
    mac.finalize().into_bytes().into()
}

/// Written beside and renamed, so that a crash leaves the whole key or none.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension("key.new");
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(beside, path)
}
