//! The kinds of work that are measured: what is asked, and what the upstream answers.

/// Events of a burst, besides its last and its end mark.
pub const BURST_EVENTS: usize = 100;
/// What a request says to get a burst; the upstream looks for it.
pub const BURST_MARK: &str = "one burst of events, please";

/// A kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// A chat completion as one small JSON document.
    SmallJson,
    /// One as a stream of events that all come at once.
    Burst,
}

impl Work {
    /// Its name in the table.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SmallJson => "small JSON",
            Self::Burst => "SSE burst of 100 events",
        }
    }

    /// How many connections ask at the same time.
    #[must_use]
    pub fn connections(self) -> usize {
        match self {
            Self::SmallJson => 64,
            Self::Burst => 32,
        }
    }

    /// The whole request, as bytes on the wire, with these header lines besides (each with its line end).
    #[must_use]
    pub fn request(self, headers: &str) -> Vec<u8> {
        let (said, stream) = match self {
            Self::SmallJson => ("Say hello.", false),
            Self::Burst => (BURST_MARK, true),
        };
        let body = format!(
            r#"{{"model":"bench","stream":{stream},"messages":[{{"role":"system","content":"You are brief."}},{{"role":"user","content":"{said}"}}]}}"#
        );
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nHost: bench.test\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n",
            body.len()
        );
        [head, body].concat().into_bytes()
    }

    /// What the upstream answers to it, as bytes on the wire.
    #[must_use]
    pub fn answer(self) -> Vec<u8> {
        match self {
            Self::SmallJson => small_json(),
            Self::Burst => burst(),
        }
    }
}

fn small_json() -> Vec<u8> {
    let body = r#"{"id":"chatcmpl-bench","object":"chat.completion","created":1700000000,"model":"bench","choices":[{"index":0,"message":{"role":"assistant","content":"Hello there, how can I help you today?"},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":10,"total_tokens":22}}"#;
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_str(), body].concat().into_bytes()
}

fn burst() -> Vec<u8> {
    let event = |delta: &str, finish: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"bench\",\"choices\":[{{\"index\":0,\"delta\":{delta},\"finish_reason\":{finish}}}]}}\n\n"
        )
    };
    let events = (0..BURST_EVENTS)
        .map(|number| event(&format!("{{\"content\":\"word{number} \"}}"), "null"))
        .chain([event("{}", "\"stop\""), "data: [DONE]\n\n".to_owned()]);
    let mut answer =
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for event in events {
        answer.extend_from_slice(format!("{:x}\r\n{event}\r\n", event.len()).as_bytes());
    }
    answer.extend_from_slice(b"0\r\n\r\n");
    answer
}
