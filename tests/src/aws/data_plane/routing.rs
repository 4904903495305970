//! Which method a path and a verb lead to: a literal part before a variable, a variable before a greedy one.

use serde_json::{Map, Value};

use crate::aws::account::{Resource, Surface};

/// The method found and what the path's variables hold, as they were sent.
pub(super) struct Route<'a> {
    pub(super) method: &'a Map<String, Value>,
    pub(super) variables: Vec<(String, String)>,
}

/// Finds a method; `path` is what follows the stage, without a slash before it.
pub(super) fn find<'a>(surface: &'a Surface, path: &str, verb: &str) -> Option<Route<'a>> {
    let root = surface.resources.values().find(|resource| resource.parent.is_none())?;
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let mut variables = Vec::new();
    let resource = descend(surface, root, &parts, &mut variables)?;
    let method = resource.methods.get(verb).or_else(|| resource.methods.get("ANY"))?;
    Some(Route { method, variables })
}

fn descend<'a>(
    surface: &'a Surface,
    at: &'a Resource,
    parts: &[&str],
    variables: &mut Vec<(String, String)>,
) -> Option<&'a Resource> {
    let Some((first, rest)) = parts.split_first() else {
        return (!at.methods.is_empty()).then_some(at);
    };
    let children = || surface.resources.values().filter(|child| child.parent.as_deref() == Some(at.id.as_str()));
    if let Some(literal) = children().find(|child| child.part == *first)
        && let Some(found) = descend(surface, literal, rest, variables)
    {
        return Some(found);
    }
    let (child, name, is_greedy) = children().find_map(|child| {
        let (name, is_greedy) = crate::aws::control::variable(&child.part)?;
        Some((child, name, is_greedy))
    })?;
    if is_greedy {
        variables.push((name.to_owned(), parts.join("/")));
        return Some(child);
    }
    variables.push((name.to_owned(), (*first).to_owned()));
    let found = descend(surface, child, rest, variables);
    if found.is_none() {
        variables.pop();
    }
    found
}
