//! A form's state without its view: values, which fields were visited, and what is wrong with them.
//!
//! The rules are those of `api_types`: the body that would be sent is read by the code that the server runs.

use api_types::{FieldError, Form, Problem, ProblemCode, Reason, read_fields};
use serde::{Serialize, Serializer};
use serde_json::Value;

/// One form.
#[derive(Debug, Clone)]
pub(crate) struct FormState {
    fields: Vec<Field>,
    rules: fn(Vec<(String, Value)>) -> Vec<FieldError>,
    general: Option<String>,
    is_taken: bool,
}

/// One field of it.
#[derive(Clone)]
struct Field {
    name: &'static str,
    value: String,
    touched: bool,
    /// What the server said about this value; gone as soon as the value changes.
    refused: Option<String>,
}

impl std::fmt::Debug for Field {
    /// Values may be passwords.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (touched: {})", self.name, self.touched)
    }
}

impl FormState {
    /// An empty form with the rules of `F`; the names are those of the request's body, in the order of the view.
    pub(crate) fn new<F: Form>(names: &[&'static str]) -> Self {
        Self {
            fields: names
                .iter()
                .map(|name| Field { name, value: String::new(), touched: false, refused: None })
                .collect(),
            rules: |fields| read_fields::<F>(fields).err().unwrap_or_default(),
            general: None,
            is_taken: false,
        }
    }

    /// A form of one field that is read as `N`.
    pub(crate) fn of_one<N: TryFrom<String, Error = Reason>>(name: &'static str) -> Self {
        Self {
            fields: vec![Field { name, value: String::new(), touched: false, refused: None }],
            rules: |fields| {
                let wrong = |(field, value): (String, Value)| {
                    let reason = N::try_from(value.as_str()?.to_owned()).err()?;
                    Some(FieldError::new(&field, reason))
                };
                fields.into_iter().filter_map(wrong).collect()
            },
            general: None,
            is_taken: false,
        }
    }

    /// The value of a field.
    pub(crate) fn value(&self, name: &str) -> &str {
        self.field(name).map_or("", |field| &field.value)
    }

    /// Somebody typed.
    pub(crate) fn set(&mut self, name: &str, value: String) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.name == name) {
            field.value = value;
            field.refused = None;
            self.is_taken = false;
        }
    }

    /// Somebody left the field. Leaving it empty says nothing yet: they may only be passing through.
    pub(crate) fn leave(&mut self, name: &str) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.name == name && !field.value.is_empty()) {
            field.touched = true;
        }
    }

    /// What stands at the field: the server's word on this very value, else the rule's once it was visited.
    pub(crate) fn error(&self, name: &str) -> Option<String> {
        let field = self.field(name)?;
        if let Some(refused) = &field.refused {
            return Some(refused.clone());
        }
        if !field.touched {
            return None;
        }
        (self.rules)(self.values()).into_iter().find(|error| error.field == name).map(|error| error.detail)
    }

    /// What stands above the form.
    pub(crate) fn general(&self) -> Option<String> {
        self.general.clone()
    }

    /// Puts a sentence above the form.
    pub(crate) fn say(&mut self, sentence: String) {
        self.general = Some(sentence);
    }

    /// Puts a sentence at a field, about the value that it has.
    pub(crate) fn say_at(&mut self, name: &str, sentence: &str) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.name == name) {
            field.refused = Some(sentence.to_owned());
        }
    }

    /// Whether an account with this address exists already.
    pub(crate) fn is_taken(&self) -> bool {
        self.is_taken
    }

    /// Checks the whole form before sending, and gives the JSON to be sent.
    ///
    /// # Errors
    /// The first wrong field, which is to be focused.
    pub(crate) fn submit(&mut self) -> Result<String, &'static str> {
        self.general = None;
        for field in &mut self.fields {
            field.touched = true;
            field.refused = None;
        }
        let wrong = (self.rules)(self.values());
        match self.fields.iter().find(|field| wrong.iter().any(|error| error.field == field.name)) {
            Some(field) => Err(field.name),
            // A rule about a field that the view doesn't have would be our own mistake; the server says so then.
            None => Ok(serde_json::to_string(&Body(&self.fields)).unwrap_or_default()),
        }
    }

    /// Takes the server's failure apart: each error goes to its field, the rest above the form.
    /// Answers the first field that has one.
    pub(crate) fn refuse(&mut self, problem: &Problem) -> Option<&'static str> {
        let mut rest = Vec::new();
        self.is_taken = problem.code == ProblemCode::EmailTaken;
        for error in &problem.errors {
            match self.fields.iter_mut().find(|field| field.name == error.field) {
                Some(field) => field.refused = Some(error.detail.clone()),
                None => rest.push(format!("{}: {}", error.field, error.detail)),
            }
        }
        if problem.errors.is_empty() {
            match owner(problem.code).and_then(|name| self.fields.iter_mut().find(|field| field.name == name)) {
                Some(field) => field.refused = Some(problem.detail.clone()),
                None => rest.push(problem.detail.clone()),
            }
        }
        self.general = (!rest.is_empty()).then(|| rest.join(" "));
        self.fields.iter().find(|field| field.refused.is_some()).map(|field| field.name)
    }

    fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    fn values(&self) -> Vec<(String, Value)> {
        self.fields.iter().map(|field| (field.name.to_owned(), Value::String(field.value.clone()))).collect()
    }
}

