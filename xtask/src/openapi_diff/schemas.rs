//! Compares schemas: whether fewer or more values are allowed than before.
//!
//! Named schemas are compared once for each way that they go, and are told by their name. What can't be told is taken
//! for a break: a schema that is put together in another way may be found though it means the same.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use serde_json::Value;

use super::change::{Allowed, Change, Way};

/// Bounds below, and above.
const LOWER: [&str; 5] = ["minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"];
const UPPER: [&str; 5] = ["maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"];
/// Rules that allow fewer values when they are there.
const RULES: [&str; 5] = ["pattern", "format", "multipleOf", "uniqueItems", "not"];

/// Two documents, and the differences found so far.
pub(super) struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    seen: HashSet<(String, String, Way)>,
    changes: BTreeSet<Change>,
}

impl<'a> Comparison<'a> {
    pub(super) fn of(old: &'a Value, new: &'a Value) -> Self {
        Self { old, new, seen: HashSet::new(), changes: BTreeSet::new() }
    }

    pub(super) fn note(&mut self, breaks: bool, at: &str, what: &str) {
        self.changes.insert(Change { breaks, at: at.to_owned(), what: what.to_owned() });
    }

    pub(super) fn into_changes(self) -> BTreeSet<Change> {
        self.changes
    }

    /// Compares two schemas of values that go this way.
    pub(super) fn schema(&mut self, way: Way, at: &str, old: &Value, new: &Value) {
        if old == new && old.get("$ref").is_none() && !old.to_string().contains("\"$ref\"") {
            return;
        }
        let mut at = at.to_owned();
        if let (Some(before), Some(after)) = (old["$ref"].as_str(), new["$ref"].as_str()) {
            if !self.seen.insert((before.to_owned(), after.to_owned(), way)) {
                return;
            }
            let name = before.rsplit('/').next().unwrap_or(before);
            let told = if way == Way::Request { "as it is sent" } else { "as it is answered" };
            at = format!("{name} {told}");
        }
        let (old, new) = (resolved(self.old, old), resolved(self.new, new));
        self.sets(way, &at, old, new);
        self.bounds(way, &at, old, new);
        self.properties(way, &at, old, new);
        self.additional(way, &at, old, new);
        if let (Some(before), Some(after)) = (old.get("items"), new.get("items")) {
            self.schema(way, &format!("{at}[]"), before, after);
        }
        for union in ["oneOf", "anyOf"] {
            self.variants(way, &at, union, old, new);
        }
        self.variants(way, &at, "allOf", old, new);
    }

    fn judge(&mut self, way: Way, at: &str, allowed: Option<Allowed>, what: &str) {
        if let Some(allowed) = allowed {
            self.note(allowed.breaks(way), at, what);
        }
    }

    /// Types, and lists of values.
    fn sets(&mut self, way: Way, at: &str, old: &Value, new: &Value) {
        for (name, set) in [("type", types as fn(&Value) -> Option<BTreeSet<String>>), ("value", values)] {
            let (before, after) = (set(old), set(new));
            let list = |set: &Option<BTreeSet<String>>| match set {
                Some(set) => set.iter().cloned().collect::<Vec<_>>().join(", "),
                None => "any".to_owned(),
            };
            let allowed = match (&before, &after) {
                (None, None) => None,
                (None, Some(_)) => Some(Allowed::Fewer),
                (Some(_), None) => Some(Allowed::More),
                (Some(one), Some(other)) => {
                    Allowed::by(one.difference(other).next().is_some(), other.difference(one).next().is_some())
                }
            };
            self.judge(way, at, allowed, &format!("{name} was {} and is {}", list(&before), list(&after)));
        }
    }

    fn bounds(&mut self, way: Way, at: &str, old: &Value, new: &Value) {
        for (names, more_when_greater) in [(LOWER, false), (UPPER, true)] {
            for name in names {
                let (before, after) = (old[name].as_f64(), new[name].as_f64());
                let allowed = match (before, after) {
                    (None, Some(_)) => Some(Allowed::Fewer),
                    (Some(_), None) => Some(Allowed::More),
                    (Some(one), Some(other)) if one < other => {
                        Some(if more_when_greater { Allowed::More } else { Allowed::Fewer })
                    }
                    (Some(one), Some(other)) if one > other => {
                        Some(if more_when_greater { Allowed::Fewer } else { Allowed::More })
                    }
                    _ => None,
                };
                self.judge(way, at, allowed, &rule(name, &old[name], &new[name]));
            }
        }
        for name in RULES {
            let allowed = match (old.get(name), new.get(name)) {
                (None, Some(_)) => Some(Allowed::Fewer),
                (Some(_), None) => Some(Allowed::More),
                (Some(one), Some(other)) if one != other => Some(Allowed::Others),
                _ => None,
            };
            self.judge(way, at, allowed, &rule(name, &old[name], &new[name]));
        }
    }

