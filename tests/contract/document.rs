//! The OpenAPI document that a server serves, as a list of operations and what each says of its answers.

use std::collections::BTreeSet;

use serde_json::Value;
use tests::TestServer;

/// A served document.
pub struct Document {
    whole: Value,
    /// All its operations.
    pub operations: Vec<Operation>,
}

/// A method of a path.
pub struct Operation {
    /// Its name, `operationId`.
    pub id: String,
    /// In capitals.
    pub method: String,
    /// With the names of its parameters in braces.
    pub path: String,
    /// What the document says of it.
    pub said: Value,
}

impl Document {
    /// What the server serves.
    pub async fn of(server: &TestServer) -> Self {
        let whole = server.anonymous().get("/openapi.json").send().await.expect(200).json();
        let mut operations = Vec::new();
        for (path, item) in whole["paths"].as_object().unwrap() {
            for (method, said) in item.as_object().unwrap().iter().filter(|(_, said)| said["responses"].is_object()) {
                let id = said["operationId"].as_str().unwrap().to_owned();
                let (method, path) = (method.to_uppercase(), path.clone());
                operations.push(Operation { id, method, path, said: said.clone() });
            }
        }
        assert!(operations.len() >= 26, "{}", operations.len());
        Self { whole, operations }
    }

    /// The operation of this name.
    pub fn operation(&self, id: &str) -> &Operation {
        self.operations.iter().find(|operation| operation.id == id).unwrap_or_else(|| panic!("no operation {id}"))
    }

    /// All methods of a path as it is asked for.
    pub fn at<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a Operation> {
        self.operations.iter().filter(move |operation| operation.is_at(path))
    }

    /// What an operation says of a status, or of `default`.
    pub fn response<'a>(&'a self, operation: &'a Operation, status: &str) -> Option<&'a Value> {
        let response = operation.said["responses"].get(status)?;
        let shared = response["$ref"].as_str().map(|place| place.trim_start_matches('#'));
        Some(shared.map_or(response, |place| self.whole.pointer(place).unwrap()))
    }

    /// The names of the headers that a response may have.
    pub fn headers(&self, operation: &Operation, status: &str) -> BTreeSet<String> {
        let headers = self.response(operation, status).and_then(|response| response["headers"].as_object());
        headers.into_iter().flatten().map(|(name, _)| name.to_lowercase()).collect()
    }
}

impl Operation {
    /// Whether a caller who proves to be somebody in this way may call it; `None` is nobody in particular, whom an empty
    /// list of needs lets in as well as an empty need.
    pub fn takes(&self, scheme: Option<&str>) -> bool {
        let all = self.said["security"].as_array().map(Vec::as_slice).unwrap_or_default();
        match scheme {
            Some(scheme) => all.iter().any(|needed| needed.get(scheme).is_some()),
            None => all.is_empty() || all.iter().any(|needed| needed.as_object().unwrap().is_empty()),
        }
    }

    fn is_at(&self, path: &str) -> bool {
        let (said, asked) = (self.path.split('/'), path.split('/'));
        said.clone().count() == asked.clone().count()
            && said
                .zip(asked)
                .all(|(said, asked)| if said.starts_with('{') { !asked.is_empty() } else { said == asked })
    }
}
