//! What the whole document keeps to.

use api_types::{
    ProblemCode,
    limits::{
        IDEMPOTENCY_KEY_MAX_BYTES, LIST_PART_MAX, PLAN_DESCRIPTION_MAX_CHARS, QUOTA_MAX, ROTATION_GRACE_MAX_SECONDS,
        THROTTLE_BURST_MAX, THROTTLE_RATE_MAX, THROTTLE_RATE_MIN,
    },
};
use serde_json::{Value, json};

use crate::openai_error::KINDS;

fn document() -> Value {
    serde_json::to_value(crate::document()).unwrap()
}

/// Every value in the document with the path that leads to it.
fn walk<'a>(value: &'a Value, path: &str, visit: &mut dyn FnMut(&str, &'a Value)) {
    visit(path, value);
    match value {
        Value::Object(object) => object.iter().for_each(|(name, value)| walk(value, &format!("{path}/{name}"), visit)),
        Value::Array(list) => {
            list.iter().enumerate().for_each(|(at, value)| walk(value, &format!("{path}/{at}"), visit))
        }
        _ => {}
    }
}

#[test]
fn the_document_tells_the_bounds_of_the_wire() {
    let document = document();
    let property = |schema: &str, name: &str| document["components"]["schemas"][schema]["properties"][name].clone();
    assert_eq!(property("RotateKey", "grace_seconds")["maximum"], ROTATION_GRACE_MAX_SECONDS);
    let parameter = |path: &str, method: &str| document["paths"][path][method]["parameters"][0]["schema"].clone();
    assert_eq!(parameter("/keys", "get")["maximum"], LIST_PART_MAX);
    assert_eq!(parameter("/create_key", "post")["maxLength"], IDEMPOTENCY_KEY_MAX_BYTES);
    assert_eq!(property("LimitedQuota", "limit")["maximum"], QUOTA_MAX);
    assert_eq!(property("LimitedQuota", "offset")["maximum"], api_types::Period::Month.max_offset());
    assert_eq!(property("Plan", "description")["maxLength"], PLAN_DESCRIPTION_MAX_CHARS);
    assert_eq!(property("Throttle", "burst")["maximum"], THROTTLE_BURST_MAX);
    assert_eq!(property("Throttle", "rate")["maximum"].as_f64(), Some(THROTTLE_RATE_MAX));
    assert_eq!(property("Throttle", "rate")["minimum"].as_f64(), Some(THROTTLE_RATE_MIN));
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut broken = Vec::new();
    walk(&document, "", &mut |path, value| {
        let reference = value.as_str().filter(|_| path.ends_with("/$ref")).and_then(|text| text.strip_prefix('#'));
        if reference.is_some_and(|reference| document.pointer(reference).is_none()) {
            broken.push(format!("{path}: {value}"));
        }
    });
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn every_operation_tells_an_error_and_what_else_may_come() {
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('4')), "{method} {path}");
            let default = if path.starts_with("/v1/") { "UnexpectedError" } else { "UnexpectedProblem" };
            let reference = format!("#/components/responses/{default}");
            assert_eq!(responses["default"], json!({"$ref": reference}), "{method} {path}");
        }
    }
}

#[test]
fn every_response_has_its_headers_and_an_example() {
    let document = document();
    let mut lacking = Vec::new();
    walk(&document, "", &mut |path, value| {
        let is_of_operation = path.rsplit_once("/responses/").is_some_and(|(_, status)| status.parse::<u16>().is_ok());
        let is_shared = path.rsplit_once('/').is_some_and(|(list, _)| list == "/components/responses");
        let is_reference = value.get("$ref").is_some();
        if !(is_of_operation || is_shared) || is_reference || path.ends_with("/MalformedRequest") {
            return;
        }
        if value["headers"]["x-request-id"].is_null() {
            lacking.push(format!("{path}: x-request-id"));
        }
        for (kind, content) in value["content"].as_object().into_iter().flatten() {
            if content.get("example").or(content.get("examples")).is_none() {
                lacking.push(format!("{path}: an example of {kind}"));
            }
        }
    });
    assert!(lacking.is_empty(), "{lacking:#?}");
}

#[test]
fn every_request_has_an_example() {
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let Some(content) = operation["requestBody"]["content"].as_object() else { continue };
            assert!(
                content.values().all(|kind| kind.get("example").or(kind.get("examples")).is_some()),
                "{method} {path}"
            );
        }
    }
}

#[test]
fn no_variant_of_a_union_is_nameless() {
    let document = document();
    let mut nameless = Vec::new();
    walk(&document["components"]["schemas"], "", &mut |path, value| {
        let variants = value.get("oneOf").and_then(Value::as_array).into_iter().flatten();
        if variants.filter(|variant| variant.get("properties").is_some()).count() > 0 {
            nameless.push(path.to_owned());
        }
    });
    assert!(nameless.is_empty(), "{nameless:#?}");
    let quota = &document["components"]["schemas"]["Quota"];
    assert_eq!(quota["discriminator"]["propertyName"], "kind");
    assert_eq!(quota["discriminator"]["mapping"]["limited"], "#/components/schemas/LimitedQuota");
}

#[test]
fn every_problem_code_is_told_with_an_example_of_its_own() {
    let document = document();
    let told = document["components"]["schemas"]["ProblemCode"]["enum"].as_array().unwrap();
    assert_eq!(told.len(), ProblemCode::ALL.len());
    let text = document["components"]["responses"].to_string();
    for code in ProblemCode::ALL.iter().copied() {
        let shown = serde_json::to_value(super::problems::shown(code)).unwrap();
        assert!(told.contains(&shown["code"]), "{code:?}");
        assert!(text.contains(&format!("\"code\":{}", shown["code"])), "{code:?} has no response");
    }
    for kind in KINDS {
        assert!(text.contains(&format!("\"code\":\"{}\"", kind.code)), "{} has no response", kind.code);
    }
}
