//! What is true of every operation, as the outermost middleware and the connection make it: said once, for all of them.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::{
    IntoResponses,
    openapi::{
        Components, OpenApi, RefOr, Response, ResponseBuilder,
        content::Content,
        path::{Operation, PathItem},
        request_body::RequestBody,
        schema::{ArrayItems, Schema},
    },
};

use super::{
    answers,
    components::{self, Documented},
    errors,
    headers::{self, Carries},
    problems, relayed, unions,
};
use crate::planes::is_data_plane;

/// Adds to the routes' own annotations what they all have.
pub fn finish(document: &mut OpenApi) {
    let shared = document.components.get_or_insert_default();
    answers::describe_bodies(shared);
    relayed::describe_bodies(shared);
    unions::name_variants(shared);
    unions::open_plainly(shared);
    headers::describe(shared);
    for responses in [answers::all(), relayed::all(), problems::all(), errors::all()] {
        components::add(shared, responses);
    }
    for response in shared.responses.values_mut() {
        with_common_headers(response);
    }
    // From here on that one is there, without the headers, which it hasn't.
    let malformed = ResponseBuilder::new()
        .description("The request isn't valid HTTP. Answered without a body, as no request was read.");
    components::add(shared, vec![Documented { name: MALFORMED, response: malformed.build() }]);
    let examples = examples(shared);
    for response in shared.responses.values_mut() {
        with_examples(response, &examples);
    }
    for (path, item) in &mut document.paths.paths {
        for operation in operations(item) {
            finish_operation(operation, is_data_plane(path), &examples);
        }
    }
}

const MALFORMED: &str = "MalformedRequest";

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem { get, put, post, delete, patch, .. } = item;
    [get, put, post, delete, patch].into_iter().flatten()
}

fn finish_operation(operation: &mut Operation, is_data_plane: bool, examples: &BTreeMap<String, Value>) {
    let responses = &mut operation.responses.responses;
    let anywhere = if is_data_plane {
        [errors::UnavailableError::responses(), errors::UnexpectedError::responses()]
    } else {
        [problems::Unavailable::responses(), problems::UnexpectedProblem::responses()]
    };
    for (status, response) in anywhere.into_iter().flatten() {
        responses.entry(status).or_insert(response);
    }
    if !responses.keys().any(|status| status.starts_with('4')) {
        responses.extend(components::referenced("400", MALFORMED));
    }
    for response in responses.values_mut() {
        with_common_headers(response);
        with_examples(response, examples);
    }
    if let Some(RefOr::T(RequestBody { content, .. })) = &mut operation.request_body {
        for content in content.values_mut() {
            left_out_is_not_null(content);
            with_example(content, examples);
        }
    }
}

/// A body that may be left out is derived as one that may be null; null is refused, though.
fn left_out_is_not_null(content: &mut RefOr<Content>) {
    let RefOr::T(Content { schema: Some(schema), .. }) = content else { return };
    let RefOr::T(Schema::OneOf(union)) = schema else { return };
    if let Some(form) = union.items.iter().find(|item| matches!(item, RefOr::Ref(_))) {
        *schema = form.clone();
    }
}

fn with_common_headers(response: &mut RefOr<Response>) {
    if let RefOr::T(response) = response {
        headers::attach(response, &[Carries::RequestId, Carries::CacheControl]);
    }
}

/// The examples of the schemas, by the way to refer to them.
fn examples(components: &Components) -> BTreeMap<String, Value> {
    let of = |schema: &RefOr<Schema>| match schema {
        RefOr::T(Schema::Object(object)) => object.example.clone().or_else(|| object.examples.first().cloned()),
        RefOr::T(Schema::OneOf(union)) => union.example.clone().or_else(|| union.examples.first().cloned()),
        _ => None,
    };
    let schemas = components.schemas.iter();
    schemas.filter_map(|(name, schema)| Some((format!("#/components/schemas/{name}"), of(schema)?))).collect()
}

fn with_examples(response: &mut RefOr<Response>, examples: &BTreeMap<String, Value>) {
    if let RefOr::T(response) = response {
        response.content.values_mut().for_each(|content| with_example(content, examples));
    }
}

/// Where a body has no example of its own, that of its schema.
fn with_example(content: &mut RefOr<Content>, examples: &BTreeMap<String, Value>) {
    let RefOr::T(content) = content else { return };
    if content.example.is_some() || !content.examples.is_empty() {
        return;
    }
    content.example = match &content.schema {
        Some(RefOr::Ref(reference)) => examples.get(&reference.ref_location).cloned(),
        Some(RefOr::T(Schema::Array(array))) => match &array.items {
            ArrayItems::RefOrSchema(item) => match &**item {
                RefOr::Ref(reference) => {
                    examples.get(&reference.ref_location).map(|item| Value::from(vec![item.clone()]))
                }
                RefOr::T(_) => None,
            },
            ArrayItems::False => None,
        },
        _ => None,
    };
}
