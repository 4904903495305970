//! What is different of the API itself, and what goes with it.

use super::{call::Call, patch::Patch, step::Step};
use crate::provision::{found::FoundApi, wanted::Wanted};

/// Makes it.
pub(super) fn create(wanted: &Wanted) -> Step {
    Step::add(format!("REST API {:?} (REGIONAL, key in x-api-key)", wanted.api_name), vec![Call::CreateApi])
}

/// Settings of the API itself.
pub(super) fn update(wanted: &Wanted, api: &FoundApi) -> Option<Step> {
    let mut changes = Vec::new();
    let mut patches = Vec::new();
    if api.name != wanted.api_name {
        changes.push(format!("name: {:?} -> {:?}", api.name, wanted.api_name));
        patches.push(Patch::replace("/name", wanted.api_name.as_str()));
    }
    if let Some(source) = api.key_source.as_deref().filter(|source| *source != "HEADER") {
        changes.push(format!("apiKeySource: {source} -> HEADER"));
        patches.push(Patch::replace("/apiKeySource", "HEADER"));
    }
    if let Some(kind) = api.endpoint_types.iter().find(|kind| *kind != "REGIONAL") {
        changes.push(format!("endpoint type: {kind} -> REGIONAL"));
        patches.push(Patch::replace(format!("/endpointConfiguration/types/{kind}"), "REGIONAL"));
    }
    if api.endpoint_disabled {
        changes.push("disableExecuteApiEndpoint: true -> false".to_owned());
        patches.push(Patch::replace("/disableExecuteApiEndpoint", "false"));
    }
    let line = format!("REST API {:?} ({})", wanted.api_name, changes.join(", "));
    (!patches.is_empty()).then(|| Step::change(line, vec![Call::UpdateApi(patches)]))
}

/// Takes it away.
pub(super) fn delete(api: &FoundApi) -> Step {
    let stages: Vec<&str> = api.stages.iter().map(|stage| stage.name.as_str()).collect();
    let stages = if stages.is_empty() { "none".to_owned() } else { stages.join(", ") };
    let line = format!("REST API {:?} ({}) with all its resources and deployments, stages: {stages}", api.name, api.id);
    Step::destroy(line, vec![Call::DeleteApi(api.id.clone())])
}
