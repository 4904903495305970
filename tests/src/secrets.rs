//! Every secret that a test's server hands out or is given, and the search for them wherever they don't belong.
//!
//! Every [`Caller`](crate::Caller) of a [`TestServer`](crate::TestServer) notes what it gets and sends, every answer is
//! searched as it comes, and at each restart and at its end the server's whole output and data folder. A secret is
//! hunted by the parts that tell it from others, so that a piece of it that is quoted is found as well as the whole.

use std::{
    collections::HashSet,
    fmt, fs,
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
};

use access::PresentedKey;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use api_types::limits::PASSWORD_MAX_CHARS;
use reqwest::{Method, StatusCode, header::HeaderMap};
use serde_json::Value;

use crate::Output;

/// Shorter texts stand in answers by chance.
const SHORTEST: usize = 8;
/// A random text from this length on is hunted by its halves.
const LONG: usize = 40;
/// No part that a secret is hunted by is longer: a password of characters of four bytes, each quoted by three.
pub(crate) const LONGEST_PART: usize = 3 * 4 * PASSWORD_MAX_CHARS;

/// What sort of secret it is, which may be told; the secret itself never is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An API key's value.
    ApiKey,
    /// An access token, in an answer or in a cookie.
    AccessToken,
    /// A refresh token, in an answer or in its cookie.
    RefreshToken,
    /// A password that an account has or was tried with.
    Password,
    /// The credential for the upstream, or for AWS.
    Credential,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ApiKey => "an API key",
            Self::AccessToken => "an access token",
            Self::RefreshToken => "a refresh token",
            Self::Password => "a password",
            Self::Credential => "a credential of the server's own",
        })
    }
}

/// The secrets of one server's test; clones share them.
#[derive(Clone, Default)]
pub struct Secrets(Arc<Mutex<Known>>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Secrets({})", self.len())
    }
}

#[derive(Default)]
struct Known {
    texts: HashSet<(Kind, String)>,
    batches: Vec<Batch>,
}

/// Some parts, searched for all at once.
struct Batch {
    parts: Vec<(Vec<u8>, Kind)>,
    search: AhoCorasick,
}

impl Secrets {
    /// Notes a secret. Texts too short to be one are passed over.
    ///
    /// # Panics
    /// Never: a handful of short texts can always be searched for.
    pub fn note(&self, kind: Kind, text: &str) {
        let mut known = self.known();
        if text.len() < SHORTEST || !known.texts.insert((kind, text.to_owned())) {
            return;
        }
        let mut parts: Vec<_> = telling_parts(kind, text).into_iter().map(|part| (part, kind)).collect();
        // Small batches join into larger ones, so that thousands of secrets are cheap to note and to search for.
        while known.batches.last().is_some_and(|last| last.parts.len() <= parts.len()) {
            parts.extend(known.batches.pop().map(|last| last.parts).unwrap_or_default());
        }
        // A table and no leaping ahead: that is fast only where all of it is optimised, which test builds aren't.
        let mut search = AhoCorasick::builder();
        search.kind(Some(AhoCorasickKind::DFA)).prefilter(false);
        let search = search.build(parts.iter().map(|(part, _)| part)).expect("short patterns");
        known.batches.push(Batch { parts, search });
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.known().texts.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What sort of secret stands in these bytes, if one does.
    #[must_use]
    pub fn found_in(&self, bytes: &[u8]) -> Option<Kind> {
        let known = self.known();
        known.batches.iter().find_map(|batch| Some(batch.parts[batch.search.find(bytes)?.pattern().as_usize()].1))
    }

    /// Fails where a secret stands in what is named by `place`.
    ///
    /// # Panics
    /// If one does, telling its kind.
    #[track_caller]
    pub fn not_in(&self, place: &str, bytes: &[u8]) {
        if let Some(kind) = self.found_in(bytes) {
            panic!("{kind} leaked into {place}");
        }
    }

    /// Fails where a secret stands in what a process printed from a line on, or in a file of its data folder.
    ///
    /// # Panics
    /// If one does, telling its kind.
    pub(crate) fn not_left_behind(&self, output: &Output, from: usize, data_dir: &Path) {
        if let Some((number, kind)) = output.find_line(from, |line| self.found_in(line.as_bytes())) {
            panic!("{kind} leaked into line {} of the server's output", number + 1);
        }
        self.not_in_folder(data_dir);
    }

    /// Where a database keeps the rows that a file doesn't.
    ///
    /// # Panics
    /// If a secret stands in one, telling its kind.
    pub(crate) fn not_in_rows(&self, rows: &crate::Snapshot) {
        for (table, rows) in rows {
            self.not_in(&format!("the table {table}"), rows.join("\n").as_bytes());
        }
    }

    /// A file or folder that can't be read is one that the test took away.
    fn not_in_folder(&self, folder: &Path) {
        for path in fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                self.not_in_folder(&path);
            } else if let Ok(bytes) = fs::read(&path) {
                self.not_in(&path.display().to_string(), &bytes);
            }
        }
    }

    /// Looks through an answer, then notes what it hands out: that alone may stand in it.
    ///
    /// # Panics
    /// If another secret stands in it.
    pub(crate) fn look_through(&self, method: &Method, path: &str, headers: &HeaderMap, body: &[u8]) {
        let asked = format!("{method} {path}");
        let body_of = format!("the body of {asked}");
        match serde_json::from_slice(body) {
            Ok(Value::Object(mut object)) => {
                let handed_out = handed_out(method, path).iter();
                let given: Vec<_> =
                    handed_out.filter_map(|(name, kind)| Some((*kind, object.remove(*name)?))).collect();
                self.not_in(&body_of, Value::Object(object).to_string().as_bytes());
                given.iter().for_each(|(kind, secret)| self.note(*kind, secret.as_str().unwrap_or_default()));
            }
            _ => self.not_in(&body_of, body),
        }
        self.look_through_headers(&asked, headers);
    }

    /// The same for a head alone. Where cookies may be set at all is another check's affair.
    pub(crate) fn look_through_headers(&self, asked: &str, headers: &HeaderMap) {
        for (name, value) in headers {
            let cookie = cookie_secret(name.as_str(), value.as_bytes());
            let told = match &cookie {
                Some((_, secret, attributes)) if !secret.is_empty() => attributes.as_bytes(),
                _ => value.as_bytes(),
            };
            self.not_in(&format!("the header {name} of {asked}"), told);
            if let Some((kind, secret, _)) = cookie {
                self.note(kind, &secret);
            }
        }
    }

    /// Notes a key that somebody presents, if it is one: its owner may have got it in a browser.
    pub(crate) fn note_presented(&self, key: &str) {
        if is_key(key) {
            self.note(Kind::ApiKey, key);
        }
    }

    /// Notes passwords that were sent, once they are known to have been taken as such: a form that is wrong in its
    /// form may have had anything in their place.
    pub(crate) fn note_passwords(&self, passwords: &[String], status: StatusCode) {
        if !matches!(status.as_u16(), 400 | 422) {
            passwords.iter().for_each(|password| self.note(Kind::Password, password));
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().expect("no holder panics")
    }
}

