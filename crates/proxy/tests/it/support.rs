//! A fake upstream on a raw socket, which each test plays itself, and a caller that takes all that comes.

use std::{cell::RefCell, net::SocketAddr, rc::Rc, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::StreamExt;
use proxy::{
    Answer, Body, Client, Credential, CutShort, End, Endpoint, Failure, FailureKind, Follow, How, ModelPolicy, Phase,
    Request, Secret, StopSignal, Timeouts, Upstream, relay,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;

/// The credential that the upstream gets.
pub(crate) const CREDENTIAL: &str = "sk-upstream-secret";
/// The head of a chunked stream of events.
pub(crate) const STREAM_HEAD: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
/// One event with text, and one that finishes.
pub(crate) const EVENT: &str =
    "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"è\"},\"finish_reason\":null}]}\n\n";
pub(crate) const DONE: &str = "data: [DONE]\n\n";

/// A short wait for the timer that a test is about; all others stay long.
pub(crate) const SHORT: Duration = Duration::from_millis(40);
/// All timers so long that none ends in a test.
pub(crate) const LONG: Timeouts = Timeouts {
    connect: Duration::from_secs(10),
    first_byte: Duration::from_secs(600),
    idle: Duration::from_secs(300),
    after_finish: Timeouts::AFTER_FINISH,
    total: Duration::from_secs(3600),
    heartbeat: Duration::from_secs(15),
};

/// Where a test listens as the upstream.
pub(crate) struct FakeUpstream {
    listener: TcpListener,
    pub(crate) addr: SocketAddr,
}

impl FakeUpstream {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        Self { listener, addr }
    }

    pub(crate) fn base_url(&self, scheme: &str) -> Url {
        format!("{scheme}://{}/v1", self.addr).parse().unwrap()
    }

    pub(crate) fn client(&self, timeouts: Timeouts) -> Client {
        let credential = Credential::Bearer(Secret::new(CREDENTIAL).unwrap());
        Client::new(Arc::new(Upstream::new(&self.base_url("http"), credential, timeouts).unwrap()))
    }

    pub(crate) async fn accept(&self) -> Connection {
        Connection { tcp: self.listener.accept().await.unwrap().0 }
    }
}

/// A request as the upstream got it.
pub(crate) struct Received {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

/// The upstream's end of one connection.
pub(crate) struct Connection {
    pub(crate) tcp: TcpStream,
}

impl Connection {
    /// Reads one whole request.
    pub(crate) async fn request(&mut self) -> Received {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(self.tcp.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap_or("0");
        let mut body = vec![0; length.parse().unwrap()];
        self.tcp.read_exact(&mut body).await.unwrap();
        Received { head, body }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.tcp.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends one chunk of a chunked body.
    pub(crate) async fn chunk(&mut self, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
        chunk.extend_from_slice(bytes);
        chunk.extend_from_slice(b"\r\n");
        self.send(chunk).await;
    }

    /// Ends a chunked body.
    pub(crate) async fn last_chunk(&mut self) {
        self.send("0\r\n\r\n").await;
    }

    /// Waits until the other side has closed.
    pub(crate) async fn closed(&mut self) {
        let mut byte = [0];
        while !matches!(self.tcp.read(&mut byte).await, Ok(0) | Err(_)) {}
    }

    /// Closes with a reset.
    pub(crate) fn reset(self) {
        self.tcp.set_zero_linger().unwrap();
    }
}

/// A guard and what it told.
pub(crate) fn follow() -> (Follow, Rc<RefCell<Vec<End>>>) {
    let ends = Rc::new(RefCell::new(Vec::new()));
    let told = Rc::clone(&ends);
    (Follow::new(move |end| told.borrow_mut().push(end)), ends)
}

/// What the guard told, which must be one end.
pub(crate) fn only(ends: &Rc<RefCell<Vec<End>>>) -> End {
    let ends = ends.borrow();
    assert_eq!(ends.len(), 1, "told once: {ends:?}");
    ends[0].clone()
}

/// A chat request that asks for a stream or not.
pub(crate) fn chat(stream: bool) -> Request {
    let body =
        format!("{{\"model\":\"m\",\"messages\":[{{\"role\":\"user\",\"content\":\"hi\"}}],\"stream\":{stream}}}");
    Request::new(Body::parse(Endpoint::ChatCompletions, body.into(), &ModelPolicy::default()).unwrap())
}

/// What the caller got: all chunks, and the abort if there was one.
#[derive(Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) length: Option<u64>,
    pub(crate) chunks: Vec<Bytes>,
    pub(crate) aborted: Option<CutShort>,
}

impl Got {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.chunks.concat()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }
}

/// Reads an answer to its end.
pub(crate) async fn take(mut answer: Answer) -> Got {
    let mut got = Got {
        status: answer.status.as_u16(),
        headers: answer.headers.iter().map(|(n, v)| (n.to_string(), v.to_str().unwrap().to_owned())).collect(),
        length: answer.length,
        chunks: Vec::new(),
        aborted: None,
    };
    while let Some(item) = answer.body.next().await {
        match item {
            Ok(chunk) => got.chunks.push(chunk),
            Err(cut) => got.aborted = Some(cut),
        }
    }
    assert!(answer.body.next().await.is_none(), "an ended body stays ended");
    got
}

/// One exchange: the caller relays `request`, the test plays the upstream after it has read it.
pub(crate) async fn exchange(
    timeouts: Timeouts,
    request: Request,
    stop: StopSignal,
    upstream: impl AsyncFnOnce(Connection),
) -> (Result<Got, Failure>, End) {
    let fake = FakeUpstream::start().await;
    let client = fake.client(timeouts);
    let (follow, ends) = follow();
    let caller = async {
        match relay(&client, request, follow, stop).await {
            Ok(answer) => Ok(take(answer).await),
            Err(failure) => Err(failure),
        }
    };
    let script = async {
        let mut connection = fake.accept().await;
        connection.request().await;
        upstream(connection).await;
    };
    let (got, ()) = tokio::join!(caller, script);
    (got, only(&ends))
}

/// A streamed chat with the usual timeouts.
pub(crate) async fn stream(upstream: impl AsyncFnOnce(Connection)) -> (Result<Got, Failure>, End) {
    exchange(LONG, chat(true), proxy::never(), upstream).await
}

/// The error event that ends a failed stream, split off from what came before it.
pub(crate) fn split_error_event(text: &str) -> (&str, serde_json::Value) {
    let at = text.rfind("data: {\"error\":").expect("an error event");
    let (before, event) = text.split_at(at);
    let event = event.strip_prefix("data: ").unwrap().strip_suffix("\n\n").expect("a whole event");
    (before, serde_json::from_str(event).unwrap())
}

/// Asserts that a stream carried `before` and then exactly the error event.
pub(crate) fn assert_interrupted(got: &Got, before: &str) {
    let text = got.text();
    let (relayed, error) = split_error_event(&text);
    assert_eq!(relayed, before);
    assert_eq!(error["error"]["code"], "upstream_stream_interrupted");
    assert_eq!(error["error"]["type"], "upstream_error");
    assert_eq!(error["error"]["param"], serde_json::Value::Null);
    assert!(!text.contains("[DONE]"));
    assert_eq!(got.aborted, None);
}

/// The event that finishes the only choice.
pub(crate) const FINISH: &str = "data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
pub(crate) const HEARTBEAT: &str = ": heartbeat\n\n";
pub(crate) const BARE_HEARTBEAT: &str = ": heartbeat\n";
/// A stream's head without length or chunks: its body lasts until the close.
pub(crate) const CLOSE_HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";

pub(crate) fn finished() -> (Phase, How) {
    (Phase::FirstByte, How::Finished)
}

pub(crate) fn failed(kind: FailureKind) -> (Phase, How) {
    (Phase::FirstByte, How::Failed(kind))
}
