//! A wire between a client and the server that lets all through as it comes, and knows how many heartbeats passed.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use tests::{Caller, wait_until};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    task::JoinSet,
};

const HEARTBEAT: &[u8] = b": heartbeat\n";

/// The wire; it ends with the test.
pub struct Tap {
    address: SocketAddr,
    /// What the server said, over all connections.
    said: Arc<Mutex<Vec<u8>>>,
    _serving: JoinSet<()>,
}

impl Tap {
    /// Before the server that this caller asks.
    pub async fn before(caller: &Caller) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("a bound port");
        let server = caller.origin().trim_start_matches("http://").to_owned();
        let said = Arc::default();
        let mut serving = JoinSet::new();
        serving.spawn(accept(listener, server, Arc::clone(&said)));
        Self { address, said, _serving: serving }
    }

    /// Where a client asks in place of the server.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Waits until so many heartbeats more have passed.
    pub async fn heartbeats(&self, more: usize) {
        let before = self.count();
        wait_until("heartbeats pass", || async { (self.count() >= before + more).then_some(()) }).await;
    }

    fn count(&self) -> usize {
        let said = self.said.lock().expect("no holder panics");
        said.windows(HEARTBEAT.len()).filter(|window| *window == HEARTBEAT).count()
    }
}

async fn accept(listener: TcpListener, server: String, said: Arc<Mutex<Vec<u8>>>) {
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let server = TcpStream::connect(&server).await.expect("the server runs");
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        connections.spawn(ask(from_client, to_server));
        connections.spawn(answer(from_server, to_client, Arc::clone(&said)));
    }
}

async fn ask(mut client: OwnedReadHalf, mut server: OwnedWriteHalf) {
    let _ = copy(&mut client, &mut server).await;
}

async fn answer(mut server: OwnedReadHalf, mut client: OwnedWriteHalf, said: Arc<Mutex<Vec<u8>>>) {
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = server.read(&mut bytes).await {
        if client.write_all(&bytes[..read]).await.is_err() {
            return;
        }
        // After it went on, so that whoever counts it knows it to be on its way.
        said.lock().expect("no holder panics").extend_from_slice(&bytes[..read]);
    }
}
