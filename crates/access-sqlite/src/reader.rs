//! The reader's thread: a read-only connection of its own, so that looking up a session never queues behind
//! admissions. It sees everything that was answered before it was asked.

use std::sync::mpsc::{self, Sender};

use access::StoreError;
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::{sql::store_error, writer::closed};

enum Message {
    Read(Box<dyn FnOnce(&Connection) + Send>),
    Close(oneshot::Sender<()>),
}

/// The askers' end.
#[derive(Debug)]
pub(crate) struct Reader {
    sender: Sender<Message>,
}

/// A reader, and the work of its thread: until it is told to close or every asker is gone.
pub(crate) fn reader(conn: Connection) -> (Reader, impl FnOnce() + Send + 'static) {
    let (sender, receiver) = mpsc::channel();
    let work = move || {
        while let Ok(message) = receiver.recv() {
            match message {
                Message::Read(read) => read(&conn),
                Message::Close(done) => {
                    drop(conn);
                    let _ = done.send(());
                    return;
                }
            }
        }
    };
    (Reader { sender }, work)
}

impl Reader {
    /// Reads on the reader's thread.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        doing: &'static str,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let job = move |conn: &Connection| {
            // Whoever asked may have gone.
            let _ = reply.send(read(conn).map_err(store_error(doing)));
        };
        self.sender.send(Message::Read(Box::new(job))).map_err(|_| closed(doing))?;
        answer.await.unwrap_or_else(|_| Err(closed(doing)))
    }

    /// Asks the thread to end behind what it was asked before; the answer comes when its connection is closed.
    pub(crate) fn close(&self) -> oneshot::Receiver<()> {
        let (done, closed) = oneshot::channel();
        // A thread that has ended already drops the sender, which answers too.
        let _ = self.sender.send(Message::Close(done));
        closed
    }
}
