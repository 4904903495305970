//! Compares operations: what they are called, take, need and answer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::change::{Change, Way};
use super::schemas::Comparison;

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// All differences, each once.
pub(super) fn compare(old: &Value, new: &Value) -> BTreeSet<Change> {
    let mut comparison = Comparison::of(old, new);
    let (before, after) = (operations(old), operations(new));
    for (name, operation) in &before {
        match after.get(name) {
            Some(other) => operation_changes(&mut comparison, name, operation, other),
            None => comparison.note(true, name, "is gone"),
        }
    }
    for name in after.keys().filter(|name| !before.contains_key(*name)) {
        comparison.note(false, name, "is new");
    }
    comparison.into_changes()
}

/// An operation with what its path says for all.
struct Operation<'a> {
    own: &'a Value,
    document: &'a Value,
    path: &'a Value,
}

/// By method and path, parameters' names left out: they aren't on the wire.
fn operations(document: &Value) -> BTreeMap<String, Operation<'_>> {
    let mut all = BTreeMap::new();
    for (template, path) in document["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            if let Some(own) = path.get(method) {
                all.insert(format!("{} {template}", method.to_uppercase()), Operation { own, document, path });
            }
        }
    }
    all
}

fn operation_changes(comparison: &mut Comparison<'_>, at: &str, old: &Operation<'_>, new: &Operation<'_>) {
    let name = |operation: &Operation<'_>| operation.own["operationId"].as_str().unwrap_or_default().to_owned();
    if name(old) != name(new) {
        comparison.note(true, at, &format!("`{}` is now called `{}`", name(old), name(new)));
    }
    security(comparison, at, &old.security(), &new.security());
    parameters(comparison, at, old, new);
    request_body(comparison, at, old, new);
    answers(comparison, at, old, new);
}

impl<'a> Operation<'a> {
    /// The alternative ways to say who calls.
    fn security(&self) -> BTreeSet<String> {
        let own = self.own.get("security").or_else(|| self.document.get("security"));
        let words = |need: &Value| {
            let schemes: Vec<_> =
                need.as_object().into_iter().flat_map(Map::keys).map(|name| self.scheme(name)).collect();
            if schemes.is_empty() { "no credential".to_owned() } else { schemes.join(" and ") }
        };
        match own.and_then(Value::as_array) {
            Some(needs) if !needs.is_empty() => needs.iter().map(words).collect(),
            _ => BTreeSet::from(["no credential".to_owned()]),
        }
    }

    /// A way to say who calls: by where a key stands, if that is told, since names of schemes aren't on the wire.
    fn scheme(&self, name: &str) -> String {
        let scheme = &self.document["components"]["securitySchemes"][name];
        match (scheme["in"].as_str(), scheme["name"].as_str()) {
            (Some(place), Some(key)) => format!("the {place} `{key}`"),
            _ => name.to_owned(),
        }
    }

    /// By place and name.
    fn parameters(&self) -> BTreeMap<String, &'a Value> {
        let lists = [self.path.get("parameters"), self.own.get("parameters")];
        let all = lists.into_iter().flatten().filter_map(Value::as_array).flatten();
        let all = all.map(|parameter| self.resolved(parameter));
        all.map(|parameter| {
            let text = |name: &str| parameter[name].as_str().unwrap_or_default().to_owned();
            (format!("{} parameter `{}`", text("in"), text("name")), parameter)
        })
        .collect()
    }

    fn resolved(&self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.document.pointer(reference.trim_start_matches('#')).unwrap_or(value),
            None => value,
        }
    }

    /// A member's own members, each resolved.
    fn members(&self, of: &'a Value, name: &str) -> BTreeMap<&'a str, &'a Value> {
        let all = of.get(name).and_then(Value::as_object).into_iter().flatten();
        all.map(|(key, value)| (key.as_str(), self.resolved(value))).collect()
    }
}

fn security(comparison: &mut Comparison<'_>, at: &str, old: &BTreeSet<String>, new: &BTreeSet<String>) {
    for gone in old.difference(new) {
        comparison.note(true, at, &format!("can no longer be called with {gone}"));
    }
    for more in new.difference(old) {
        comparison.note(false, at, &format!("can be called with {more}"));
    }
}

