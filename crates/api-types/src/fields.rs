//! Reads a JSON object into a typed form and reports every wrong field at once, with its fix.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What is wrong with one field, in words that name the fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// Name of the field.
    pub field: String,
    /// What is wrong and what to do; never the rejected value.
    pub detail: String,
}

/// Why a value breaks its rule, as a sentence to be shown at the field; never holds the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(pub String);

impl Reason {
    /// A reason from a sentence.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Reason {}

/// A request body: how it is read from a JSON object.
pub trait Form: Sized {
    /// Takes the fields; `None` when any was wrong (the reader keeps which).
    fn read(fields: &mut Fields) -> Option<Self>;
}

/// Reads a whole form.
///
/// # Errors
/// Every field that is missing, of the wrong type, against its rule, or unknown.
pub fn read_form<F: Form>(value: Value) -> Result<F, Vec<FieldError>> {
    let Value::Object(object) = value else {
        return Err(vec![FieldError { field: String::new(), detail: "Send a JSON object.".to_owned() }]);
    };
    let mut fields = Fields { object, errors: Vec::new() };
    let form = F::read(&mut fields);
    let Fields { object, mut errors } = fields;
    errors.extend(
        object
            .into_iter()
            .map(|(field, _)| FieldError { field: shortened(field), detail: "Unknown field; remove it.".to_owned() }),
    );
    match form {
        Some(form) if errors.is_empty() => Ok(form),
        _ => Err(errors),
    }
}

/// The rejected object's own names come back in the answer, so they are bounded.
fn shortened(name: String) -> String {
    const MOST: usize = 64;
    if name.chars().count() <= MOST { name } else { name.chars().take(MOST).chain(['…']).collect() }
}

/// The fields of a JSON object that were not taken yet, and what was wrong with those that were.
#[derive(Debug)]
pub struct Fields {
    object: Map<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// Takes a text that must be there.
    pub fn text<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Reason>) -> Option<T> {
        match self.object.remove(name) {
            None => self.wrong(name, "This field is required."),
            Some(Value::String(text)) => match parse(&text) {
                Ok(value) => Some(value),
                Err(reason) => self.wrong(name, &reason.0),
            },
            Some(_) => self.wrong(name, "Must be a string."),
        }
    }

    /// Takes a text that may be left out or null.
    pub fn optional_text<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, Reason>) -> Option<Option<T>> {
        if self.absent(name) { Some(None) } else { self.text(name, parse).map(Some) }
    }

    /// Takes a boolean that may be left out or null.
    pub fn optional_bool(&mut self, name: &str) -> Option<Option<bool>> {
        if self.absent(name) {
            return Some(None);
        }
        match self.object.remove(name) {
            Some(Value::Bool(value)) => Some(Some(value)),
            _ => self.wrong(name, "Must be true or false."),
        }
    }

    /// Takes a whole number between 0 and `max` that may be left out or null.
    pub fn optional_number(&mut self, name: &str, max: u32) -> Option<Option<u32>> {
        if self.absent(name) {
            return Some(None);
        }
        let value = self.object.remove(name)?;
        match value.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n <= max) {
            Some(number) => Some(Some(number)),
            None => self.wrong(name, &format!("Must be a whole number from 0 to {max}.")),
        }
    }

    /// Notes a broken rule that spans fields, at one of them.
    pub fn wrong<T>(&mut self, name: &str, detail: &str) -> Option<T> {
        self.errors.push(FieldError { field: name.to_owned(), detail: detail.to_owned() });
        None
    }

    fn absent(&mut self, name: &str) -> bool {
        match self.object.get(name) {
            None => true,
            Some(Value::Null) => {
                self.object.remove(name);
                true
            }
            Some(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{NewAccount, RotateKey};

    fn names(errors: &[FieldError]) -> Vec<&str> {
        errors.iter().map(|e| e.field.as_str()).collect()
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let errors = read_form::<NewAccount>(json!({"email": 5, "password": "short", "admin": true})).err().unwrap();
        assert_eq!(names(&errors), ["email", "password", "admin"]);
    }

    #[test]
    fn what_is_not_an_object_is_one_error() {
        assert_eq!(read_form::<NewAccount>(json!([])).err().unwrap().len(), 1);
    }

    #[test]
    fn null_is_the_same_as_left_out() {
        assert_eq!(read_form::<RotateKey>(json!({"grace_seconds": null})).unwrap().grace_seconds, 0);
        assert_eq!(read_form::<RotateKey>(json!({})).unwrap().grace_seconds, 0);
        assert!(read_form::<RotateKey>(json!({"grace_seconds": 86401})).is_err());
        assert!(read_form::<RotateKey>(json!({"grace_seconds": -1})).is_err());
        assert!(read_form::<RotateKey>(json!({"grace_seconds": 1.5})).is_err());
    }

    #[test]
    fn no_error_repeats_the_rejected_value() {
        let errors = read_form::<NewAccount>(json!({"email": "sekret-mail", "password": "sekret"})).err().unwrap();
        assert!(!serde_json::to_string(&errors).unwrap().contains("sekret"));
    }
}
