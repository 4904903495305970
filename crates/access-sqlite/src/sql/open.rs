//! Opening the file: lock, connections, schema, and an error that says what to do.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, ErrorKind},
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::migrations::{KNOWN, Migrated, migrate, version};
use crate::Options;

/// The advisory lock beside the file. It holds nothing; the operating system frees it when the process ends.
const LOCK_FILE: &str = "tollgate.lock";
/// How long a write waits for a program that has the file locked, such as a backup.
const BUSY_TIMEOUT: Duration = Duration::from_millis(250);
/// Size that the write-ahead log is cut back to, in bytes.
const LOG_KEPT_BYTES: i64 = 16 * 1024 * 1024;

/// Why the file can't be used, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the data folder.
    #[error(
        "another tollgate uses {folder}: stop it, or give this one a folder of its own",
        folder = folder.display()
    )]
    InUse {
        /// The data folder.
        folder: PathBuf,
    },
    /// It can be read but not written.
    #[error("{path} can't be written ({cause}): make the folder and its files writable for this user", path = path.display())]
    ReadOnly {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: String,
    },
    /// No room is left.
    #[error("no space is left on the disk of {path}: free some and start again", path = path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// It isn't a database, or a damaged one.
    #[error(
        "{path} is damaged or not a database ({cause}): put a backup in its place, or move it away to begin anew",
        path = path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        cause: String,
    },
    /// A newer program wrote it.
    #[error(
        "{path} was written by a newer tollgate (schema {found}; this one knows up to {known}): use that version, or \
         a backup from before it",
        path = path.display()
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// The file's schema.
        found: i64,
        /// The newest that this program knows.
        known: i64,
    },
    /// Anything else.
    #[error("{path} can't be opened ({cause}): check that its folder exists and belongs to this user", path = path.display())]
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// What the system said.
        cause: String,
    },
}

/// The file, opened.
pub(crate) struct Opened {
    /// The one connection that writes.
    pub(crate) writing: Connection,
    /// A read-only one.
    pub(crate) reading: Connection,
    /// Exclusive while it is open.
    pub(crate) lock: File,
}

/// Takes the lock, opens both connections, migrates the schema and proves that writing works.
pub(crate) fn open(path: &Path, options: Options) -> Result<Opened, OpenError> {
    let lock = lock(path)?;
    let sqlite = |error| from_sqlite(path, error);
    // Created by us, so that the mode is right from the start; SQLite gives its side files the same.
    create(path).map_err(|error| from_io(path, &error))?;
    let writing = open_to_write(path, options)?;
    prove_writing(&writing).map_err(sqlite)?;
    let reading = open_read_only(path).map_err(sqlite)?;
    Ok(Opened { writing, reading, lock })
}

/// Takes the lock and opens a connection that only reads. The file is left as it is, but for one of an older schema.
pub(super) fn open_to_read(path: &Path) -> Result<(Connection, File), OpenError> {
    let lock = lock(path)?;
    let sqlite = |error| from_sqlite(path, error);
    let reading = open_read_only(path).map_err(sqlite)?;
    match version(&reading).map_err(sqlite)? {
        0 => {
            let cause = "it has none of Tollgate's tables".to_owned();
            return Err(OpenError::Corrupt { path: path.to_owned(), cause });
        }
        KNOWN => {}
        _ => drop(open_to_write(path, Options::default())?),
    }
    Ok((reading, lock))
}

/// Opens the connection that writes, and migrates the schema.
fn open_to_write(path: &Path, options: Options) -> Result<Connection, OpenError> {
    let sqlite = |error| from_sqlite(path, error);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut writing = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    prepare(&writing, options).map_err(sqlite)?;
    if writing.is_readonly("main").map_err(sqlite)? {
        return Err(OpenError::ReadOnly { path: path.to_owned(), cause: "read-only".to_owned() });
    }
    match migrate(&mut writing).map_err(sqlite)? {
        Migrated::Done => Ok(writing),
        Migrated::Newer(found) => Err(OpenError::NewerSchema { path: path.to_owned(), found, known: KNOWN }),
    }
}

fn open_read_only(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let reading = Connection::open_with_flags(path, flags)?;
    reading.busy_timeout(BUSY_TIMEOUT)?;
    reading.set_prepared_statement_cache_capacity(32);
    Ok(reading)
}

fn lock(path: &Path) -> Result<File, OpenError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let file = folder.join(LOCK_FILE);
    let lock = create(&file).map_err(|error| from_io(&file, &error))?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(error)) => Err(from_io(&file, &error)),
    }
}

/// Opens a file for writing and creates it if need be, for its owner's eyes only.
fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn prepare(conn: &Connection, options: Options) -> rusqlite::Result<()> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    conn.set_prepared_statement_cache_capacity(64);
    conn.pragma_update(None, "journal_mode", "WAL")?;
    conn.pragma_update(None, "synchronous", options.synchronous.pragma())?;
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "wal_autocheckpoint", 1_000)?;
    conn.pragma_update(None, "journal_size_limit", LOG_KEPT_BYTES)
}

/// Writes a row whose only use that is.
pub(crate) fn prove_writing(conn: &Connection) -> rusqlite::Result<()> {
    let sql = "INSERT INTO heartbeat (id, beats) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET beats = beats + 1";
    conn.prepare_cached(sql)?.execute([]).map(drop)
}

fn from_io(path: &Path, error: &io::Error) -> OpenError {
    let (path, cause) = (path.to_owned(), error.to_string());
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => OpenError::ReadOnly { path, cause },
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => OpenError::Full { path },
        _ => OpenError::CannotOpen { path, cause },
    }
}

/// What SQLite's error means for who starts the program.
pub(crate) fn from_sqlite(path: &Path, error: rusqlite::Error) -> OpenError {
    let (path, cause) = (path.to_owned(), error.to_string());
    match error.sqlite_error_code() {
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => OpenError::ReadOnly { path, cause },
        Some(ErrorCode::DiskFull) => OpenError::Full { path },
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => OpenError::Corrupt { path, cause },
        // A table or column that isn't there, or holds what we never wrote.
        None => OpenError::Corrupt { path, cause },
        Some(_) => OpenError::CannotOpen { path, cause },
    }
}