fn parameters(comparison: &mut Comparison<'_>, at: &str, old: &Operation<'_>, new: &Operation<'_>) {
    let (before, after) = (old.parameters(), new.parameters());
    for (name, parameter) in &before {
        match after.get(name) {
            None => comparison.note(true, at, &format!("{name} is gone")),
            Some(other) => {
                required(comparison, at, name, parameter, other);
                comparison.schema(Way::Request, &format!("{at}: {name}"), &parameter["schema"], &other["schema"]);
            }
        }
    }
    for (name, parameter) in after.iter().filter(|(name, _)| !before.contains_key(*name)) {
        let needed = parameter["required"] == true;
        comparison.note(needed, at, &format!("{name} is new{}", if needed { " and required" } else { "" }));
    }
}

fn required(comparison: &mut Comparison<'_>, at: &str, name: &str, old: &Value, new: &Value) {
    match (old["required"] == true, new["required"] == true) {
        (false, true) => comparison.note(true, at, &format!("{name} is now required")),
        (true, false) => comparison.note(false, at, &format!("{name} is no longer required")),
        _ => {}
    }
}

fn request_body(comparison: &mut Comparison<'_>, at: &str, old: &Operation<'_>, new: &Operation<'_>) {
    let body = |operation: &Operation<'_>| operation.own.get("requestBody").is_some();
    match (body(old), body(new)) {
        (false, false) => {}
        (true, false) => comparison.note(true, at, "takes no body any more"),
        (false, true) => {
            let needed = new.resolved(&new.own["requestBody"])["required"] == true;
            comparison.note(needed, at, if needed { "needs a body" } else { "takes a body" });
        }
        (true, true) => {
            let [before, after] = [old, new].map(|operation| operation.resolved(&operation.own["requestBody"]));
            required(comparison, at, "the body", before, after);
            let (before, after) = (old.members(before, "content"), new.members(after, "content"));
            contents(comparison, Way::Request, &format!("{at}: body"), &before, &after);
        }
    }
}

fn answers(comparison: &mut Comparison<'_>, at: &str, old: &Operation<'_>, new: &Operation<'_>) {
    let (before, after) = (old.members(old.own, "responses"), new.members(new.own, "responses"));
    for (status, answer) in &before {
        let Some(other) = after.get(status) else {
            // An error that no longer comes breaks nobody.
            comparison.note(status.starts_with('2'), at, &format!("no longer answers {status}"));
            continue;
        };
        let at = format!("{at}: {status}");
        for (header, _) in old.members(answer, "headers") {
            if !new.members(other, "headers").contains_key(header) {
                comparison.note(true, &at, &format!("the header `{header}` is gone"));
            }
        }
        let (before, after) = (old.members(answer, "content"), new.members(other, "content"));
        contents(comparison, Way::Answer, &at, &before, &after);
    }
    for status in after.keys().filter(|status| !before.contains_key(*status)) {
        comparison.note(false, at, &format!("may answer {status}"));
    }
}

