//! Operations of PATCH calls.

use aws_sdk_apigateway::types::{Op, PatchOperation};

/// Stands for the id of an API that isn't there yet.
pub(crate) const NEW_API: &str = "{new}";

/// One operation of a PATCH; values are texts, whatever their type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Patch {
    op: &'static str,
    path: String,
    value: Option<String>,
}

impl Patch {
    pub(crate) fn replace(path: impl Into<String>, value: impl Into<String>) -> Self {
        Self { op: "replace", path: path.into(), value: Some(value.into()) }
    }

    pub(crate) fn add(path: impl Into<String>, value: impl Into<String>) -> Self {
        Self { op: "add", path: path.into(), value: Some(value.into()) }
    }

    pub(crate) fn remove(path: impl Into<String>, value: Option<String>) -> Self {
        Self { op: "remove", path: path.into(), value }
    }

    /// With the API's id, where it wasn't known when the plan was made.
    pub(crate) fn of_api(&self, api_id: &str) -> Self {
        let value = self.value.as_ref().map(|value| match value.strip_prefix(NEW_API) {
            Some(stage) if self.path == "/apiStages" => format!("{api_id}{stage}"),
            _ => value.clone(),
        });
        Self { value, ..self.clone() }
    }

    pub(crate) fn operations(patches: &[Self]) -> Vec<PatchOperation> {
        let operation = |patch: &Self| {
            PatchOperation::builder()
                .op(Op::from(patch.op))
                .path(patch.path.clone())
                .set_value(patch.value.clone())
                .build()
        };
        patches.iter().map(operation).collect()
    }
}
