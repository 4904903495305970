//! An upstream on a real socket that says exactly what the test tells it to.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinSet,
};

use crate::{Exchange, Received, Script, script::Ending, usual_answer::usual_answer, wire::read_request, within};

/// An OpenAI-compatible server. Each request gets the next script, or, when there is none, an answer of its kind:
/// chat answers `one two three`. It ends with the test.
pub struct FakeUpstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    by_hand: tokio::sync::Mutex<mpsc::UnboundedReceiver<Exchange>>,
    _serving: JoinSet<()>,
}

struct Shared {
    seen: Mutex<Seen>,
    hand: mpsc::UnboundedSender<Exchange>,
}

#[derive(Default)]
struct Seen {
    scripts: VecDeque<Script>,
    always: Option<Script>,
    list: Option<Script>,
    unread: VecDeque<Script>,
    connections: usize,
    lists_at: HashMap<String, Script>,
    by_hand: bool,
    received: Vec<Received>,
    abandoned: usize,
}

impl Seen {
    /// `None` is for the test to answer by hand.
    fn script_for(&mut self, request: &Received) -> Option<Script> {
        let scripted = match request.method.as_str() {
            "POST" => self.scripts.pop_front().or_else(|| self.always.clone()),
            _ => self.lists_at.get(&request.path).or(self.list.as_ref()).cloned(),
        };
        let is_by_hand = self.by_hand && request.method == "POST";
        scripted.or_else(|| (!is_by_hand).then(|| usual_answer(request)))
    }
}

impl FakeUpstream {
    /// Starts on a free port.
    ///
    /// # Panics
    /// If there is none.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let (hand, by_hand) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared { seen: Mutex::default(), hand });
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, Arc::clone(&shared)));
        Self { address, shared, by_hand: by_hand.into(), _serving: serving }
    }

    /// Its base URL, as `upstream.base_url` wants it.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// The next POST that no earlier script is for gets this answer.
    pub fn next(&self, script: Script) -> &Self {
        self.seen(|seen| seen.scripts.push_back(script));
        self
    }

    /// Every POST without a script of its own gets this answer.
    pub fn always(&self, script: Script) -> &Self {
        self.seen(|seen| seen.always = Some(script));
        self
    }

    /// Every GET, which asks for the list of models, gets this answer.
    pub fn lists(&self, script: Script) -> &Self {
        self.seen(|seen| seen.list = Some(script));
        self
    }

    /// The first request of the next connection gets this answer as soon as its head has come; nothing of its body is
    /// read.
    pub fn unread(&self, script: Script) -> &Self {
        self.seen(|seen| seen.unread.push_back(script));
        self
    }

    /// How many connections it accepted.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.seen(|seen| seen.connections)
    }

    /// Every GET of this path gets this answer.
    pub fn lists_at(&self, path: &str, script: Script) -> &Self {
        self.seen(|seen| seen.lists_at.insert(path.to_owned(), script));
        self
    }

    /// From now on the test answers every POST without a script itself, through [`exchange`](Self::exchange).
    pub fn by_hand(&self) -> &Self {
        self.seen(|seen| seen.by_hand = true);
        self
    }

    /// The next request to be answered by hand.
    ///
    /// # Panics
    /// If none comes.
    pub async fn exchange(&self) -> Exchange {
        let mut receiver = self.by_hand.lock().await;
        within("waiting for a request upstream", receiver.recv()).await.expect("the upstream runs")
    }

    /// Every request so far, in the order in which it was received whole.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.seen(|seen| seen.received.clone())
    }

    /// Every request since the last call of this, which are then forgotten.
    #[must_use]
    pub fn take_received(&self) -> Vec<Received> {
        self.seen(|seen| std::mem::take(&mut seen.received))
    }

    /// The last request.
    ///
    /// # Panics
    /// If there was none.
    #[must_use]
    pub fn last(&self) -> Received {
        self.seen(|seen| seen.received.last().cloned()).expect("the upstream received a request")
    }

    /// How many POSTs it received whole.
    #[must_use]
    pub fn posts(&self) -> usize {
        self.seen(|seen| seen.received.iter().filter(|request| request.method == "POST").count())
    }

    /// How many unfinished answers the server closed the connection on.
    #[must_use]
    pub fn abandoned(&self) -> usize {
        self.seen(|seen| seen.abandoned)
    }

    fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.shared.seen.lock().expect("no holder panics"))
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let _ = stream.set_nodelay(true);
        connections.spawn(serve(stream, Arc::clone(&shared)));
        while connections.try_join_next().is_some() {}
    }
}

/// Serves a connection until either side closes it; a peer that is gone is no error here.
async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let refusal = {
        let mut seen = shared.seen.lock().expect("no holder panics");
        seen.connections += 1;
        seen.unread.pop_front()
    };
    if let Some(refusal) = refusal {
        return refuse_unread(stream, refusal).await;
    }
    while let Ok(Some(request)) = read_request(&mut stream).await {
        let script = {
            let mut seen = shared.seen.lock().expect("no holder panics");
            seen.received.push(request.clone());
            seen.script_for(&request)
        };
        let Some(script) = script else {
            let _ = shared.hand.send(Exchange { request, stream });
            return;
        };
        let mut ending = script.ending;
        for piece in script.pieces {
            if stream.write_all(&piece).await.is_err() {
                ending = Ending::Stall;
            }
        }
        match ending {
            Ending::KeepAlive => {}
            Ending::Close => return,
            Ending::Reset => {
                let _ = stream.set_zero_linger();
                return;
            }
            Ending::Stall => {
                let mut rest = [0; 64];
                while matches!(stream.read(&mut rest).await, Ok(read) if read > 0) {}
                shared.seen.lock().expect("no holder panics").abandoned += 1;
                return;
            }
        }
    }
}

/// Answers the head of a request and closes with its body unread, which is a reset.
async fn refuse_unread(mut stream: TcpStream, refusal: Script) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    for piece in refusal.pieces {
        let _ = stream.write_all(&piece).await;
    }
}
