//! A request as the fake AWS looks at it: the path's parameters decoded, and a body read as strictly as AWS's own.

use std::collections::BTreeMap;

use jiff::Timestamp;
use reqwest::Url;
use serde_json::{Map, Value};

use super::answer::AwsError;
use crate::Received;

/// A request to the control plane or the data plane.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// As it was sent, without the query.
    pub(crate) path: String,
    /// As it was sent, without the question mark.
    pub(crate) raw_query: Option<String>,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) parameters: Vec<(&'static str, String)>,
    query: Vec<(String, String)>,
}

impl From<Received> for Request {
    fn from(received: Received) -> Self {
        let (path, raw_query) = match received.path.split_once('?') {
            Some((path, query)) => (path.to_owned(), Some(query.to_owned())),
            None => (received.path.clone(), None),
        };
        let url = Url::parse(&format!("http://fake/?{}", raw_query.as_deref().unwrap_or_default()));
        let query = url.map(|url| url.query_pairs().into_owned().collect()).unwrap_or_default();
        let Received { method, headers, body, .. } = received;
        Self { method, path, raw_query, headers, body, parameters: Vec::new(), query }
    }
}

impl Request {
    /// A request that the fake makes to itself, for what people do in the console.
    pub(crate) fn internal(method: &str, path: &str, body: &Value) -> Self {
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        Received { method: method.to_owned(), path: path.to_owned(), headers: Vec::new(), body }.into()
    }

    #[cfg(test)]
    pub(crate) fn with_query(mut self, query: &[(&str, &str)]) -> Self {
        self.query = query.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
        self
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query_all(name).next()
    }

    pub(crate) fn query_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.query.iter().filter(move |(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of the path, decoded; empty for one that the operation's path doesn't have.
    pub(crate) fn parameter(&self, name: &str) -> &str {
        self.parameters.iter().find(|(found, _)| *found == name).map_or("", |(_, value)| value.as_str())
    }

    /// The body's members.
    pub(crate) fn fields(&self) -> Result<Fields, AwsError> {
        if self.body.is_empty() {
            return Ok(Fields(Map::new()));
        }
        match serde_json::from_slice(&self.body) {
            Ok(Value::Object(members)) => Ok(Fields(members)),
            _ => Err(malformed("the body is not a JSON object")),
        }
    }
}

fn malformed(what: &str) -> AwsError {
    AwsError::new(400, "SerializationException", what)
}

/// The members of a JSON object, each read as the type that the protocol says; another type is refused.
#[derive(Debug, Clone)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    fn get<T>(&self, name: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>, AwsError> {
        match self.0.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value).map(Some).ok_or_else(|| malformed(&format!("{name} is of another type"))),
        }
    }

    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, AwsError> {
        self.get(name, |value| value.as_str().map(str::to_owned))
    }

    pub(crate) fn flag(&self, name: &str) -> Result<Option<bool>, AwsError> {
        self.get(name, Value::as_bool)
    }

    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, AwsError> {
        self.get(name, Value::as_i64)
    }

    pub(crate) fn number(&self, name: &str) -> Result<Option<f64>, AwsError> {
        self.get(name, Value::as_f64)
    }

    pub(crate) fn object(&self, name: &str) -> Result<Option<Fields>, AwsError> {
        self.get(name, |value| value.as_object().cloned().map(Fields))
    }

    pub(crate) fn objects(&self, name: &str) -> Result<Vec<Fields>, AwsError> {
        let read = |value: &Value| {
            let all = value.as_array()?;
            all.iter().map(|each| each.as_object().cloned().map(Fields)).collect()
        };
        Ok(self.get(name, read)?.unwrap_or_default())
    }

    pub(crate) fn texts(&self, name: &str) -> Result<BTreeMap<String, String>, AwsError> {
        let read = |value: &Value| {
            let all = value.as_object()?;
            all.iter().map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
        };
        Ok(self.get(name, read)?.unwrap_or_default())
    }

    /// The members' names.
    pub(crate) fn names(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    /// The members named, as they are, where present.
    pub(crate) fn members(&self, names: &[&str]) -> Map<String, Value> {
        let present =
            |name: &&str| Some(((*name).to_owned(), self.0.get(*name).filter(|value| !value.is_null())?.clone()));
        names.iter().filter_map(present).collect()
    }
}

/// Undoes percent-encoding.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, others @ ..] = rest {
        let escaped = (*first == b'%').then(|| others.get(..2)).flatten();
        let escaped = escaped.and_then(|two| u8::from_str_radix(std::str::from_utf8(two).ok()?, 16).ok());
        bytes.push(escaped.unwrap_or(*first));
        rest = if escaped.is_some() { &others[2..] } else { others };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A time on the wire: seconds since the epoch.
pub(crate) fn epoch_seconds(time: Timestamp) -> Value {
    time.as_second().into()
}
