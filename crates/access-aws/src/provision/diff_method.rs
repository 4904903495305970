//! What is missing or different of one method and its integration.

use std::collections::BTreeMap;

use super::{
    found::{FoundIntegration, FoundMethod},
    step::{Does, MethodCalls, Patch, Reply, Step},
    surface::{MOCK_TEMPLATE, Method, MethodId, Proxy},
};

/// The step for this method, if it needs one.
pub(crate) fn step(id: &MethodId, wanted: &Method, found: Option<&FoundMethod>) -> Option<Step> {
    let (goal, has_key) = match wanted {
        Method::Proxy(proxy) => (format!("key required) to {}, streamed", proxy.uri), true),
        Method::Preflight(_) => ("CORS, no key)".to_owned(), false),
    };
    let line = format!("method {} {}", id.verb, id.path);
    let Some(found) = found else {
        let calls = MethodCalls {
            put: true,
            reply: (!has_key).then_some(Reply::Put),
            integration: true,
            integration_reply: !has_key,
            ..MethodCalls::default()
        };
        return Some(Step::add(format!("{line} ({goal}"), Does::Method(id.clone(), calls)));
    };
    let mut calls = MethodCalls::default();
    let mut changes = Vec::new();
    if found.key_required != has_key {
        changes.push(format!("apiKeyRequired: {} -> {has_key}", found.key_required));
        calls.patches.push(Patch::replace("/apiKeyRequired", has_key.to_string()));
    }
    if found.authorization != "NONE" {
        changes.push(format!("authorizationType: {} -> NONE", found.authorization));
        calls.patches.push(Patch::replace("/authorizationType", "NONE"));
    }
    match wanted {
        Method::Proxy(proxy) => proxy_changes(&id.verb, proxy, found, &mut changes, &mut calls),
        Method::Preflight(headers) => preflight_changes(headers, found, &mut changes, &mut calls),
    }
    let line = format!("{line} ({})", changes.join(", "));
    (!calls.is_empty()).then(|| Step::change(line, Does::Method(id.clone(), calls)))
}

fn proxy_changes(verb: &str, wanted: &Proxy, found: &FoundMethod, changes: &mut Vec<String>, calls: &mut MethodCalls) {
    for (name, required) in &wanted.parameters {
        if found.parameters.get(*name) != Some(required) {
            changes.push(format!("{name}: {required}"));
            calls.patches.push(Patch::add(format!("/requestParameters/{name}"), required.to_string()));
        }
    }
    let Some(integration) = &found.integration else {
        changes.push(format!("integration: none -> HTTP_PROXY to {}", wanted.uri));
        calls.integration = true;
        return;
    };
    let before = changes.len();
    differs(changes, "integration", Some(integration.kind.as_str()), "HTTP_PROXY");
    differs(changes, "httpMethod", integration.verb.as_deref(), verb);
    differs(changes, "uri", integration.uri.as_deref(), &wanted.uri);
    // These two are newer than the rest: where they aren't told, nothing is known, and nothing is claimed.
    if let Some(timeout) = integration.timeout.filter(|timeout| *timeout != wanted.timeout) {
        changes.push(format!("timeoutInMillis: {timeout} -> {}", wanted.timeout));
    }
    if let Some(mode) = integration.transfer.as_deref() {
        differs(changes, "responseTransferMode", Some(mode), "STREAM");
    }
    mapped_changes(wanted, integration, changes);
    calls.integration = changes.len() > before;
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
    headers: &BTreeMap<&'static str, String>,
    found: &FoundMethod,
    changes: &mut Vec<String>,
    calls: &mut MethodCalls,
) {
    let declared = found.reply_headers.as_ref();
    let is_declared = declared.is_some_and(|names| headers.keys().all(|name| names.contains(*name)));
    if !is_declared {
        changes.push("response 200: CORS headers".to_owned());
        calls.reply = Some(if declared.is_some() { Reply::Replace } else { Reply::Put });
    }
    let integration = found.integration.as_ref().filter(|integration| integration.kind == "MOCK");
    if integration.and_then(|integration| integration.template.as_deref()) != Some(MOCK_TEMPLATE) {
        changes.push("integration: MOCK".to_owned());
        calls.integration = true;
    }
    let replied = integration.and_then(|integration| integration.reply_headers.as_ref());
    let is_right = replied.is_some_and(|replied| {
        replied.len() == headers.len() && headers.iter().all(|(name, value)| replied.get(*name) == Some(value))
    });
    // Whatever is put anew below it takes its responses with it.
    if !is_right || calls.integration || calls.reply.is_some() {
        if !is_right {
            changes.push("CORS headers".to_owned());
        }
        calls.integration_reply = true;
    }
}

fn differs(changes: &mut Vec<String>, what: &str, found: Option<&str>, wanted: &str) {
    if found != Some(wanted) {
        changes.push(format!("{what}: {} -> {wanted}", found.unwrap_or("none")));
    }
}
