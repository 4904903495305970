//! Where a part of a list ended: when its last entry was made and that entry's id. It holds when the entry is gone.

use api_types::{Id, Timestamp};

/// The last entry that was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor<I> {
    /// When it was made, in milliseconds since 1970.
    pub created_at: i64,
    /// Which it is.
    pub id: I,
}

impl<I: Id> Cursor<I> {
    /// After an entry.
    #[must_use]
    pub fn after(created_at: Timestamp, id: I) -> Self {
        Self { created_at: created_at.as_millisecond(), id }
    }

    /// As it is given out.
    #[must_use]
    pub fn to_text(self) -> String {
        format!("{:016x}{}", self.created_at, self.id.bare())
    }

    /// Reads one as it was given out; each has one spelling, which is the one that the document's pattern tells.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (created_at, id) = text.split_at_checked(16)?;
        let created_at = u64::from_str_radix(created_at, 16).ok()?.cast_signed();
        let cursor = Self { created_at, id: I::from_bare(id).ok()? };
        (cursor.to_text() == text).then_some(cursor)
    }
}

#[cfg(test)]
mod tests {
    use api_types::KeyId;

    use super::*;

    #[test]
    fn a_cursor_reads_back() {
        for created_at in [0, -1, i64::MIN, 1_800_000_000_000] {
            let cursor = Cursor { created_at, id: KeyId::from_random([7; 16]) };
            assert_eq!(Cursor::parse(&cursor.to_text()), Some(cursor));
        }
    }
}
