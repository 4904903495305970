//! One request that the test itself answers, byte by byte, when it wants.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{Received, chunk, event, script::stream_head, within};

/// A request that waits for the test's answer. Dropping it closes the connection.
#[derive(Debug)]
pub struct Exchange {
    /// What was asked.
    pub request: Received,
    pub(crate) stream: TcpStream,
}

impl Exchange {
    /// Sends bytes as they are.
    ///
    /// # Panics
    /// If the peer is gone.
    pub async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.try_send(bytes).await.expect("the server listens to the upstream");
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// If the peer is gone.
    pub async fn try_send(&mut self, bytes: impl AsRef<[u8]>) -> std::io::Result<()> {
        self.stream.write_all(bytes.as_ref()).await
    }

    /// Sends the head of a stream. The connection is for this request alone: nobody would read the next one.
    pub async fn start_stream(&mut self) {
        let head = String::from_utf8_lossy(&stream_head()).replacen("\r\n\r\n", "\r\nconnection: close\r\n\r\n", 1);
        self.send(head).await;
    }

    /// Sends one event that adds `text` to the answer.
    pub async fn send_text(&mut self, text: &str) {
        self.send(chunk(event(text))).await;
    }

    /// Sends the finish reason, `[DONE]` and the end of the body.
    pub async fn finish_stream(&mut self) {
        for event in crate::chat_events(&[]) {
            self.send(chunk(event)).await;
        }
        self.send("0\r\n\r\n").await;
    }

    /// Waits until the server closes this connection.
    pub async fn closed(mut self) {
        let mut rest = [0; 64];
        let reading = async { while matches!(self.stream.read(&mut rest).await, Ok(read) if read > 0) {} };
        within("waiting for the server to close its connection to the upstream", reading).await;
    }

    /// Resets the connection.
    ///
    /// # Panics
    /// If the socket is gone already.
    pub fn reset(self) {
        self.stream.set_zero_linger().expect("a socket that can be reset");
    }
}
