//! Tags as AWS has them, whatever they are on.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::aws::answer::AwsError;

/// A resource's tags.
pub(super) type Tags = BTreeMap<String, String>;

const MOST_TAGS: usize = 50;

pub(super) fn as_value(tags: &Tags) -> Value {
    tags.iter()
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// The rules for tags that are the same all over AWS.
pub(super) fn checked(tags: Tags) -> Result<Tags, AwsError> {
    let is_wrong = |(name, value): (&String, &String)| {
        name.is_empty()
            || name.chars().count() > 128
            || value.chars().count() > 256
            || name.to_ascii_lowercase().starts_with("aws:")
            || !name
                .chars()
                .chain(value.chars())
                .all(|c| c.is_alphanumeric() || c.is_whitespace() || "_.:/=+-@".contains(c))
    };
    if tags.len() > MOST_TAGS {
        return Err(AwsError::bad_request("The number of tags exceeds the limit of 50"));
    }
    match tags.iter().find(|&tag| is_wrong(tag)) {
        None => Ok(tags),
        Some((name, _)) => Err(AwsError::bad_request(format!("Invalid tag specified: {name}"))),
    }
}
