//! Patch operations: a verb, a path of JSON Pointer's form, and a value that is always text.

use crate::aws::{
    answer::AwsError,
    request::{Fields, Request},
};

/// One operation of an Update call.
#[derive(Debug, Clone)]
pub(super) struct Patch {
    pub(super) verb: String,
    pub(super) path: String,
    pub(super) value: Option<String>,
}

/// The operations of a request, in their order.
pub(super) fn patches(request: &Request) -> Result<Vec<Patch>, AwsError> {
    let read = |fields: &Fields| {
        let (verb, path) = (fields.text("op")?.unwrap_or_default(), fields.text("path")?.unwrap_or_default());
        Ok(Patch { verb, path, value: fields.text("value")? })
    };
    request.fields()?.objects("patchOperations")?.iter().map(read).collect()
}

impl Patch {
    /// The path's parts, unescaped.
    pub(super) fn parts(&self) -> Vec<String> {
        self.path.split('/').skip(1).map(|part| part.replace("~1", "/").replace("~0", "~")).collect()
    }

    pub(super) fn text(&self) -> String {
        self.value.clone().unwrap_or_default()
    }

    /// AWS takes anything that isn't true for false.
    pub(super) fn flag(&self) -> bool {
        self.text().eq_ignore_ascii_case("true")
    }

    pub(super) fn parsed<T: std::str::FromStr>(&self) -> Result<T, AwsError> {
        self.text().parse().map_err(|_| {
            let (path, value) = (&self.path, self.text());
            AwsError::bad_request(format!("Invalid patch value specified for path {path}: {value}"))
        })
    }

    /// The two blanks are AWS's.
    pub(super) fn refused(&self, allowed: &str) -> AwsError {
        let Self { path, verb, .. } = self;
        AwsError::bad_request(format!(
            "Invalid patch path  '{path}' specified for op '{verb}'. Must be one of: [{allowed}]"
        ))
    }
}
