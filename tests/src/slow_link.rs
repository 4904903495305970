//! A network between a client and Postgres that a test can make slow, silent or broken: a TCP proxy on the loopback
//! interface.

use std::{io, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
    task::JoinSet,
    time::timeout,
};

/// As much as one look takes of what is under way; on a slow link a piece of this size waits as a whole.
const PIECE: usize = 16 * 1024;

/// What becomes of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Weather {
    Pass,
    Slow(Duration),
    BlackHole,
    Cut,
    DropReplies,
    LoseReply(&'static str),
}

/// A proxy in front of a Postgres. It passes everything at first, and ends with the test.
pub struct SlowLink {
    url: String,
    weather: watch::Sender<Weather>,
    _serving: JoinSet<()>,
}

impl SlowLink {
    /// Starts one in front of the database at this URL, on a free port.
    ///
    /// # Panics
    /// If there is none, or the URL names no port.
    pub async fn in_front_of(url: &str) -> Self {
        let target = address(url);
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let own = listener.local_addr().expect("a bound port").to_string();
        let weather = watch::Sender::new(Weather::Pass);
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, target.to_owned(), weather.clone()));
        Self { url: url.replacen(target, &own, 1), weather, _serving: serving }
    }

    /// The database's URL through the link.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// From now on everything passes, also what a black hole held.
    pub fn pass(&self) {
        self.weather.send_replace(Weather::Pass);
    }

    /// From now on every piece takes so long, in either direction, or until the link changes.
    pub fn slow(&self, latency: Duration) {
        self.weather.send_replace(Weather::Slow(latency));
    }

    /// From now on connections are taken and nothing passes on any, nor does any end.
    pub fn black_hole(&self) {
        self.weather.send_replace(Weather::BlackHole);
    }

    /// All connections are reset, at both ends, and new ones as soon as they come.
    pub fn cut(&self) {
        self.weather.send_replace(Weather::Cut);
    }

    /// From now on questions pass and answers vanish. A connection that lost one is reset by what comes next, whatever
    /// that is.
    pub fn drop_replies(&self) {
        self.weather.send_replace(Weather::DropReplies);
    }

    /// The next answer that holds this text is lost with its connection, which is reset at both ends; everything else
    /// passes. To lose the answer to a commit, which then has taken place: `COMMIT\0`, as Postgres names it.
    pub fn lose_reply(&self, with: &'static str) {
        self.weather.send_replace(Weather::LoseReply(with));
    }

    /// Whether the answer that [`Self::lose_reply`] speaks of was lost, and everything passes again.
    #[must_use]
    pub fn has_lost(&self) -> bool {
        *self.weather.borrow() == Weather::Pass
    }
}

/// Host and port of a URL.
fn address(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or(rest);
    let address = authority.rsplit_once('@').map_or(authority, |(_, address)| address);
    assert!(address.contains(':'), "the URL names no port");
    address
}

async fn accept(listener: TcpListener, target: String, weather: watch::Sender<Weather>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        connections.spawn(serve(client, target.clone(), weather.clone()));
        while connections.try_join_next().is_some() {}
    }
}

/// How a connection ends.
#[derive(PartialEq, Eq)]
enum End {
    /// As its ends wanted.
    Closed,
    Reset,
}

async fn serve(mut client: TcpStream, target: String, weather: watch::Sender<Weather>) {
    let mut seen = weather.subscribe();
    if until(&mut seen, |now| *now != Weather::BlackHole).await == Some(Weather::Cut) {
        reset(&client);
        return;
    }
    let Ok(mut server) = TcpStream::connect(target).await else {
        reset(&client);
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let end = {
        let ((from_client, to_client), (from_server, to_server)) = (client.split(), server.split());
        let cut = until(&mut seen, |now| *now == Weather::Cut);
        tokio::select! {
            biased;
            _ = cut => End::Reset,
            end = both(questions(from_client, to_server, &weather), answers(from_server, to_client, &weather)) => end,
        }
    };
    if end == End::Reset {
        reset(&client);
        reset(&server);
    }
}

/// Closing it then resets it.
fn reset(stream: &TcpStream) {
    let _ = stream.set_zero_linger();
}

/// Both directions to their end; a reset of one is the other's.
async fn both(questions: impl Future<Output = End>, answers: impl Future<Output = End>) -> End {
    let (mut questions, mut answers) = (std::pin::pin!(questions), std::pin::pin!(answers));
    tokio::select! {
        end = &mut questions => if end == End::Reset { end } else { answers.await },
        end = &mut answers => if end == End::Reset { end } else { questions.await },
    }
}

async fn questions(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, weather: &watch::Sender<Weather>) -> End {
    let mut seen = weather.subscribe();
    let mut piece = vec![0; PIECE];
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let now = until(&mut seen, |now| *now != Weather::BlackHole).await;
        if pass(&piece[..length], &mut to, now, &mut seen).await.is_err() {
            return End::Reset;
        }
    }
    let _ = to.shutdown().await;
    End::Closed
}

async fn answers(mut from: ReadHalf<'_>, mut to: WriteHalf<'_>, weather: &watch::Sender<Weather>) -> End {
    let mut seen = weather.subscribe();
    let mut piece = vec![0; PIECE];
    // The end of what came before, since a text may come in two pieces.
    let mut before = Vec::new();
    while let Ok(length @ 1..) = from.read(&mut piece).await {
        let piece = &piece[..length];
        let now = until(&mut seen, |now| *now != Weather::BlackHole).await;
        match now {
            Some(Weather::DropReplies) => {
                until(&mut seen, |now| *now != Weather::DropReplies).await;
                return End::Reset;
            }
            Some(Weather::LoseReply(text)) => {
                before.extend_from_slice(piece);
                if before.windows(text.len()).any(|window| window == text.as_bytes()) && loses(weather, text) {
                    return End::Reset;
                }
                before.drain(..before.len().saturating_sub(text.len()));
            }
            _ => before.clear(),
        }
        if pass(piece, &mut to, now, &mut seen).await.is_err() {
            return End::Reset;
        }
    }
    let _ = to.shutdown().await;
    End::Closed
}

/// Whether this connection is the one that loses an answer: only one does.
fn loses(weather: &watch::Sender<Weather>, text: &'static str) -> bool {
    weather.send_if_modified(|now| {
        let is_first = *now == Weather::LoseReply(text);
        if is_first {
            *now = Weather::Pass;
        }
        is_first
    })
}

async fn pass(
    piece: &[u8],
    to: &mut WriteHalf<'_>,
    now: Option<Weather>,
    seen: &mut watch::Receiver<Weather>,
) -> io::Result<()> {
    if let Some(Weather::Slow(latency)) = now {
        // Not a wait for something: this is what a slow network does, as long as it is one.
        let _ = timeout(latency, until(seen, |later| *later != Weather::Slow(latency))).await;
    }
    to.write_all(piece).await
}

/// The weather as soon as it is as wanted; `None` when the link is gone.
async fn until(seen: &mut watch::Receiver<Weather>, wanted: impl FnMut(&Weather) -> bool) -> Option<Weather> {
    seen.wait_for(wanted).await.ok().map(|now| now.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_what_stands_between_user_and_path() {
        assert_eq!(address("postgres://postgres@127.0.0.1:5432/test?a=b:c"), "127.0.0.1:5432");
        assert_eq!(address("postgres://127.0.0.1:1"), "127.0.0.1:1");
    }
}
