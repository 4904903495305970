//! What is missing or different of one method and its integration.

use std::collections::BTreeMap;

use super::{call::Call, patch::Patch, step::Step};
use crate::provision::{
    found::{FoundIntegration, FoundMethod},
    wanted::surface::{MOCK_TEMPLATE, Method, MethodId, Proxy},
};

/// The step for this method, if it needs one.
pub(super) fn step(id: &MethodId, wanted: &Method, found: Option<&FoundMethod>) -> Option<Step> {
    let (goal, has_key) = match wanted {
        Method::Proxy(proxy) => (format!("key required) to {}, streamed", proxy.uri), true),
        Method::Preflight(_) => ("CORS, no key)".to_owned(), false),
    };
    let line = format!("method {} {}", id.verb, id.path);
    let Some(found) = found else {
        let mut calls = vec![Call::PutMethod(id.clone())];
        if has_key {
            calls.push(Call::PutIntegration(id.clone()));
        } else {
            let all = [Call::PutMethodResponse, Call::PutIntegration, Call::PutIntegrationResponse];
            calls.extend(all.map(|call| call(id.clone())));
        }
        return Some(Step::add(format!("{line} ({goal}"), calls));
    };
    let mut changes = Vec::new();
    let mut patches = Vec::new();
    if found.key_required != has_key {
        changes.push(format!("apiKeyRequired: {} -> {has_key}", found.key_required));
        patches.push(Patch::replace("/apiKeyRequired", has_key.to_string()));
    }
    if found.authorization != "NONE" {
        changes.push(format!("authorizationType: {} -> NONE", found.authorization));
        patches.push(Patch::replace("/authorizationType", "NONE"));
    }
    let rest = match wanted {
        Method::Proxy(proxy) => {
            parameter_changes(proxy, found, &mut changes, &mut patches);
            proxy_changes(id, proxy, found, &mut changes)
        }
        Method::Preflight(headers) => preflight_changes(id, headers, found, &mut changes),
    };
    let update = (!patches.is_empty()).then(|| Call::UpdateMethod(id.clone(), patches));
    // The key first: at no moment is there a method that passes requests on without one.
    let calls: Vec<Call> = update.into_iter().chain(rest).collect();
    let line = format!("{line} ({})", changes.join(", "));
    (!calls.is_empty()).then(|| Step::change(line, calls))
}

fn parameter_changes(wanted: &Proxy, found: &FoundMethod, changes: &mut Vec<String>, patches: &mut Vec<Patch>) {
    for (name, required) in &wanted.parameters {
        if found.parameters.get(*name) != Some(required) {
            changes.push(format!("{name}: {required}"));
            patches.push(Patch::add(format!("/requestParameters/{name}"), required.to_string()));
        }
    }
}

fn proxy_changes(id: &MethodId, wanted: &Proxy, found: &FoundMethod, changes: &mut Vec<String>) -> Vec<Call> {
    let before = changes.len();
    match &found.integration {
        None => changes.push(format!("integration: none -> HTTP_PROXY to {}", wanted.uri)),
        Some(integration) => integration_changes(&id.verb, wanted, integration, changes),
    }
    let is_right = changes.len() == before;
    if is_right { Vec::new() } else { vec![Call::PutIntegration(id.clone())] }
}

fn integration_changes(verb: &str, wanted: &Proxy, found: &FoundIntegration, changes: &mut Vec<String>) {
    differs(changes, "integration", Some(found.kind.as_str()), "HTTP_PROXY");
    differs(changes, "httpMethod", found.verb.as_deref(), verb);
    differs(changes, "uri", found.uri.as_deref(), &wanted.uri);
    // These two are newer than the rest: where they aren't told, nothing is known, and nothing is claimed.
    if let Some(timeout) = found.timeout.filter(|timeout| *timeout != wanted.timeout) {
        changes.push(format!("timeoutInMillis: {timeout} -> {}", wanted.timeout));
    }
    if let Some(mode) = found.transfer.as_deref() {
        differs(changes, "responseTransferMode", Some(mode), "STREAM");
    }
    mapped_changes(wanted, found, changes);
}

/// What is mapped may be a secret on either side, so only names are shown.
fn mapped_changes(wanted: &Proxy, found: &FoundIntegration, changes: &mut Vec<String>) {
    for (name, value) in &wanted.mapped {
        let short = name.trim_start_matches("integration.request.");
        match found.mapped.get(*name) {
            None => changes.push(format!("{short}: none -> set (sensitive)")),
            Some(found) if found.reveal() != value.text().as_str() => {
                changes.push(format!("{short} (sensitive, changed)"));
            }
            Some(_) => {}
        }
    }
    for name in found.mapped.keys().filter(|name| !wanted.mapped.contains_key(name.as_str())) {
        let short = name.trim_start_matches("integration.request.");
        changes.push(format!("{short}: set (sensitive) -> none"));
    }
}

fn preflight_changes(
    id: &MethodId,
    headers: &BTreeMap<&'static str, String>,
    found: &FoundMethod,
    changes: &mut Vec<String>,
) -> Vec<Call> {
    let mut calls = Vec::new();
    let declared = found.reply_headers.as_ref();
    if !declared.is_some_and(|names| headers.keys().all(|name| names.contains(*name))) {
        changes.push("response 200: CORS headers".to_owned());
        // It can be made but not overwritten.
        calls.extend(declared.map(|_| Call::DeleteMethodResponse(id.clone())));
        calls.push(Call::PutMethodResponse(id.clone()));
    }
    let integration = found.integration.as_ref().filter(|integration| integration.kind == "MOCK");
    if integration.and_then(|integration| integration.template.as_deref()) != Some(MOCK_TEMPLATE) {
        changes.push("integration: MOCK".to_owned());
        calls.push(Call::PutIntegration(id.clone()));
    }
    let replied = integration.and_then(|integration| integration.reply_headers.as_ref());
    let is_right = replied.is_some_and(|replied| {
        replied.len() == headers.len() && headers.iter().all(|(name, value)| replied.get(*name) == Some(value))
    });
    if !is_right {
        changes.push("CORS headers".to_owned());
    }
    // Whatever is put anew below it takes its responses with it.
    if !is_right || !calls.is_empty() {
        calls.push(Call::PutIntegrationResponse(id.clone()));
    }
    calls
}

fn differs(changes: &mut Vec<String>, what: &str, found: Option<&str>, wanted: &str) {
    if found != Some(wanted) {
        changes.push(format!("{what}: {} -> {wanted}", found.unwrap_or("none")));
    }
}
