//! The same document in OpenAPI 3.0, for generators that don't read 3.1 yet: what JSON Schema says there in one way, 3.0
//! says in another, or not at all.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

/// Members whose values are data, not schemas.
const DATA: [&str; 4] = ["default", "enum", "example", "value"];

/// Keywords that 3.0 doesn't know.
const UNKNOWN: [&str; 4] = ["contentMediaType", "contentSchema", "contentEncoding", "propertyNames"];

/// The document in OpenAPI 3.0.
#[must_use]
pub fn of(mut document: Value) -> Value {
    let types = types(&document);
    change(&mut document, &types);
    drop_unused_schemas(&mut document);
    document["openapi"] = "3.0.3".into();
    if let Some(license) = document.pointer_mut("/info/license").and_then(Value::as_object_mut) {
        // 3.0 knows names and addresses of licences only.
        if let Some(name) = license.remove("identifier") {
            let name = name.as_str().unwrap_or_default();
            license.insert("url".to_owned(), format!("https://spdx.org/licenses/{name}.html").into());
        }
    }
    document
}

/// Drops what only a keyword that 3.0 doesn't know led to.
fn drop_unused_schemas(document: &mut Value) {
    loop {
        let mut used = BTreeSet::new();
        references(document, &mut used);
        let schemas = document.pointer_mut("/components/schemas").and_then(Value::as_object_mut);
        let Some(schemas) = schemas else { return };
        let before = schemas.len();
        schemas.retain(|name, _| used.contains(&format!("#/components/schemas/{name}")));
        if schemas.len() == before {
            return;
        }
    }
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(object) => {
            found.extend(object.get("$ref").and_then(Value::as_str).map(str::to_owned));
            object.values().for_each(|member| references(member, found));
        }
        _ => {}
    }
}

/// The type that each shared schema has, by the way to refer to it; none where it has several.
fn types(document: &Value) -> BTreeMap<String, String> {
    let schemas = document.pointer("/components/schemas").and_then(Value::as_object).into_iter().flatten();
    let typed = schemas.filter_map(|(name, schema)| Some((name, schema.get("type")?.as_str()?)));
    typed.map(|(name, kind)| (format!("#/components/schemas/{name}"), kind.to_owned())).collect()
}

fn change(value: &mut Value, types: &BTreeMap<String, String>) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| change(item, types)),
        Value::Object(object) => {
            for (name, member) in object.iter_mut().filter(|(name, _)| !DATA.contains(&name.as_str())) {
                match (name.as_str(), member) {
                    // Here names are an object's own, and no keywords.
                    ("properties", Value::Object(properties)) => {
                        properties.values_mut().for_each(|property| change(property, types))
                    }
                    // A list of examples is a schema's, and data; named ones hold theirs in `value`.
                    ("examples", Value::Array(_)) => {}
                    (_, member) => change(member, types),
                }
            }
            change_schema(object, types);
        }
        _ => {}
    }
}

/// What a schema says differently. None of these words means anything else where no schema stands.
fn change_schema(object: &mut Map<String, Value>, types: &BTreeMap<String, String>) {
    if object.get("$ref").is_some_and(Value::is_string) {
        // Beside a reference everything else would be ignored.
        object.retain(|name, _| name == "$ref");
        return;
    }
    UNKNOWN.iter().for_each(|name| drop(object.remove(*name)));
    if let Some(only) = object.remove("const") {
        object.insert("enum".to_owned(), json!([only]));
    }
    if let Some(Value::Array(mut examples)) = object.get("examples").cloned() {
        object.remove("examples");
        if !examples.is_empty() {
            object.insert("example".to_owned(), examples.remove(0));
        }
    }
    for (bound, name) in [("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")] {
        if let Some(limit) = object.get(name).filter(|limit| limit.is_number()).cloned() {
            object.insert(bound.to_owned(), limit);
            object.insert(name.to_owned(), true.into());
        }
    }
    without_null_type(object);
    for name in ["oneOf", "anyOf"] {
        without_null_variant(object, name, types);
    }
}

/// `type: [string, null]`.
fn without_null_type(object: &mut Map<String, Value>) {
    let Some(Value::Array(types)) = object.get("type") else { return };
    let (nulls, mut others): (Vec<Value>, Vec<Value>) = types.iter().cloned().partition(|kind| kind == "null");
    if others.len() == 1 {
        object.insert("type".to_owned(), others.remove(0));
    } else {
        object.remove("type");
        object.insert("anyOf".to_owned(), others.into_iter().map(|kind| json!({"type": kind})).collect());
    }
    if !nulls.is_empty() {
        object.insert("nullable".to_owned(), true.into());
    }
}

