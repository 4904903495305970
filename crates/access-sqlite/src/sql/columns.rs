//! How our types stand in columns: ids and days as text, times in milliseconds, digests as bytes.
//!
//! Nothing here puts a value into an error: what can't be read is named by its kind only.

use std::str::FromStr;

use access::{KeyDigest, OwnerDigest, StoreError};
use api_types::{Date, Timestamp};
use rusqlite::{Row, types::Type};

/// A column holds what this program never wrote.
#[derive(Debug, thiserror::Error)]
#[error("the file holds {0} that can't be read")]
struct Unreadable(&'static str);

fn unreadable(column: usize, what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Null, Box::new(Unreadable(what)))
}

/// A driver's error in words for the log: its code and message, which name columns and constraints, never values.
pub(crate) fn store_error(doing: &'static str) -> impl FnOnce(rusqlite::Error) -> StoreError {
    move |error| match error {
        rusqlite::Error::SqliteFailure(code, Some(text)) => {
            StoreError::new(doing, format_args!("{text} (SQLite result code {})", code.extended_code))
        }
        other => StoreError::new(doing, other),
    }
}

/// A text column read by its type's own parser.
pub(crate) fn text<T: FromStr>(row: &Row<'_>, column: usize, what: &'static str) -> rusqlite::Result<T> {
    row.get_ref(column)?.as_str().ok().and_then(|text| text.parse().ok()).ok_or_else(|| unreadable(column, what))
}

/// A text column read by a function.
pub(crate) fn text_by<T, E>(
    row: &Row<'_>,
    column: usize,
    what: &'static str,
    parse: impl FnOnce(&str) -> Result<T, E>,
) -> rusqlite::Result<T> {
    row.get_ref(column)?.as_str().ok().and_then(|text| parse(text).ok()).ok_or_else(|| unreadable(column, what))
}

/// A day.
pub(crate) fn day(row: &Row<'_>, column: usize) -> rusqlite::Result<Date> {
    text(row, column, "a day")
}

/// An instant.
pub(crate) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(row.get(column)?).map_err(|_| unreadable(column, "a time"))
}

/// An instant, if there is one.
pub(crate) fn optional_time(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    if row.get_ref(column)?.data_type() == Type::Null { Ok(None) } else { time(row, column).map(Some) }
}

/// A key's digest.
pub(crate) fn key_digest(row: &Row<'_>, column: usize) -> rusqlite::Result<KeyDigest> {
    row.get::<_, [u8; 32]>(column).map(KeyDigest::from_bytes).map_err(|_| unreadable(column, "a digest"))
}

/// The digest of an owner's address.
pub(crate) fn owner_digest(row: &Row<'_>, column: usize) -> rusqlite::Result<OwnerDigest> {
    row.get(column).map(OwnerDigest).map_err(|_| unreadable(column, "a digest"))
}

/// A count, which is never negative.
pub(crate) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| unreadable(column, "a count"))
}

/// A count as a column's value. Counts grow by one, so that the largest is out of reach.
pub(crate) fn from_count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
