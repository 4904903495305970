//! One call of a command: an HTTP request over the operators' socket, and its answer.

use std::{
    io::{self, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    time::Duration,
};

use anyhow::Context as _;
use api_types::Problem;
use serde::{Serialize, de::DeserializeOwned};

/// How long a server may take for a call: more than its store's own patience.
const PATIENCE: Duration = Duration::from_secs(30);

/// The way to a server.
pub struct Calls<'a> {
    socket: &'a Path,
}

/// An answer, and where the next part begins if there is one.
pub struct Part<T> {
    /// What it says.
    pub body: T,
    /// `next-cursor`.
    pub next: Option<String>,
}

impl<'a> Calls<'a> {
    /// Calls over this socket.
    pub fn over(socket: &'a Path) -> Self {
        Self { socket }
    }

    /// Reads something.
    pub fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<Part<T>> {
        self.call("GET", path, None)
    }

    /// Makes something.
    pub fn post<T: DeserializeOwned>(&self, path: &str, new: &impl Serialize) -> anyhow::Result<T> {
        Ok(self.call("POST", path, Some(serde_json::to_string(new)?))?.body)
    }

    /// Changes something.
    pub fn patch<T: DeserializeOwned>(&self, path: &str, change: &impl Serialize) -> anyhow::Result<T> {
        Ok(self.call("PATCH", path, Some(serde_json::to_string(change)?))?.body)
    }

    /// Deletes something.
    pub fn delete(&self, path: &str) -> anyhow::Result<()> {
        self.call::<()>("DELETE", path, None).map(drop)
    }

    /// The answer's body, or its problem's sentence as the error.
    fn call<T: DeserializeOwned>(&self, method: &str, path: &str, body: Option<String>) -> anyhow::Result<Part<T>> {
        let answer = self
            .exchange(method, path, body.as_deref())
            .context("the running server doesn't answer; look at its log, or stop it and try again")?;
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut head = httparse::Response::new(&mut headers);
        let httparse::Status::Complete(length) = head.parse(&answer)? else {
            anyhow::bail!("the running server stopped in the middle of its answer");
        };
        let body = answer.get(length..).unwrap_or_default();
        if !head.code.is_some_and(|status| (200..300).contains(&status)) {
            let problem: Problem = serde_json::from_slice(body).context("the running server answered oddly")?;
            if problem.errors.is_empty() {
                anyhow::bail!("{}", problem.detail);
            }
            let wrong: Vec<_> =
                problem.errors.iter().map(|error| format!("{}: {}", error.field, error.detail)).collect();
            anyhow::bail!("{}", wrong.join(" "));
        }
        let next = head.headers.iter().find(|header| header.name.eq_ignore_ascii_case("next-cursor"));
        let next = next.and_then(|header| String::from_utf8(header.value.to_vec()).ok());
        // A change that answers nothing reads as null.
        let body = if body.is_empty() { b"null" } else { body };
        let body = serde_json::from_slice(body).context("the running server is of another version")?;
        Ok(Part { body, next })
    }

    fn exchange(&self, method: &str, path: &str, body: Option<&str>) -> io::Result<Vec<u8>> {
        let mut stream = UnixStream::connect(self.socket)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let body = body.unwrap_or_default();
        // 1.0, so that the answer is neither chunked nor followed by another.
        write!(
            stream,
            "{method} {path} HTTP/1.0\r\nhost: tollgate\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    }
}
