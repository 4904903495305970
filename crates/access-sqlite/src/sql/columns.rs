//! How our types stand in columns: ids and days as text, times in milliseconds, digests as bytes.
//!
//! Nothing here puts a value into an error: what can't be read is named by its column only.

use access::{IntentKind, KeyDigest, OwnerDigest, PasswordHash, StateId, TimeZone, TokenDigest};
use api_types::{
    AccountId, AuditNote, AuditedAction, ClientName, Date, Email, InstallationId, InviteId, KeyId, KeyLabel,
    OperationId, Period, PlanName, RequestId, SessionId, SubscriptionId, Timestamp,
};
use rusqlite::{
    Row,
    types::{Type, ValueRef},
};

use crate::counting::{PlanRowId, SubscriptionRowId};

/// Columns of our types; the driver's own are read by `get`.
pub(super) trait Columns {
    /// Reads a column by its name.
    fn read<T: Column>(&self, column: &'static str) -> rusqlite::Result<T>;
}

impl Columns for Row<'_> {
    fn read<T: Column>(&self, column: &'static str) -> rusqlite::Result<T> {
        T::of(self.get_ref(column)?).ok_or_else(|| unreadable(column))
    }
}

/// A column holds what this program never wrote.
#[derive(Debug, thiserror::Error)]
#[error("the file's {0} can't be read")]
struct Unreadable(&'static str);

/// The error of a column, or of several together.
pub(super) fn unreadable(what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(usize::MAX, Type::Null, Box::new(Unreadable(what)))
}

/// One of our types.
pub(super) trait Column: Sized {
    /// What a column's value says; `None` if it is no such thing.
    fn of(value: ValueRef<'_>) -> Option<Self>;
}

/// What may be null.
impl<T: Column> Column for Option<T> {
    fn of(value: ValueRef<'_>) -> Option<Self> {
        if value == ValueRef::Null { Some(None) } else { T::of(value).map(Some) }
    }
}

macro_rules! columns {
    ($($($type:ty),+: $kind:ident($value:ident) => $read:expr;)+) => {$($(
        impl Column for $type {
            fn of(value: ValueRef<'_>) -> Option<Self> {
                let $value = value.$kind().ok()?;
                $read
            }
        }
    )+)+};
}

columns! {
    AccountId, Date, InstallationId, InviteId, KeyId, OperationId, RequestId, SessionId, SubscriptionId, TimeZone:
        as_str(text) => text.parse().ok();
    AuditNote, Email, KeyLabel, PlanName: as_str(text) => Self::parse(text).ok();
    AuditedAction: as_str(text) => Self::named(text);
    ClientName: as_str(text) => Some(Self::cut(text));
    IntentKind: as_str(text) => [Self::Create, Self::Remove].into_iter().find(|kind| intent_kind(*kind) == text);
    Period: as_str(text) => [Self::Day, Self::Week, Self::Month].into_iter().find(|period| period.as_str() == text);
    PasswordHash: as_str(text) => Some(Self::from_phc(text.to_owned()));
    KeyDigest, StateId, TokenDigest: as_blob(bytes) => bytes.try_into().ok().map(Self::from_bytes);
    OwnerDigest: as_blob(bytes) => bytes.try_into().ok().map(Self);
    PlanRowId, SubscriptionRowId: as_i64(id) => Some(Self(id));
    Timestamp: as_i64(milliseconds) => Self::from_millisecond(milliseconds).ok();
    // Counts, which are never negative.
    u64: as_i64(count) => count.try_into().ok();
}

/// A count as a column's value. Counts grow by one, so that the largest is out of reach.
pub(super) fn from_count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A kind of intent as a column's value.
pub(super) fn intent_kind(kind: IntentKind) -> &'static str {
    match kind {
        IntentKind::Create => "CREATE",
        IntentKind::Remove => "REMOVE",
    }
}