fn contents(
    comparison: &mut Comparison<'_>,
    way: Way,
    at: &str,
    old: &BTreeMap<&str, &Value>,
    new: &BTreeMap<&str, &Value>,
) {
    for (kind, content) in old {
        match new.get(kind) {
            None => comparison.note(true, at, &format!("{kind} is gone")),
            Some(other) => comparison.schema(way, at, &content["schema"], &other["schema"]),
        }
    }
    for kind in new.keys().filter(|kind| !old.contains_key(*kind)) {
        comparison.note(false, at, &format!("{kind} is new"));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A document with one operation, which takes a form and answers it.
    fn document(form: &Value) -> Value {
        let content = json!({"application/json": {"schema": {"$ref": "#/components/schemas/Form"}}});
        json!({
            "paths": {"/forms": {"post": {
                "operationId": "create_form", "security": [{"session": []}],
                "requestBody": {"required": true, "content": content},
                "responses": {"200": {"headers": {"x-one": {}}, "content": content}, "422": {}}}}},
            "components": {"schemas": {"Form": form}},
        })
    }

    fn form() -> Value {
        json!({"type": "object", "required": ["name"], "additionalProperties": false, "properties": {
            "name": {"type": "string", "maxLength": 64},
            "kind": {"enum": ["one", "two"]},
            "next": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Form"}]}}})
    }

    /// What a change of the operation or of the form breaks, and what it doesn't.
    #[track_caller]
    fn differs(change: impl Fn(&mut Value), breaking: &[&str], others: &[&str]) {
        let old = document(&form());
        let mut new = old.clone();
        change(&mut new);
        let told = |breaks: bool| -> Vec<String> {
            let changes = compare(&old, &new).into_iter().filter(|change| change.breaks == breaks);
            changes.map(|change| change.to_string()).collect()
        };
        assert_eq!(told(true), breaking);
        assert_eq!(told(false), others);
    }

    fn post(document: &mut Value) -> &mut Value {
        &mut document["paths"]["/forms"]["post"]
    }

    fn schema(document: &mut Value) -> &mut Value {
        &mut document["components"]["schemas"]["Form"]
    }

    fn no_member(of: &mut Value, name: &str) {
        of.as_object_mut().unwrap().remove(name).unwrap();
    }

    #[test]
    fn nothing_differs_from_itself() {
        differs(|_| {}, &[], &[]);
    }

    #[test]
    fn operations_come_without_harm_and_go_with() {
        differs(
            |document| document["paths"] = json!({"/others": {"get": {}}}),
            &["POST /forms: is gone"],
            &["GET /others: is new"],
        );
        differs(
            |document| post(document)["operationId"] = json!("make_form"),
            &["POST /forms: `create_form` is now called `make_form`"],
            &[],
        );
    }

    #[test]
    fn a_credential_that_is_no_longer_taken_breaks() {
        differs(
            |document| post(document)["security"] = json!([{"key": []}]),
            &["POST /forms: can no longer be called with session"],
            &["POST /forms: can be called with key"],
        );
    }

    #[test]
    fn a_new_parameter_breaks_when_it_is_required() {
        let parameter = |needed| json!([{"in": "query", "name": "from", "required": needed, "schema": {}}]);
        differs(
            |document| post(document)["parameters"] = parameter(true),
            &["POST /forms: query parameter `from` is new and required"],
            &[],
        );
        differs(
            |document| post(document)["parameters"] = parameter(false),
            &[],
            &["POST /forms: query parameter `from` is new"],
        );
    }

    #[test]
    fn an_answer_that_is_gone_breaks_unless_it_is_an_error() {
        differs(
            |document| {
                no_member(&mut post(document)["responses"], "422");
                no_member(&mut post(document)["responses"]["200"], "headers");
                post(document)["responses"]["429"] = json!({});
            },
            &["POST /forms: 200: the header `x-one` is gone"],
            &["POST /forms: may answer 429", "POST /forms: no longer answers 422"],
        );
        differs(
            |document| no_member(&mut post(document)["responses"], "200"),
            &["POST /forms: no longer answers 200"],
            &[],
        );
    }

    #[test]
    fn what_is_taken_may_grow_and_what_is_given_may_shrink() {
        differs(
            |document| schema(document)["properties"]["name"]["maxLength"] = json!(80),
            &["Form as it is answered: name: maxLength was 64 and is 80"],
            &["Form as it is sent: name: maxLength was 64 and is 80"],
        );
        differs(
            |document| schema(document)["properties"]["kind"]["enum"] = json!(["one"]),
            &[r#"Form as it is sent: kind: value was "one", "two" and is "one""#],
            &[r#"Form as it is answered: kind: value was "one", "two" and is "one""#],
        );
        differs(
            |document| schema(document)["required"] = json!([]),
            &["Form as it is answered: `name` is no longer always there"],
            &["Form as it is sent: `name` is no longer always there"],
        );
    }

    #[test]
    fn a_member_that_is_gone_breaks_and_a_new_one_only_when_it_must_be_sent() {
        differs(
            |document| no_member(&mut schema(document)["properties"], "kind"),
            &["Form as it is answered: `kind` is gone", "Form as it is sent: `kind` is gone"],
            &[],
        );
        differs(
            |document| {
                schema(document)["properties"]["label"] = json!({"type": "string"});
                schema(document)["required"] = json!(["name", "label"]);
            },
            &["Form as it is sent: `label` is new and required"],
            &["Form as it is answered: `label` is new"],
        );
    }

    #[test]
    fn an_object_that_closes_breaks_those_who_send_it() {
        let mut open = form();
        no_member(&mut open, "additionalProperties");
        let told: Vec<_> = compare(&document(&open), &document(&form())).into_iter().collect();
        assert_eq!(told.len(), 2);
        assert_eq!(told[1].to_string(), "Form as it is sent: takes fewer other members");
        assert!(told[1].breaks && !told[0].breaks);
    }

    #[test]
    fn another_variant_breaks_those_who_get_it() {
        differs(
            |document| {
                let next = schema(document)["properties"]["next"]["oneOf"].as_array_mut().unwrap();
                next.push(json!({"type": "string"}));
            },
            &["Form as it is answered: next: the variant string is new"],
            &["Form as it is sent: next: the variant string is new"],
        );
    }
}
