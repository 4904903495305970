//! API keys: created disabled unless told otherwise, unique by value, listed by a prefix of their name.

use serde_json::{Value, json};

use super::{
    patch::patches,
    tags::{as_value, checked},
};
use crate::aws::{
    account::{Account, Key},
    answer::{Answered, AwsError, Reply},
    pages::list as paged,
    request::{Request, epoch_seconds},
};

const LONGEST_NAME: usize = 1024;

pub(super) fn unknown() -> AwsError {
    AwsError::not_found("Invalid API Key identifier specified")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Tags {
    /// Only where there are any: the answer to the creation.
    WherePresent,
    /// An empty map if there are none.
    Always,
    /// As in lists.
    Never,
}

fn shown(key: &Key, with_value: bool, tags: Tags) -> Value {
    let mut body = json!({
        "id": key.id, "enabled": key.enabled, "stageKeys": [],
        "createdDate": epoch_seconds(key.created), "lastUpdatedDate": epoch_seconds(key.updated),
    });
    for (name, value) in [("name", &key.name), ("description", &key.description), ("customerId", &key.customer_id)] {
        if let Some(value) = value {
            body[name] = value.as_str().into();
        }
    }
    if with_value {
        body["value"] = key.value.as_str().into();
    }
    if tags == Tags::Always || (tags == Tags::WherePresent && !key.tags.is_empty()) {
        body["tags"] = as_value(&key.tags);
    }
    body
}

fn checked_name(name: Option<String>) -> Result<Option<String>, AwsError> {
    match name {
        Some(name) if name.chars().count() > LONGEST_NAME => {
            Err(AwsError::bad_request("Invalid API Key name, can be at most 1024 characters."))
        }
        name => Ok(name),
    }
}

pub(super) fn create(account: &mut Account, request: &Request) -> Answered {
    let fields = request.fields()?;
    let name = checked_name(fields.text("name")?)?;
    let tags = checked(fields.texts("tags")?)?;
    let (description, customer_id) = (fields.text("description")?, fields.text("customerId")?);
    let enabled = fields.flag("enabled")?.unwrap_or(false);
    let value = match fields.text("value")?.filter(|value| !value.is_empty()) {
        None => account.new_value(),
        Some(value) => match value.chars().count() {
            ..20 => return Err(AwsError::bad_request("API Key value should be at least 20 characters")),
            20..=128 => value,
            129.. => return Err(AwsError::bad_request("API Key value exceeds maximum size of 128 characters")),
        },
    };
    if account.keys.values().any(|key| key.value == value) {
        return Err(AwsError::conflict("API Key already exists"));
    }
    let (id, now) = (account.new_id(10), account.now());
    let active = !account.holds_activation;
    let (created, updated) = (now, now);
    let key = Key { id, value, name, description, customer_id, enabled, active, created, updated, tags };
    let body = shown(&key, true, Tags::WherePresent);
    account.keys.insert(key.id.clone(), key);
    Ok(Reply::json(201, &body))
}

fn found<'a>(account: &'a Account, request: &Request) -> Result<&'a Key, AwsError> {
    account.keys.get(request.parameter("key")).ok_or_else(unknown)
}

pub(super) fn get(account: &mut Account, request: &Request) -> Answered {
    let with_value = request.query("includeValue") == Some("true");
    Ok(Reply::json(200, &shown(found(account, request)?, with_value, Tags::Always)))
}

pub(super) fn list(account: &mut Account, request: &Request) -> Answered {
    let with_values = request.query("includeValues") == Some("true");
    let prefix = request.query("name").unwrap_or_default();
    let customer = request.query("customerId");
    let matching = account.keys.values().filter(|key| {
        key.name.as_deref().unwrap_or_default().starts_with(prefix)
            && customer.is_none_or(|customer| key.customer_id.as_deref() == Some(customer))
    });
    paged(request, matching.map(|key| (key.id.clone(), shown(key, with_values, Tags::Never))))
}

pub(super) fn update(account: &mut Account, request: &Request) -> Answered {
    let mut key = found(account, request)?.clone();
    for patch in patches(request)? {
        match (patch.verb.as_str(), patch.path.as_str()) {
            ("replace", "/enabled") => {
                // Disabling is known at once; a key that was off must be made known again.
                key.active = key.active && key.enabled || !account.holds_activation;
                key.enabled = patch.flag();
            }
            ("replace", "/name") => key.name = checked_name(patch.value)?,
            ("replace", "/description") => key.description = patch.value,
            ("replace", "/customerId") => key.customer_id = patch.value,
            ("replace", _) => return Err(patch.refused("/description, /enabled, /name, /customerId")),
            _ => return Err(patch.refused("")),
        }
    }
    key.updated = account.now();
    let body = shown(&key, false, Tags::Always);
    account.keys.insert(key.id.clone(), key);
    Ok(Reply::json(200, &body))
}

pub(super) fn delete(account: &mut Account, request: &Request) -> Answered {
    if account.forget_key(request.parameter("key")) { Ok(Reply::empty(202)) } else { Err(unknown()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names_found(prefix: &str) -> Vec<String> {
        let mut account = Account::default();
        for name in ["app/eva", "app/evan", "App/eva", "other/app/eva"] {
            let request = Request::internal("POST", "/apikeys", &json!({"name": name}));
            create(&mut account, &request).unwrap();
        }
        let request = Request::internal("GET", "/apikeys", &Value::Null).with_query(&[("name", prefix)]);
        let body: Value = serde_json::from_slice(&list(&mut account, &request).unwrap().body).unwrap();
        let items = body["item"].as_array().unwrap();
        assert!(items.iter().all(|item| item.get("value").is_none()), "a list names no values");
        let mut names: Vec<_> = items.iter().map(|item| item["name"].as_str().unwrap().to_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_name_is_looked_for_by_its_prefix_in_its_case() {
        assert_eq!(names_found("app/eva"), ["app/eva", "app/evan"]);
        assert_eq!(names_found("App"), ["App/eva"]);
        assert_eq!(names_found("eva"), [""; 0]);
    }
}
