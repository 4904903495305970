//! The embedded backend: accounts, plans, keys and exact counters in one SQLite file.
//!
//! One thread writes. It takes all that is queued, decides it in memory, writes the counts in one transaction and
//! answers after the commit: what was admitted was written. Changes of keys and plans run on the same thread, between
//! two batches, so that a revoked key is refused from the moment that the revocation was answered. A second thread
//! reads accounts and sessions.
//!
//! Where keys live in another service instead, the same file holds the rows about them and what was begun there.

mod counting;
mod reader;
mod sql;
mod store;
mod writer;

use std::{
    fmt,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
};

use access::StoreError;

pub use sql::open::OpenError;
pub use store::plans::AppliedPlans;

use crate::{
    counting::ledger::Ledger,
    reader::{Reader, reader},
    store::state_owners::Unwritten,
    writer::queue::{Message, Queue, queue},
    writer::state::Desk,
    writer::thread::Writer,
};

/// How the file is kept.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// What a count survives.
    pub synchronous: Synchronous,
}

/// What a count survives; accounts and keys always survive a power cut.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Synchronous {
    /// A killed process; a power cut may lose the last few.
    #[default]
    Normal,
    /// A power cut too, for one flush of the disk per commit.
    Full,
}

/// One SQLite file as a store of accounts, a registry and a gate, and as the rows of keys that live in another
/// service. Clones share it; needs no runtime.
#[derive(Clone)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

struct Inner {
    queue: Queue,
    reader: Reader,
    options: Options,
    askers: AtomicU64,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("options", &self.inner.options).finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// Opens the file, creates it if need be, and brings its schema up to date. Blocks for a few milliseconds. The
    /// folder must exist; the lock file `tollgate.lock` beside it keeps a second process out.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub fn open(path: &Path, options: Options) -> Result<Self, OpenError> {
        let opened = sql::open::open(path, options)?;
        let plans = sql::counted::all_plans(&opened.writing).map_err(|error| sql::open::from_sqlite(path, error))?;
        let desk = Desk {
            conn: opened.writing,
            ledger: Ledger::new(plans),
            owners: Unwritten::default(),
            synchronous: options.synchronous,
            purged_on: None,
        };
        let (queue, inbox) = queue();
        let (reader, reading) = reader(opened.reading);
        let writer = Writer::new(desk, inbox, opened.lock);
        let spawn = |name: &str, work: Box<dyn FnOnce() + Send>| {
            let cannot =
                |error: std::io::Error| OpenError::CannotOpen { path: path.to_owned(), cause: error.to_string() };
            thread::Builder::new().name(name.to_owned()).spawn(work).map_err(cannot)
        };
        let threads = vec![
            spawn("sqlite-reader", Box::new(move || reading.run()))?,
            spawn("sqlite-writer", Box::new(move || writer.run()))?,
        ];
        let inner = Inner { queue, reader, options, askers: AtomicU64::new(0), threads: Mutex::new(threads) };
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
