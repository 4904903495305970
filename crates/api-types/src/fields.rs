//! Reads a JSON object into a form: types first, then the form's own rules, and every wrong field reported at once.
//!
//! The rules are `validator`'s, written at the fields. Its errors hold the values that they refuse, so that none of them
//! is ever shown: what is reported is put together of field, code and message alone.

use std::{fmt, ops::Deref};

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use validator::{Validate, ValidateLength, ValidationError, ValidationErrors, ValidationErrorsKind};
use zeroize::Zeroizing;

/// What is wrong with one field, in words that name the fix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldError {
    /// Name of the field.
    pub field: String,
    /// Which rule, for programs.
    #[cfg_attr(feature = "openapi", schema(example = "length"))]
    pub code: String,
    /// What is wrong and what to do; never the rejected value.
    pub detail: String,
}

impl FieldError {
    /// What is wrong with the field of this name.
    #[must_use]
    pub fn new(field: &str, reason: Reason) -> Self {
        Self { field: field.to_owned(), code: reason.code.to_owned(), detail: reason.detail.to_owned() }
    }
}

/// Why a value breaks its rule; never holds the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// Which rule, for programs.
    pub code: &'static str,
    /// A sentence to be shown at the field.
    pub detail: &'static str,
}

impl Reason {
    /// A reason from the rule's name and a sentence.
    #[must_use]
    pub const fn new(code: &'static str, detail: &'static str) -> Self {
        Self { code, detail }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail)
    }
}

impl std::error::Error for Reason {}

impl From<Reason> for ValidationError {
    fn from(reason: Reason) -> Self {
        Self::new(reason.code).with_message(reason.detail.into())
    }
}

/// A text as it was given: wiped when dropped, and shown to nobody.
#[derive(Default)]
pub struct Text(Zeroizing<String>);

impl Text {
    /// What the field of this name reads as; once the form is valid this can't fail where that was its rule.
    pub(crate) fn read<T: TryFrom<String, Error = Reason>>(&self, field: &str) -> Result<T, FieldError> {
        T::try_from(self.to_string()).map_err(|reason| FieldError::new(field, reason))
    }

    pub(crate) fn into_inner(self) -> Zeroizing<String> {
        self.0
    }
}

/// The rule of a text that must read as something.
pub(crate) fn reads_as<T: TryFrom<String, Error = Reason>>(text: &Text) -> Result<(), ValidationError> {
    Ok(T::try_from(text.to_string()).map(drop)?)
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Text(…)")
    }
}

/// Counted in characters.
impl ValidateLength<usize> for Text {
    fn length(&self) -> Option<usize> {
        Some(self.chars().count())
    }
}

/// `validator` keeps a copy of each value that it refuses, by serialising it. Of a text it gets none.
impl Serialize for Text {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_unit()
    }
}

/// A request body: its fields as they are given, with their rules, and what is made of them.
pub trait Form: Sized {
    /// The fields.
    type Given: Validate;

    /// Takes the fields.
    fn read(fields: &mut Fields) -> Self::Given;

    /// Makes the form of fields that keep their rules.
    ///
    /// # Errors
    /// A rule that spans fields, at one of them.
    fn made(given: Self::Given) -> Result<Self, FieldError>;
}

/// Reads a whole form.
///
/// # Errors
/// Every field that is missing, of the wrong type, against its rule, or unknown.
pub fn read_form<F: Form>(value: Value) -> Result<F, Vec<FieldError>> {
    match value {
        Value::Object(object) => read_fields(object.into_iter().collect()),
        _ => Err(vec![FieldError::new("", Reason::new("type", "Send a JSON object."))]),
    }
}

/// Reads a form of its fields, as [`read_form`] does.
///
/// # Errors
/// As those of [`read_form`].
pub fn read_fields<F: Form>(given: Vec<(String, Value)>) -> Result<F, Vec<FieldError>> {
    let mut fields = Fields { given, taken: Vec::new() };
    let given = F::read(&mut fields);
    fields.judge(given.validate())?;
    F::made(given).map_err(|error| vec![error])
}

/// The fields of a JSON object that are not taken yet, and those that are.
#[derive(Debug)]
pub struct Fields {
    given: Vec<(String, Value)>,
    /// In the form's order, each with what is wrong about its type.
    taken: Vec<(&'static str, Option<Reason>)>,
}

impl Fields {
    /// Takes a text that must be there.
    pub fn text(&mut self, name: &'static str) -> Text {
        match self.take(name) {
            Some(Value::String(text)) => self.right(name, Text(text.into())),
            None => self.wrong(name, Reason::new("required", "This field is required.")),
            Some(_) => self.wrong(name, Reason::new("type", "Must be a string.")),
        }
    }

    /// Takes a text that may be left out or null.
    pub fn optional_text(&mut self, name: &'static str) -> Option<Text> {
        match self.take(name)? {
            Value::Null => None,
            Value::String(text) => self.right(name, Some(Text(text.into()))),
            _ => self.wrong(name, Reason::new("type", "Must be a string.")),
        }
    }

    /// Takes a boolean that may be left out or null.
    pub fn optional_bool(&mut self, name: &'static str) -> Option<bool> {
        match self.take(name)? {
            Value::Null => None,
            Value::Bool(value) => self.right(name, Some(value)),
            _ => self.wrong(name, Reason::new("type", "Must be true or false.")),
        }
    }

