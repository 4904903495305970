//! A streamed answer read event by event, every byte kept.

use reqwest::{Response, header::HeaderMap};
use serde_json::Value;

use crate::{Secrets, secrets::LONGEST_PART, within};

/// A streamed answer under way; dropping it leaves, as a client does that closes its connection.
pub struct Events {
    response: Response,
    /// The answer's headers.
    pub headers: HeaderMap,
    /// Every byte of the body so far.
    pub bytes: Vec<u8>,
    read: usize,
    looked: usize,
    broken: bool,
    secrets: Secrets,
}

impl Events {
    pub(crate) fn new(response: Response, secrets: Secrets) -> Self {
        let headers = response.headers().clone();
        let kind = headers.get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        assert!(kind.starts_with("text/event-stream"), "a stream of {kind}");
        Self { response, headers, bytes: Vec::new(), read: 0, looked: 0, broken: false, secrets }
    }

    /// The data of the next event, comments skipped; `None` at the end of the body, clean or not.
    pub async fn next(&mut self) -> Option<String> {
        loop {
            while let Some(block) = self.take_block() {
                let data: Vec<_> = block.lines().filter_map(|line| line.strip_prefix("data:")).collect();
                if !data.is_empty() {
                    return Some(data.iter().map(|d| d.strip_prefix(' ').unwrap_or(d)).collect::<Vec<_>>().join("\n"));
                }
            }
            if !self.read_on().await {
                return None;
            }
        }
    }

    /// The text that the next event adds to the answer.
    ///
    /// # Panics
    /// If there is none.
    pub async fn next_text(&mut self) -> String {
        let data = self.next().await.expect("another event");
        let chunk: Value = serde_json::from_str(&data).unwrap_or_else(|e| panic!("{e}: {data}"));
        chunk["choices"][0]["delta"]["content"].as_str().unwrap_or_else(|| panic!("no text in {data}")).to_owned()
    }

    /// The data of all events to come.
    pub async fn rest(&mut self) -> Vec<String> {
        let mut all = Vec::new();
        while let Some(data) = self.next().await {
            all.push(data);
        }
        all
    }

    /// Waits for a heartbeat or other comment.
    ///
    /// # Panics
    /// If the body ends before one.
    pub async fn comment(&mut self) {
        while !self.bytes.starts_with(b":") && !self.bytes.windows(2).any(|two| two == b"\n:") {
            assert!(self.read_on().await, "the stream ended without a comment");
        }
    }

    /// Waits for so many comments more.
    ///
    /// # Panics
    /// If the body ends before them.
    pub async fn comments(&mut self, more: usize) {
        let count =
            |bytes: &[u8]| usize::from(bytes.starts_with(b":")) + bytes.windows(2).filter(|two| *two == b"\n:").count();
        let wanted = count(&self.bytes) + more;
        while count(&self.bytes) < wanted {
            assert!(self.read_on().await, "the stream ended without a comment");
        }
    }

    /// Whether the body was cut off by the transport and not ended.
    #[must_use]
    pub fn was_cut(&self) -> bool {
        self.broken
    }

    async fn read_on(&mut self) -> bool {
        match within("waiting for a chunk", self.response.chunk()).await {
            Ok(Some(chunk)) => {
                let from = self.bytes.len().saturating_sub(LONGEST_PART);
                self.bytes.extend_from_slice(&chunk);
                self.secrets.not_in("a stream", &self.bytes[from..]);
                true
            }
            Ok(None) => false,
            Err(_) => {
                self.broken = true;
                false
            }
        }
    }

    fn take_block(&mut self) -> Option<String> {
        // Looks only at what came since the last look, and at the mark that may have begun before it.
        let from = self.looked.saturating_sub(3).max(self.read);
        let unread = &self.bytes[from..];
        let end = |mark: &[u8]| unread.windows(mark.len()).position(|w| w == mark).map(|at| from + at + mark.len());
        let Some(end) = [end(b"\n\n"), end(b"\r\n\r\n")].into_iter().flatten().min() else {
            self.looked = self.bytes.len();
            return None;
        };
        let block = String::from_utf8_lossy(&self.bytes[self.read..end]).into_owned();
        (self.read, self.looked) = (end, end);
        Some(block)
    }
}
