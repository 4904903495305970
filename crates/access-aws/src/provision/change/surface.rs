//! What is missing or different of resources, methods and gateway responses.

use super::{call::Call, method, step::Step};
use crate::provision::{
    found::{FoundGatewayResponse, FoundMethod, FoundSurface},
    wanted::{
        Credential, GatewayResponse,
        surface::{Mapped, Method, MethodId, Surface},
    },
};

/// Resources, methods and gateway responses.
pub(super) fn steps(surface: &Surface, found: &FoundSurface) -> Vec<Step> {
    let mut steps = Vec::new();
    for path in surface.resources.iter().filter(|path| !found.resources.contains_key(*path)) {
        steps.push(Step::add(format!("resource {path}"), vec![Call::CreateResource(path.clone())]));
    }
    for (id, wanted) in &surface.methods {
        steps.extend(method::step(id, wanted, found.methods.get(id)));
    }
    let gone: Vec<&String> = found.resources.keys().filter(|path| !surface.resources.contains(*path)).collect();
    let lies_below_gone = |path: &str| {
        gone.iter().any(|above| path.strip_prefix(above.as_str()).is_some_and(|rest| rest.starts_with('/')))
    };
    for id in found.methods.keys().filter(|id| !surface.methods.contains_key(*id)) {
        if !lies_below_gone(&id.path) && !gone.contains(&&id.path) {
            steps.push(Step::destroy(format!("method {} {}", id.verb, id.path), vec![Call::DeleteMethod(id.clone())]));
        }
    }
    for path in gone.iter().filter(|path| !lies_below_gone(path)) {
        let line = format!("resource {path} and all below it");
        steps.push(Step::destroy(line, vec![Call::DeleteResource((*path).clone())]));
    }
    for (kind, wanted) in &surface.gateway_responses {
        let (line, calls) = (format!("gateway response {kind}"), vec![Call::PutGatewayResponse(kind)]);
        match found.gateway_responses.get(*kind).map(|found| response_changes(wanted, found)) {
            None => steps.push(Step::add(line, calls)),
            Some(changes) if changes.is_empty() => {}
            Some(changes) => steps.push(Step::change(format!("{line} ({})", changes.join(", ")), calls)),
        }
    }
    let gone = found.gateway_responses.keys().filter(|kind| !surface.gateway_responses.contains_key(kind.as_str()));
    for kind in gone {
        let line = format!("gateway response {kind}, back to AWS's own");
        steps.push(Step::destroy(line, vec![Call::DeleteGatewayResponse(kind.clone())]));
    }
    steps
}

/// Methods that must not go live as they are: those that ask for no key, hand the caller's on, or aren't ours.
pub(crate) fn unsafe_methods(surface: &Surface, found: &FoundSurface) -> Vec<String> {
    let is_safe = |id: &MethodId, found: &FoundMethod| match surface.methods.get(id) {
        None => false,
        Some(Method::Preflight(_)) => found.integration.as_ref().is_none_or(|i| i.kind == "MOCK"),
        Some(Method::Proxy(proxy)) => {
            let is_mapped = |name: &str| {
                let found = found.integration.as_ref().and_then(|integration| integration.mapped.get(name));
                found.map(Credential::reveal) == proxy.mapped.get(name).map(Mapped::text).as_deref().map(String::as_str)
            };
            found.key_required && proxy.mapped.keys().all(|name| is_mapped(name))
        }
    };
    let left = found.methods.iter().filter(|(id, found)| !is_safe(id, found));
    left.map(|(id, _)| format!("method {} {}", id.verb, id.path)).collect()
}

fn response_changes(wanted: &GatewayResponse, found: &FoundGatewayResponse) -> Vec<String> {
    let mut changes = Vec::new();
    if wanted.status != found.status.as_deref() {
        let shown = |status: Option<&str>| status.unwrap_or("AWS's own").to_owned();
        changes.push(format!("status: {} -> {}", shown(found.status.as_deref()), shown(wanted.status)));
    }
    if wanted.parameters != found.parameters {
        changes.push("headers".to_owned());
    }
    if Some(&wanted.template) != found.template.as_ref() {
        changes.push("body".to_owned());
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::{
        found::Found,
        samples,
        wanted::surface::{API_KEY, IDEMPOTENCY_KEY},
    };

    fn method(found: &mut Found) -> &mut FoundMethod {
        let id = MethodId { path: "/v1/{proxy+}".to_owned(), verb: "ANY".to_owned() };
        found.api.as_mut().unwrap().surface.methods.get_mut(&id).unwrap()
    }

    #[test]
    fn what_lets_people_past_the_keys_must_not_go_live() {
        let surface = Surface::of(&samples::wanted());
        let left = |change: fn(&mut Found)| {
            let mut found = samples::found(&samples::wanted());
            change(&mut found);
            unsafe_methods(&surface, &found.api.unwrap().surface)
        };
        assert_eq!(left(|_| ()), [""; 0]);
        assert_eq!(left(|found| method(found).key_required = false), ["method ANY /v1/{proxy+}"]);
        assert_eq!(left(|found| method(found).integration = None), ["method ANY /v1/{proxy+}"]);
        assert_eq!(
            left(|found| drop(method(found).integration.as_mut().unwrap().mapped.remove(API_KEY))),
            ["method ANY /v1/{proxy+}"]
        );
        let stale = |found: &mut Found| {
            let shared = Credential::new("'one for all'");
            method(found).integration.as_mut().unwrap().mapped.insert(IDEMPOTENCY_KEY.to_owned(), shared);
        };
        assert_eq!(left(stale), ["method ANY /v1/{proxy+}"]);
        let foreign = |found: &mut Found| {
            let id = MethodId { path: "/".to_owned(), verb: "GET".to_owned() };
            found
                .api
                .as_mut()
                .unwrap()
                .surface
                .methods
                .insert(id, FoundMethod { key_required: true, ..FoundMethod::default() });
        };
        assert_eq!(left(foreign), ["method GET /"]);
    }
}
