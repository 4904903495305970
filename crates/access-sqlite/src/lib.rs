//! access-sqlite.