    fn properties(&mut self, way: Way, at: &str, old: &Value, new: &Value) {
        let (before, after) = (members(old), members(new));
        let (needed, needs) = (required(old), required(new));
        for (name, property) in &before {
            let Some(other) = after.get(name) else {
                self.note(true, at, &format!("`{name}` is gone"));
                continue;
            };
            self.schema(way, &format!("{at}: {name}"), property, other);
            let allowed = Allowed::by(
                needs.contains(name) && !needed.contains(name),
                needed.contains(name) && !needs.contains(name),
            );
            let now = if needs.contains(name) { "now always" } else { "no longer always" };
            self.judge(way, at, allowed, &format!("`{name}` is {now} there"));
        }
        for name in after.keys().filter(|name| !before.contains_key(*name)) {
            let needed = way == Way::Request && needs.contains(name);
            self.note(needed, at, &format!("`{name}` is new{}", if needed { " and required" } else { "" }));
        }
    }

    /// What an object may hold beside its properties. That an answer may hold more breaks nobody.
    fn additional(&mut self, way: Way, at: &str, old: &Value, new: &Value) {
        const NAME: &str = "additionalProperties";
        let rank = |schema: &Value| match &schema[NAME] {
            Value::Bool(false) => 0,
            Value::Object(_) => 1,
            _ => 2,
        };
        let (before, after) = (rank(old), rank(new));
        if (before, after) == (1, 1) {
            self.schema(way, &format!("{at}: any other member"), &old[NAME], &new[NAME]);
        } else if before != after && !(members(old).is_empty() && members(new).is_empty() && types(old) != types(new)) {
            let breaks = way == Way::Request && after < before;
            self.note(
                breaks,
                at,
                if after < before { "takes fewer other members" } else { "takes more other members" },
            );
        }
    }

    /// The parts of a union, or of what must hold all at once.
    fn variants(&mut self, way: Way, at: &str, union: &str, old: &Value, new: &Value) {
        let (before, after) = (variants(old, union), variants(new, union));
        let is_union = union != "allOf";
        for (name, variant) in &before {
            match after.get(name) {
                Some(other) => self.schema(way, &format!("{at}: {name}"), variant, other),
                None => {
                    let allowed = if is_union { Allowed::Fewer } else { Allowed::More };
                    self.judge(way, at, Some(allowed), &format!("the variant {name} is gone"));
                }
            }
        }
        for name in after.keys().filter(|name| !before.contains_key(*name)) {
            let allowed = if is_union { Allowed::More } else { Allowed::Fewer };
            self.judge(way, at, Some(allowed), &format!("the variant {name} is new"));
        }
    }
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap_or(schema),
        None => schema,
    }
}

fn types(schema: &Value) -> Option<BTreeSet<String>> {
    match &schema["type"] {
        Value::String(one) => Some(BTreeSet::from([one.clone()])),
        Value::Array(all) => Some(all.iter().filter_map(Value::as_str).map(str::to_owned).collect()),
        _ => None,
    }
}

fn values(schema: &Value) -> Option<BTreeSet<String>> {
    if let Some(only) = schema.get("const") {
        return Some(BTreeSet::from([only.to_string()]));
    }
    Some(schema["enum"].as_array()?.iter().map(Value::to_string).collect())
}

fn members(schema: &Value) -> BTreeMap<&str, &Value> {
    let all = schema["properties"].as_object().into_iter().flatten();
    all.map(|(name, property)| (name.as_str(), property)).collect()
}

fn required(schema: &Value) -> BTreeSet<&str> {
    schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect()
}

/// By what tells a variant from others.
fn variants<'a>(schema: &'a Value, union: &str) -> BTreeMap<String, &'a Value> {
    let name = |variant: &Value| {
        let reference = variant["$ref"].as_str().map(|text| text.rsplit('/').next().unwrap_or(text).to_owned());
        let title = || variant["title"].as_str().map(str::to_owned);
        let kind = || Some(types(variant)?.into_iter().collect::<Vec<_>>().join(" or "));
        reference.or_else(title).or_else(kind).unwrap_or_else(|| variant.to_string())
    };
    schema[union].as_array().into_iter().flatten().map(|variant| (name(variant), variant)).collect()
}

fn rule(name: &str, old: &Value, new: &Value) -> String {
    match (old.is_null(), new.is_null()) {
        (true, _) => format!("{name} is {new}"),
        (_, true) => format!("{name} was {old} and is gone"),
        _ => format!("{name} was {old} and is {new}"),
    }
}