/// The fields as the request's body.
struct Body<'a>(&'a [Field]);

impl Serialize for Body<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(self.0.iter().map(|field| (field.name, &field.value)))
    }
}

/// The field that a problem without `errors` is about, if it is about one.
fn owner(code: ProblemCode) -> Option<&'static str> {
    (code == ProblemCode::EmailTaken).then_some("email")
}

#[cfg(test)]
mod tests {
    use api_types::{Credentials, NewAccount, RequestId};

    use super::*;

    fn sign_up() -> FormState {
        FormState::new::<NewAccount>(&["email", "password"])
    }

    fn problem(code: ProblemCode, errors: &[(&str, &str)]) -> Problem {
        Problem {
            kind: "about:blank".to_owned(),
            title: String::new(),
            status: code.status(),
            code,
            detail: "What happened.".to_owned(),
            request_id: RequestId::from_random([1; 16]),
            errors: errors
                .iter()
                .map(|(field, detail)| FieldError {
                    field: (*field).to_owned(),
                    code: "length".to_owned(),
                    detail: (*detail).to_owned(),
                })
                .collect(),
        }
    }

    #[test]
    fn an_untouched_form_shows_no_errors() {
        let form = sign_up();
        assert_eq!((form.error("email"), form.error("password"), form.general()), (None, None, None));
    }

    #[test]
    fn a_field_is_checked_when_left_and_freed_when_mended() {
        let mut form = sign_up();
        form.set("email", "ada".to_owned());
        assert_eq!(form.error("email"), None);
        form.leave("email");
        assert!(form.error("email").is_some_and(|text| text.contains("name@example.com")));
        assert_eq!(form.error("password"), None, "the other field was not visited");
        form.set("email", "ada@example.com".to_owned());
        assert_eq!(form.error("email"), None);
    }

    #[test]
    fn passing_through_an_empty_field_says_nothing() {
        let mut form = sign_up();
        form.leave("email");
        assert_eq!(form.error("email"), None);
    }

    #[test]
    fn submitting_checks_all_and_names_the_first_wrong_field() {
        let mut form = sign_up();
        assert_eq!(form.submit(), Err("email"));
        assert!(form.error("email").is_some() && form.error("password").is_some());
        form.set("email", "ada@example.com".to_owned());
        assert_eq!(form.submit(), Err("password"));
        form.set("password", "plain lake 42".to_owned());
        let body = r#"{"email":"ada@example.com","password":"plain lake 42"}"#;
        assert_eq!(form.submit().as_deref(), Ok(body));
    }

    #[test]
    fn a_rule_across_fields_shows_at_its_field() {
        let mut form = sign_up();
        form.set("email", "ada.lovelace@example.com".to_owned());
        form.set("password", "ada.lovelace".to_owned());
        assert_eq!(form.submit(), Err("password"));
        assert!(form.error("password").is_some_and(|text| text.contains("email")));
    }

    #[test]
    fn the_servers_errors_go_to_their_fields_until_the_value_changes() {
        let mut form = sign_up();
        form.set("email", "ada@example.com".to_owned());
        form.set("password", "plain lake 42".to_owned());
        let first = form.refuse(&problem(ProblemCode::InvalidFields, &[("password", "No."), ("captcha", "Missing.")]));
        assert_eq!(first, Some("password"));
        assert_eq!(form.error("password").as_deref(), Some("No."));
        assert_eq!(form.general().as_deref(), Some("captcha: Missing."));
        form.set("password", "plain lake 43".to_owned());
        assert_eq!(form.error("password"), None);
    }

    #[test]
    fn a_taken_address_is_said_at_the_address() {
        let mut form = sign_up();
        assert_eq!(form.refuse(&problem(ProblemCode::EmailTaken, &[])), Some("email"));
        assert_eq!(form.general(), None);
    }

    #[test]
    fn wrong_credentials_name_no_field() {
        let mut sign_in = FormState::new::<Credentials>(&["email", "password"]);
        assert_eq!(sign_in.refuse(&problem(ProblemCode::WrongCredentials, &[])), None);
        assert_eq!(sign_in.general().as_deref(), Some("What happened."));
    }

    #[test]
    fn debug_shows_no_value() {
        let mut form = sign_up();
        form.set("password", "sekret".to_owned());
        assert!(!format!("{form:?}").contains("sekret"));
    }
}
