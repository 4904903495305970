//! The traits of `access`, implemented by one store: each hands its calls to the writer's thread or to the reader's.

mod accounts;
mod administration;
mod gate;
mod plans;
mod registry;
mod remote_keys;
mod state_owners;

use std::{
    collections::HashSet,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
};

use access::StoreError;
use api_types::AccountId;
use parking_lot::RwLock;
use rusqlite::Connection;
use tokio::sync::oneshot;

pub use plans::AppliedPlans;

use crate::{
    OpenError, Options,
    counting::Ledger,
    reader::{Reader, reader},
    sql::{
        open::{from_sqlite, open},
        people,
        plans::all,
    },
    writer::{Message, Queue, Writer, WriterState, queue},
};

/// One SQLite file as a store of accounts, a registry and a gate, and as the rows of keys that live in another
/// service. Clones share it; needs no runtime.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    queue: Queue,
    /// Shared with the writer's thread, for those who are admitted out of a block.
    ledger: Arc<parking_lot::Mutex<Ledger>>,
    reader: Reader,
    /// Who is blocked, for gates that decide by memory alone.
    blocked: Arc<RwLock<HashSet<AccountId>>>,
    options: Options,
    askers: AtomicU64,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl SqliteStore {
    /// Opens the file, creates it if need be, and brings its schema up to date. Blocks for a few milliseconds. The
    /// folder must exist; the lock file `tollgate.lock` beside it keeps a second process out.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let opened = open(path, options)?;
        let plans = all(&opened.writing).map_err(|error| from_sqlite(path, error))?;
        let blocked = people::blocked(&opened.writing).map_err(|error| from_sqlite(path, error))?;
        let blocked = Arc::new(RwLock::new(blocked.into_iter().collect()));
        let ledger = Arc::new(parking_lot::Mutex::new(Ledger::new(plans)));
        let state = WriterState::new(opened.writing, Arc::clone(&ledger), options.synchronous);
        let (queue, inbox) = queue();
        let (reader, reading) = reader(opened.reading);
        let writer = Writer::new(state, inbox, opened.lock);
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let cannot =
                |error: std::io::Error| OpenError::CannotOpen { path: path.to_owned(), cause: error.to_string() };
            thread::Builder::new().name(name.to_owned()).spawn(work).map_err(cannot)
        };
        let threads =
            vec![spawn("sqlite-reader", Box::new(reading))?, spawn("sqlite-writer", Box::new(move || writer.run()))?];
        let inner =
            Inner { queue, ledger, reader, blocked, options, askers: AtomicU64::new(0), threads: Mutex::new(threads) };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Writes what waits, cuts the write-ahead log, and gives the file free for another process. Every later call is
    /// an error.
    ///
    /// # Errors
    /// When something could not be written, or it was closed before.
    pub async fn close(&self) -> Result<(), StoreError> {
        // An error means that the thread had ended already.
        let _ = self.inner.reader.close().await;
        self.inner.queue.ask("close", |reply| Message::Close(Some(reply))).await
    }

    /// A number that no other call has.
    fn asker(&self) -> u64 {
        self.inner.askers.fetch_add(1, Ordering::Relaxed)
    }

    /// Runs a job on the writer's thread, behind everything that was asked before.
    async fn run<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &self,
        doing: &'static str,
        job: impl FnOnce(&mut WriterState) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let message = |reply: oneshot::Sender<_>| {
            Message::Job(Box::new(move |state| {
                // Whoever asked may have gone; the job is done all the same.
                let _ = reply.send(job(state));
            }))
        };
        self.inner.queue.ask(doing, message).await
    }

    /// A change on the writer's thread, on the disk when it returns.
    async fn change<T: Send + 'static>(
        &self,
        doing: &'static str,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(doing, move |state| state.change(doing, |conn| Ok(change(conn)?))).await
    }
}

impl Drop for Inner {
    /// As [`SqliteStore::close`], when the last clone goes: both threads have ended when this returns.
    fn drop(&mut self) {
        drop(self.reader.close());
        // An error means that it was closed before.
        let _ = self.queue.send("close", Message::Close(None));
        let threads = self.threads.get_mut().map(std::mem::take).unwrap_or_default();
        for thread in threads {
            // A thread that panicked said so itself.
            let _ = thread.join();
        }
    }
}
