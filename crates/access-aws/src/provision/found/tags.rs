//! Tags, by which we know what is ours.

use std::collections::HashMap;

use crate::{marks, provision::wanted::Wanted};

pub(crate) type Tags = HashMap<String, String>;

/// Whether these tags are ours; `None` when there are no tags to go by.
pub(super) fn is_ours(tags: Option<&Tags>, wanted: &Wanted) -> Option<bool> {
    let tags = tags.filter(|tags| !tags.is_empty())?;
    Some(marks::tags(&wanted.api_name).iter().all(|(name, value)| tags.get(*name) == Some(value)))
}
