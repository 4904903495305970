//! How our types stand in columns: ids and names as text, digests as bytes.
//!
//! Nothing here puts a value into an error: what can't be read is named by its column only.

use access::{KeyDigest, PasswordHash, TimeZone};
use api_types::{
    AccountId, AuditNote, AuditedAction, ClientName, Email, InviteId, KeyId, KeyLabel, Period, PlanName, RequestId,
    SessionId, SubscriptionId,
};
use tokio_postgres::{Row, types::FromSql};

use crate::error::Failure;

/// The id of a plan's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct PlanRowId(pub(crate) i64);

/// The id of a subscription's row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct SubscriptionRowId(pub(crate) i64);

/// Reading columns by their names.
pub(crate) trait Columns {
    /// A column of one of our types.
    fn read<T: Column>(&self, column: &'static str) -> Result<T, Failure>;
    /// A column of one of our types that may be null.
    fn maybe<T: Column>(&self, column: &'static str) -> Result<Option<T>, Failure>;
    /// A column of one of the driver's types.
    fn plain<'a, T: FromSql<'a>>(&'a self, column: &'static str) -> Result<T, Failure>;
}

impl Columns for Row {
    fn read<T: Column>(&self, column: &'static str) -> Result<T, Failure> {
        T::of(self, column)?.ok_or(Failure::Unreadable(column))
    }

    fn maybe<T: Column>(&self, column: &'static str) -> Result<Option<T>, Failure> {
        // Every type of ours that may be null is a text.
        let is_null = self.try_get::<_, Option<&str>>(column)?.is_none();
        if is_null { Ok(None) } else { self.read(column).map(Some) }
    }

    fn plain<'a, T: FromSql<'a>>(&'a self, column: &'static str) -> Result<T, Failure> {
        Ok(self.try_get(column)?)
    }
}

/// One of our types.
pub(crate) trait Column: Sized {
    /// What a column says; `None` if it is no such thing.
    fn of(row: &Row, column: &'static str) -> Result<Option<Self>, Failure>;
}

macro_rules! columns {
    ($($($type:ty),+: $raw:ty, $value:ident => $read:expr;)+) => {$($(
        impl Column for $type {
            fn of(row: &Row, column: &'static str) -> Result<Option<Self>, Failure> {
                let $value: $raw = row.try_get(column)?;
                Ok($read)
            }
        }
    )+)+};
}

columns! {
    AccountId, InviteId, KeyId, RequestId, SessionId, SubscriptionId, TimeZone: &str, text => text.parse().ok();
    AuditNote, Email, KeyLabel, PlanName: &str, text => Self::parse(text).ok();
    AuditedAction: &str, text => Self::named(text);
    ClientName: &str, text => Some(Self::cut(text));
    Period: &str, text => [Self::Day, Self::Week, Self::Month].into_iter().find(|period| period.as_str() == text);
    PasswordHash: &str, text => Some(Self::from_phc(text.to_owned()));
    KeyDigest: &[u8], bytes => bytes.try_into().ok().map(Self::from_bytes);
    PlanRowId, SubscriptionRowId: i64, id => Some(Self(id));
    // Counts, which are never negative.
    u64: i64, count => count.try_into().ok();
}

/// A count as a column's value. Counts grow by one, so that the largest is out of reach.
pub(crate) fn from_count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
