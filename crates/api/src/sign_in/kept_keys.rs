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
use data_encoding::HEXLOWER_PERMISSIVE;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::{ambient, config::Secret};

/// The session key's name in the data folder.
pub const SESSION_FILE: &str = "session.key";
/// The owner key's.
pub const OWNER_FILE: &str = "owner.key";
/// What a configured key begins with that is the key itself, as 64 hexadecimal digits: one that was made in a data folder
/// and is now shared. Any other text is hashed to a key.
const AS_IT_IS: &str = "hex:";
const OWNER_REMEDY: &str = "restore it from where the database was restored from";
const SESSION_REMEDY: &str = "remove it to sign everybody out";

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
            return shared(secret, b"tollgate owner key").context("server.owner_key").map(Self);
        }
        kept(&data_dir.join(OWNER_FILE), OWNER_REMEDY).map(Self)
    }

    /// The key in the data folder, if there is one.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn in_folder(data_dir: &Path) -> anyhow::Result<Option<Self>> {
        Ok(read(&data_dir.join(OWNER_FILE), OWNER_REMEDY)?.map(Self))
    }

    /// How to print the data folder's key as the configuration takes it.
    #[must_use]
    pub fn how_to_share(data_dir: &Path) -> String {
        how_to_share(&data_dir.join(OWNER_FILE))
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
            return shared(secret, b"tollgate session key").context("server.session_key").map(Self);
        }
        kept(&data_dir.join(SESSION_FILE), SESSION_REMEDY).map(Self)
    }

    /// The key in the data folder, if there is one.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn in_folder(data_dir: &Path) -> anyhow::Result<Option<Self>> {
        Ok(read(&data_dir.join(SESSION_FILE), SESSION_REMEDY)?.map(Self))
    }

    /// How to print the data folder's key as the configuration takes it.
    #[must_use]
    pub fn how_to_share(data_dir: &Path) -> String {
        how_to_share(&data_dir.join(SESSION_FILE))
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

/// The key that a configured text stands for.
fn shared(secret: &Secret, purpose: &[u8]) -> anyhow::Result<Zeroizing<[u8; 32]>> {
    let text = secret.reveal();
    let Some(digits) = text.strip_prefix(AS_IT_IS) else {
        return Ok(Zeroizing::new(mac(text.as_bytes(), purpose)));
    };
    let bytes = HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).ok().map(Zeroizing::new);
    let key = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes.as_slice()).ok());
    key.map(Zeroizing::new).with_context(|| format!("behind {AS_IT_IS} come 64 hexadecimal digits"))
}

fn how_to_share(path: &Path) -> String {
    format!("echo \"{AS_IT_IS}$(od -An -v -tx1 '{}' | tr -d ' \\n')\"", path.display())
}

/// The 32 bytes of a file, made if there is none.
fn kept(path: &Path, remedy: &str) -> anyhow::Result<Zeroizing<[u8; 32]>> {
    if let Some(key) = read(path, remedy)? {
        return Ok(key);
    }
    let key: Zeroizing<[u8; 32]> = Zeroizing::new(ambient::random());
    write_private(path, key.as_slice()).with_context(|| format!("can't write {}", path.display()))?;
    Ok(key)
}

/// The 32 bytes of a file, if there is one; `remedy` is for a file that holds something else.
fn read(path: &Path, remedy: &str) -> anyhow::Result<Option<Zeroizing<[u8; 32]>>> {
    match fs::read(path) {
        Ok(bytes) => {
            let bytes = Zeroizing::new(bytes);
            let key = <[u8; 32]>::try_from(bytes.as_slice())
                .with_context(|| format!("{} must hold 32 bytes; {remedy}", path.display()))?;
            Ok(Some(Zeroizing::new(key)))
        }
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folders_key_is_the_same_key_where_it_is_configured() {
        let folder = tempfile::tempdir().unwrap();
        let made = OwnerKey::obtain(None, folder.path()).unwrap();
        let printed = std::process::Command::new("sh").arg("-c").arg(OwnerKey::how_to_share(folder.path())).output();
        let printed = Secret::new(&String::from_utf8(printed.unwrap().stdout).unwrap());
        let shared = OwnerKey::obtain(Some(&printed), Path::new("/nowhere")).unwrap();
        assert_eq!(shared.fingerprint(), made.fingerprint());
        let other = OwnerKey::obtain(Some(&Secret::new(&"0".repeat(64))), Path::new("/nowhere")).unwrap();
        assert_ne!(other.fingerprint(), made.fingerprint());
        for wrong in ["hex:", "hex:00", &format!("hex:{}", "0g".repeat(32)), &format!("hex:{}", "00".repeat(33))] {
            let error = OwnerKey::obtain(Some(&Secret::new(wrong)), Path::new("/nowhere")).err().unwrap();
            assert_eq!(format!("{error:#}"), "server.owner_key: behind hex: come 64 hexadecimal digits");
        }
    }
}
