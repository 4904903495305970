//! The keys in the data folder: what signs sessions, and what digests owners' addresses.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use access::{OwnerDigest, RepeatableCall};
use anyhow::Context as _;
use api_types::{AccountId, Email, KeyId};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{ambient, config::Secret};

const SESSION_FILE: &str = "session.key";
const OWNER_FILE: &str = "owner.key";

/// 256 bits from which the keys of the tokens are derived. Another one signs everybody out.
#[derive(Clone)]
pub struct SessionKey(Zeroizing<[u8; 32]>);

/// 256 bits that key the owners' digests, and what is derived for calls that may be repeated. Made once and kept: with
/// another one nobody's past count would be found.
#[derive(Clone)]
pub struct OwnerKey(Zeroizing<[u8; 32]>);

impl OwnerKey {
    /// The configured key, or the one in the data folder, made there if need be (mode 0600).
    ///
    /// # Errors
    /// When it can't be read or written.
    pub fn obtain(configured: Option<&Secret>, data_dir: &Path) -> anyhow::Result<Self> {
        if let Some(secret) = configured {
            return Ok(Self(Zeroizing::new(mac(secret.reveal().as_bytes(), b"tollgate owner key"))));
        }
        kept(&data_dir.join(OWNER_FILE), "restore it from where the database was restored from").map(Self)
    }

    /// The digest by which an owner's count outlives the account.
    #[must_use]
    pub fn digest(&self, email: &Email) -> OwnerDigest {
        OwnerDigest(mac(self.0.as_slice(), email.as_str().as_bytes()))
    }

    /// By what a call is known again to which its caller gives a name.
    #[must_use]
    pub fn call(&self, account: AccountId, name: &str, request: &[u8]) -> RepeatableCall {
        let name = format!("{account} {name}");
        RepeatableCall {
            name: self.derive("name of a repeatable call", name.as_bytes()),
            request: self.derive("request of a repeatable call", request),
        }
    }

    /// The random part of the key that such a call makes: the same whenever the call is repeated, so that it need not be
    /// kept. Whoever reads the database learns neither this key nor the name.
    #[must_use]
    pub fn value_bits(&self, key: KeyId, name: &str) -> [u8; 32] {
        self.derive("value of a repeatable key", format!("{key} {name}").as_bytes())
    }

    /// What tells it from another, and nothing about it.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        self.derive("fingerprint of the owner key", b"")
    }

    /// No purpose is an email address, so that nothing that is derived is an owner's digest.
    fn derive(&self, purpose: &str, text: &[u8]) -> [u8; 32] {
        mac(&mac(self.0.as_slice(), purpose.as_bytes()), text)
    }
}

impl SessionKey {
    /// The configured key, or the one in the data folder, made there if need be (mode 0600).
    ///
    /// # Errors
    /// When it can't be read or written.
    pub fn obtain(configured: Option<&Secret>, data_dir: &Path) -> anyhow::Result<Self> {
        if let Some(secret) = configured {
            return Ok(Self(Zeroizing::new(mac(secret.reveal().as_bytes(), b"tollgate session key"))));
        }
        kept(&data_dir.join(SESSION_FILE), "remove it to sign everybody out").map(Self)
    }

    /// What tells it from another, and nothing about it.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; 32] {
        self.derive("fingerprint of the session key", b"")
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

/// The 32 bytes of a file, made if there is none; `remedy` is for a file that holds something else.
fn kept(path: &Path, remedy: &str) -> anyhow::Result<Zeroizing<[u8; 32]>> {
    match fs::read(path) {
        Ok(bytes) => {
            let bytes = Zeroizing::new(bytes);
            let key = <[u8; 32]>::try_from(bytes.as_slice())
                .with_context(|| format!("{} must hold 32 bytes; {remedy}", path.display()))?;
            Ok(Zeroizing::new(key))
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => {
            let key: Zeroizing<[u8; 32]> = Zeroizing::new(ambient::random());
            write_private(path, key.as_slice()).with_context(|| format!("can't write {}", path.display()))?;
            Ok(key)
        }
        Err(e) => Err(e).with_context(|| format!("can't read {}", path.display())),
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
    fs::rename(beside, path)?;
    // The folder's entry too, or a power cut could leave none.
    match path.parent() {
        Some(folder) => fs::File::open(folder)?.sync_all(),
        None => Ok(()),
    }
}