    /// Takes a whole number that may be left out or null; one that is larger than any is the largest.
    pub fn optional_number(&mut self, name: &'static str) -> Option<u32> {
        match self.take(name)? {
            Value::Null => None,
            value => match whole(&value) {
                Some(number) => self.right(name, Some(number)),
                None => self.wrong(name, Reason::new("type", "Must be a whole number, 0 or more.")),
            },
        }
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.given.iter().position(|(given, _)| given == name)?;
        Some(self.given.remove(at).1)
    }

    fn right<T>(&mut self, name: &'static str, value: T) -> T {
        self.taken.push((name, None));
        value
    }

    fn wrong<T: Default>(&mut self, name: &'static str, reason: Reason) -> T {
        self.taken.push((name, Some(reason)));
        T::default()
    }

    /// One error for each wrong field: its type before its rule, those that nobody took at the end.
    fn judge(self, rules: Result<(), ValidationErrors>) -> Result<(), Vec<FieldError>> {
        let mut broken = rules.err().map(ValidationErrors::into_errors).unwrap_or_default();
        let mut errors = Vec::new();
        for (name, wrong_type) in self.taken {
            let rule = broken.remove(name);
            if let Some(reason) = wrong_type {
                errors.push(FieldError::new(name, reason));
            } else if let Some(ValidationErrorsKind::Field(rules)) = rule {
                errors.extend(rules.into_iter().next().map(|rule| told(name, rule)));
            }
        }
        let unknown = Reason::new("unknown", "Unknown field; remove it.");
        errors.extend(self.given.into_iter().map(|(name, _)| FieldError::new(&shortened(name), unknown)));
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

/// A whole number, 0 or more, however it is written: to JSON Schema `3600.0` is one too. One that is larger than any is
/// the largest.
fn whole(number: &Value) -> Option<u32> {
    if let Some(number) = number.as_u64() {
        return Some(u32::try_from(number).unwrap_or(u32::MAX));
    }
    number.as_f64().filter(|number| *number >= 0.0 && number.fract() == 0.0).map(|number| number as u32)
}

/// A broken rule without the value, which is among its parameters.
pub(crate) fn told(field: &str, rule: ValidationError) -> FieldError {
    let ValidationError { code, message, .. } = rule;
    let detail = message.unwrap_or_else(|| code.clone()).into_owned();
    FieldError { field: field.to_owned(), code: code.into_owned(), detail }
}

/// The rejected object's own names come back in the answer, so they are bounded.
fn shortened(name: String) -> String {
    const MOST: usize = 64;
    if name.chars().count() <= MOST { name } else { name.chars().take(MOST).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{KeyChange, NewAccount, RotateKey, limits::ROTATION_GRACE_MAX_SECONDS};

    fn codes(errors: &[FieldError]) -> Vec<(&str, &str)> {
        errors.iter().map(|e| (e.field.as_str(), e.code.as_str())).collect()
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let body = json!({"email": 5, "password": "short", "admin": true});
        let errors = read_form::<NewAccount>(body).err().unwrap();
        assert_eq!(codes(&errors), [("email", "type"), ("password", "length"), ("admin", "unknown")]);
        let errors = read_form::<NewAccount>(json!({"email": "ada"})).err().unwrap();
        assert_eq!(codes(&errors), [("email", "email"), ("password", "required")]);
        let body = json!({"label": "two\nlines", "enabled": "no"});
        assert_eq!(codes(&read_form::<KeyChange>(body).err().unwrap()), [("enabled", "type"), ("label", "one_line")]);
    }

    #[test]
    fn what_is_not_an_object_is_one_error() {
        assert_eq!(read_form::<NewAccount>(json!([])).err().unwrap().len(), 1);
    }

    #[test]
    fn null_is_the_same_as_left_out() {
        assert_eq!(read_form::<RotateKey>(json!({"grace_seconds": null})).unwrap().grace_seconds, 0);
        assert_eq!(read_form::<RotateKey>(json!({})).unwrap().grace_seconds, 0);
    }

    #[test]
    fn a_number_is_whole_and_within_its_range() {
        let read = |value: Value| read_form::<RotateKey>(json!({"grace_seconds": value}));
        assert_eq!(read(json!(86_400)).unwrap().grace_seconds, ROTATION_GRACE_MAX_SECONDS);
        for whole in [json!(3600.0), json!(3.6e3)] {
            assert_eq!(read(whole).unwrap().grace_seconds, 3600);
        }
        for (value, code) in [
            (json!(86_401), "range"),
            (json!(u64::MAX), "range"),
            (json!(86_401.0), "range"),
            (json!(1e300), "range"),
            (json!(-1), "type"),
            (json!(-1.0), "type"),
            (json!(1.5), "type"),
        ] {
            assert_eq!(codes(&read(value).err().unwrap()), [("grace_seconds", code)]);
        }
        let said = read(json!(86_401)).err().unwrap().remove(0).detail;
        assert!(said.contains(&ROTATION_GRACE_MAX_SECONDS.to_string()), "{said}");
    }

    #[test]
    fn no_error_repeats_the_rejected_value() {
        let body = json!({"email": "sekret-mail", "password": "sekret"});
        let errors = read_form::<NewAccount>(body.clone()).err().unwrap();
        assert!(!format!("{errors:?}").contains("sekret"));
        // Nor do those of the validator, which nobody sees.
        let Value::Object(object) = body else { unreachable!() };
        let mut fields = Fields { given: object.into_iter().collect(), taken: Vec::new() };
        let refused = NewAccount::read(&mut fields).validate().unwrap_err();
        assert!(!format!("{refused:?} {refused}").contains("sekret"));
    }
}
