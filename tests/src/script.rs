//! What the fake upstream says: answers byte by byte, and how each ends.

use serde_json::{Value, json};

/// How an answer ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// The answer is complete; the connection may be used again.
    KeepAlive,
    /// The connection is closed.
    Close,
    /// The connection is reset (RST).
    Reset,
    /// Nothing more comes until the peer leaves.
    Stall,
}

/// An answer of the upstream.
#[derive(Debug, Clone)]
pub struct Script {
    pub(crate) pieces: Vec<Vec<u8>>,
    pub(crate) ending: Ending,
}

impl Script {
    /// These bytes and nothing else; each piece is a packet of its own.
    #[must_use]
    pub fn raw<P: Into<Vec<u8>>>(pieces: impl IntoIterator<Item = P>) -> Self {
        Self { pieces: pieces.into_iter().map(Into::into).collect(), ending: Ending::Close }
    }

    /// Silence.
    #[must_use]
    pub fn silence() -> Self {
        Self { pieces: Vec::new(), ending: Ending::Stall }
    }

    /// A whole answer of any kind, `headers` being further lines such as `Retry-After: 7`.
    #[must_use]
    pub fn answer(status: u16, kind: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let more: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let mut bytes = format!(
            "HTTP/1.1 {status} Said So\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n{more}\r\n",
            body.len()
        )
        .into_bytes();
        bytes.extend_from_slice(body);
        Self { pieces: vec![bytes], ending: Ending::KeepAlive }
    }

    /// A whole answer in JSON.
    #[must_use]
    pub fn json(status: u16, body: &Value) -> Self {
        Self::answer(status, "application/json", &[], body.to_string())
    }

    /// OpenAI's error envelope.
    #[must_use]
    pub fn error(status: u16, message: &str) -> Self {
        Self::json(status, &error_body(message))
    }

    /// A whole chat completion with this text.
    #[must_use]
    pub fn completion(text: &str) -> Self {
        Self::json(
            200,
            &json!({"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "model-1",
                "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}),
        )
    }

    /// A head of a stream, then each piece as an HTTP chunk of its own, then a clean end.
    #[must_use]
    pub fn stream<P: AsRef<[u8]>>(pieces: impl IntoIterator<Item = P>) -> Self {
        let mut script = Self::open_stream(pieces);
        script.pieces.push(b"0\r\n\r\n".to_vec());
        Self { ending: Ending::KeepAlive, ..script }
    }

    /// The same without an end.
    #[must_use]
    pub fn open_stream<P: AsRef<[u8]>>(pieces: impl IntoIterator<Item = P>) -> Self {
        let mut all = vec![stream_head()];
        all.extend(pieces.into_iter().map(chunk));
        Self { pieces: all, ending: Ending::Stall }
    }

    /// The same, but at its end nothing more comes.
    #[must_use]
    pub fn then_stall(self) -> Self {
        Self { ending: Ending::Stall, ..self }
    }

    /// The same, but at its end the connection is closed.
    #[must_use]
    pub fn then_close(self) -> Self {
        Self { ending: Ending::Close, ..self }
    }

    /// The same, but at its end the connection is reset.
    #[must_use]
    pub fn then_reset(self) -> Self {
        Self { ending: Ending::Reset, ..self }
    }

    /// The same with one packet more, as it is.
    #[must_use]
    pub fn and_raw(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.pieces.push(bytes.into());
        self
    }
}

/// OpenAI's error envelope around a message.
pub(crate) fn error_body(message: &str) -> Value {
    json!({"error": {"message": message, "type": "upstream_says", "param": null, "code": "said_so"}})
}

/// The head of a stream.
pub(crate) fn stream_head() -> Vec<u8> {
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n".to_vec()
}

/// One HTTP chunk.
#[must_use]
pub fn chunk(bytes: impl AsRef<[u8]>) -> Vec<u8> {
    let bytes = bytes.as_ref();
    [format!("{:x}\r\n", bytes.len()).as_bytes(), bytes, b"\r\n"].concat()
}

/// One event of a chat stream that adds `text` to the answer.
#[must_use]
pub fn event(text: &str) -> String {
    let data = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "model-1",
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": null}]});
    format!("data: {data}\n\n")
}

/// The events of a complete chat stream, one for each text, then the finish reason and `[DONE]`.
#[must_use]
pub fn chat_events(texts: &[&str]) -> Vec<String> {
    let finish = json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "model-1",
        "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    let mut events: Vec<_> = texts.iter().map(|text| event(text)).collect();
    events.push(format!("data: {finish}\n\n"));
    events.push("data: [DONE]\n\n".to_owned());
    events
}