/// `oneOf: […, {type: null}]`. `nullable` counts only beside a type (OpenAPI 3.0.3, "nullable"): where there is none to tell,
/// null isn't told either, and such a field is left out instead.
fn without_null_variant(object: &mut Map<String, Value>, name: &str, types: &BTreeMap<String, String>) {
    let Some(Value::Array(variants)) = object.get_mut(name) else { return };
    let before = variants.len();
    variants.retain(|variant| variant.get("type").is_none_or(|kind| kind != "null"));
    if variants.len() == before {
        return;
    }
    let [only] = variants.as_slice() else { return };
    let only = only.clone();
    object.remove(name);
    match only.get("$ref").and_then(Value::as_str).and_then(|reference| types.get(reference)) {
        // Nothing may stand beside a reference.
        Some(kind) => {
            object.insert("type".to_owned(), kind.as_str().into());
            object.insert("allOf".to_owned(), json!([only]));
            object.insert("nullable".to_owned(), true.into());
        }
        None => *object = only.as_object().cloned().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(schema: Value) -> Value {
        let (used, other) = (json!({"$ref": "#/components/schemas/X"}), json!({"type": "object"}));
        let document = json!({"paths": {"/": used}, "components": {"schemas": {"X": schema, "Y": other}}});
        of(document)["components"]["schemas"]["X"].clone()
    }

    #[test]
    fn what_nothing_leads_to_is_left_out() {
        let used =
            json!({"properties": {"data": {"type": "string", "contentSchema": {"$ref": "#/components/schemas/Y"}}}});
        let document = json!({"paths": {"/": {"$ref": "#/components/schemas/X"}}, "components": {"schemas": {
            "X": used, "Y": {"items": {"$ref": "#/components/schemas/Z"}}, "Z": {"type": "string"},
        }}});
        let left = of(document)["components"]["schemas"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(left, ["X"]);
    }

    #[test]
    fn null_becomes_nullable() {
        let refer = json!({"$ref": "#/components/schemas/Y"});
        for (new, old) in [
            (
                json!({"type": ["string", "null"], "minLength": 1}),
                json!({"type": "string", "nullable": true, "minLength": 1}),
            ),
            (
                json!({"oneOf": [refer, {"type": "null"}]}),
                json!({"type": "object", "allOf": [refer], "nullable": true}),
            ),
            (json!({"oneOf": [{"$ref": "#/z"}, {"type": "null"}]}), json!({"$ref": "#/z"})),
            (
                json!({"anyOf": [refer, {"type": "string"}, {"type": "null"}]}),
                json!({"anyOf": [refer, {"type": "string"}]}),
            ),
            (json!({"type": ["string", "integer"]}), json!({"anyOf": [{"type": "string"}, {"type": "integer"}]})),
        ] {
            assert_eq!(changed(new), old);
        }
    }

    #[test]
    fn bounds_constants_and_examples_are_told_as_3_0_does() {
        for (new, old) in [
            (json!({"exclusiveMinimum": 0}), json!({"minimum": 0, "exclusiveMinimum": true})),
            (json!({"exclusiveMaximum": 9}), json!({"maximum": 9, "exclusiveMaximum": true})),
            (json!({"const": "a"}), json!({"enum": ["a"]})),
            (json!({"examples": ["a", "b"]}), json!({"example": "a"})),
            (
                json!({"type": "string", "contentMediaType": "application/json", "contentSchema": {}}),
                json!({"type": "string"}),
            ),
            (json!({"$ref": "#/x", "description": "said twice"}), json!({"$ref": "#/x"})),
        ] {
            assert_eq!(changed(new), old);
        }
    }

    #[test]
    fn data_stays_as_it_is() {
        let data = json!({"type": ["string", "null"], "const": 1, "$ref": "#/x", "y": null});
        let schema = json!({"type": "object", "example": data, "default": data, "enum": [data]});
        assert_eq!(changed(schema.clone()), schema);
        let named = json!({"properties": {"value": {"type": ["string", "null"]}, "type": {"type": "string"}}});
        let old = json!({"properties": {"value": {"type": "string", "nullable": true}, "type": {"type": "string"}}});
        assert_eq!(changed(named), old, "a property may be named like a keyword");
        let media = json!({"examples": {"one": {"summary": "s", "value": data}}});
        assert_eq!(of(json!({"content": media}))["content"], media);
    }

    #[test]
    fn the_whole_document_is_one_of_3_0() {
        let text = of(serde_json::to_value(crate::document()).unwrap()).to_string();
        for new in ["\"type\":[", "\"type\":\"null\"", "contentSchema", "propertyNames", "\"const\":", "identifier"] {
            assert!(!text.contains(new), "{new}");
        }
        assert!(text.contains("\"openapi\":\"3.0.3\"") && text.contains("\"nullable\":true"));
    }
}