/// The passwords in a request's body.
pub(crate) fn passwords_in(path: &str, body: &Value) -> Vec<String> {
    if !["/accounts", "/sessions", "/me"].contains(&path) {
        return Vec::new();
    }
    let members = ["password", "current_password", "new_password"].into_iter().filter_map(|name| body[name].as_str());
    members.map(str::to_owned).collect()
}

/// The members of an answer that hand a secret out.
fn handed_out(method: &Method, path: &str) -> &'static [(&'static str, Kind)] {
    let path = path.split('?').next().unwrap_or_default();
    match (method.as_str(), path) {
        ("POST", "/create_key") => &[("value", Kind::ApiKey)],
        ("POST", _) if path.starts_with("/keys/") && path.ends_with("/rotate") => &[("value", Kind::ApiKey)],
        ("POST", "/sessions" | "/sessions/refresh") => {
            &[("access_token", Kind::AccessToken), ("refresh_token", Kind::RefreshToken)]
        }
        ("POST", "/accounts") | ("PATCH", "/me") => &[("access_token", Kind::AccessToken)],
        _ => &[],
    }
}

/// A session cookie's kind, its value, and what follows it.
fn cookie_secret(header: &str, value: &[u8]) -> Option<(Kind, String, String)> {
    if header != "set-cookie" {
        return None;
    }
    let text = String::from_utf8_lossy(value).into_owned();
    let (first, attributes) = text.split_once(';').unwrap_or((&text, ""));
    let (name, secret) = first.split_once('=')?;
    let kind = match name.trim_start_matches("__Host-").trim_start_matches("__Secure-") {
        "tollgate_session" => Kind::AccessToken,
        "tollgate_refresh" => Kind::RefreshToken,
        _ => return None,
    };
    Some((kind, secret.to_owned(), attributes.to_owned()))
}

fn is_key(text: &str) -> bool {
    PresentedKey::parse(text).is_some_and(|presented| presented.own().is_some())
}

/// What is enough to know a secret by: for keys and tokens the halves of the random part, which is the last, and for
/// what people choose the whole, also as a URL or a form would quote it.
fn telling_parts(kind: Kind, text: &str) -> Vec<Vec<u8>> {
    let random = match kind {
        Kind::Password => {
            let variants = [text.to_owned(), text.replace(' ', "%20"), text.replace(' ', "+")];
            return variants.into_iter().map(String::into_bytes).collect::<HashSet<_>>().into_iter().collect();
        }
        Kind::Credential => return vec![text.as_bytes().to_vec()],
        Kind::ApiKey | Kind::RefreshToken => text.rsplit('_').next().unwrap_or(text),
        Kind::AccessToken => text.rsplit('.').next().unwrap_or(text),
    };
    let random = if random.len() < SHORTEST { text.as_bytes() } else { random.as_bytes() };
    if random.len() < LONG {
        return vec![random.to_vec()];
    }
    let (first, second) = random.split_at(random.len() / 2);
    vec![first.to_vec(), second.to_vec()]
}
