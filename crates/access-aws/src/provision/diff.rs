//! The steps from what there is to what is wanted. Pure.

use super::{
    credential::Credential,
    diff_method, diff_plans,
    found::{Found, FoundApi, FoundMethod, FoundRefusal, FoundStage},
    refusals::Refusal,
    step::{Does, OperatorKeyStep, Patch, Step},
    surface::{DEPLOYMENT_MARK, Mapped, Method, MethodId, Surface},
    wanted::Wanted,
};

/// All steps, in the order in which they are made: nothing goes live before it is whole, and nothing that is live is
/// taken away before its successor is.
pub(crate) fn steps(wanted: &Wanted, surface: &Surface, found: &Found, operator_plan: Option<&str>) -> Vec<Step> {
    let nothing = FoundApi::default();
    let api = found.api.as_ref().unwrap_or(&nothing);
    let mut steps = Vec::new();
    if found.api.is_none() {
        let line = format!("REST API {:?} (REGIONAL, key in x-api-key)", wanted.api_name);
        steps.push(Step::add(line, Does::CreateApi));
    } else {
        steps.extend(api_step(wanted, api));
    }
    steps.extend(surface_steps(surface, api));
    let live = live(wanted, surface, api);
    steps.extend(live.before_plans);
    let operator_key = operator_plan.and_then(|plan| operator_key_step(wanted, found, plan));
    let moved = operator_key.as_ref().and_then(Step::moved_key);
    let (kept, left) = diff_plans::steps(wanted, found, moved);
    steps.extend(kept);
    steps.extend(live.after_plans);
    // Before the plans that go, of which it may be the last key.
    steps.extend(operator_key);
    steps.extend(left);
    steps
}

/// Settings of the API itself.
fn api_step(wanted: &Wanted, api: &FoundApi) -> Option<Step> {
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
    (!patches.is_empty()).then(|| Step::change(line, Does::UpdateApi(patches)))
}

/// Resources, methods and gateway responses.
pub(crate) fn surface_steps(surface: &Surface, api: &FoundApi) -> Vec<Step> {
    let mut steps = Vec::new();
    for path in surface.resources.iter().filter(|path| !api.resources.contains_key(*path)) {
        steps.push(Step::add(format!("resource {path}"), Does::CreateResource(path.clone())));
    }
    for (id, method) in &surface.methods {
        steps.extend(diff_method::step(id, method, api.methods.get(id)));
    }
    let gone: Vec<&String> = api.resources.keys().filter(|path| !surface.resources.contains(*path)).collect();
    let lies_below_gone = |path: &str| {
        gone.iter().any(|above| path.strip_prefix(above.as_str()).is_some_and(|rest| rest.starts_with('/')))
    };
    for id in api.methods.keys().filter(|id| !surface.methods.contains_key(*id)) {
        if !lies_below_gone(&id.path) && !gone.contains(&&id.path) {
            steps.push(Step::destroy(format!("method {} {}", id.verb, id.path), Does::DeleteMethod(id.clone())));
        }
    }
    for path in gone.iter().filter(|path| !lies_below_gone(path)) {
        let line = format!("resource {path} and all below it");
        steps.push(Step::destroy(line, Does::DeleteResource((*path).clone())));
    }
    for (kind, wanted) in &surface.refusals {
        let line = format!("gateway response {kind}");
        match api.refusals.get(*kind).map(|found| refusal_changes(wanted, found)) {
            None => steps.push(Step::add(line, Does::SetRefusal(kind))),
            Some(changes) if changes.is_empty() => {}
            Some(changes) => {
                steps.push(Step::change(format!("{line} ({})", changes.join(", ")), Does::SetRefusal(kind)));
            }
        }
    }
    for kind in api.refusals.keys().filter(|kind| !surface.refusals.contains_key(kind.as_str())) {
        let line = format!("gateway response {kind}, back to AWS's own");
        steps.push(Step::destroy(line, Does::ResetRefusal(kind.clone())));
    }
    steps
}

/// Methods that must not go live as they are: those that ask for no key, hand the caller's on, or aren't ours.
pub(crate) fn unsafe_methods(surface: &Surface, api: &FoundApi) -> Vec<String> {
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
    let left = api.methods.iter().filter(|(id, found)| !is_safe(id, found));
    left.map(|(id, _)| format!("method {} {}", id.verb, id.path)).collect()
}

fn refusal_changes(wanted: &Refusal, found: &FoundRefusal) -> Vec<String> {
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

/// What brings the surface to people.
#[derive(Default)]
struct Live {
    before_plans: Vec<Step>,
    /// What is no longer needed then.
    after_plans: Vec<Step>,
}

fn live(wanted: &Wanted, surface: &Surface, api: &FoundApi) -> Live {
    let mut live = Live::default();
    let stage = api.stages.iter().find(|stage| stage.name == wanted.stage);
    let has_our_mark = |id: &str| api.deployments.iter().any(|d| d.id == id && d.description == surface.mark);
    // A deployment is a picture: one with the right hash is right, whatever happened to the methods since.
    let right = stage
        .map(|stage| stage.deployment_id.as_str())
        .filter(|id| has_our_mark(id))
        .or_else(|| api.deployments.iter().find(|d| d.description == surface.mark).map(|d| d.id.as_str()));
    if right.is_none() {
        live.before_plans.push(Step::add(format!("deployment {}", short(&surface.mark)), Does::Deploy));
    }
    let target = right.map(str::to_owned);
    let shown = right.unwrap_or("the new one");
    match stage {
        None => {
            let line = format!("stage {:?}", wanted.stage);
            live.before_plans.push(Step::add(line, Does::CreateStage(target.clone())));
        }
        Some(stage) if Some(stage.deployment_id.as_str()) != right => {
            let was = api.deployments.iter().find(|d| d.id == stage.deployment_id);
            let was = was
                .filter(|d| d.description.starts_with(DEPLOYMENT_MARK))
                .map_or("not ours", |d| short(&d.description));
            let line = format!("stage {:?} (deployment: {} ({was}) -> {shown})", wanted.stage, stage.deployment_id);
            live.before_plans.push(Step::change(line, Does::MoveStage(target.clone())));
        }
        Some(_) => {}
    }
    let leaves = |stage: &&FoundStage| stage.is_ours && stage.name != wanted.stage;
    for stage in api.stages.iter().filter(leaves) {
        live.after_plans.push(Step::destroy(format!("stage {:?}", stage.name), Does::DeleteStage(stage.name.clone())));
    }
    for deployment in api.deployments.iter().filter(|d| Some(d.id.as_str()) != right) {
        // Someone's own stage of our API keeps its deployment.
        let is_used = api
            .stages
            .iter()
            .any(|stage| !leaves(&stage) && stage.name != wanted.stage && stage.deployment_id == deployment.id);
        if !is_used {
            let line = format!("deployment {} {}", deployment.id, short(&deployment.description));
            live.after_plans.push(Step::destroy(line.trim_end(), Does::DeleteDeployment(deployment.id.clone())));
        }
    }
    live
}

/// The hash as people can compare it.
fn short(mark: &str) -> &str {
    mark.get(..DEPLOYMENT_MARK.len() + 12).unwrap_or(mark)
}

fn operator_key_step(wanted: &Wanted, found: &Found, plan: &str) -> Option<Step> {
    let name = super::operator_key::name(&wanted.api_name);
    let mut step = OperatorKeyStep { plan: plan.to_owned(), ..OperatorKeyStep::default() };
    let line = format!("API key {name:?} on plan {plan:?} (value shown once)");
    let Some(key) = &found.operator_key else { return Some(Step::add(line, Does::OperatorKey(step))) };
    let ours = |id: &&String| found.plans.iter().any(|p| p.id == **id);
    let is_on = |id: &String| found.plans.iter().any(|p| p.id == *id && diff_plans::is_for(p, plan));
    if key.plan_ids.iter().any(is_on) {
        return None;
    }
    if key.plan_ids.is_empty() {
        step.unfinished = Some(key.id.clone());
        return Some(Step::add(line, Does::OperatorKey(step)));
    }
    // What somebody else put it on stays as it is.
    step.moved = Some((key.id.clone(), key.plan_ids.iter().filter(ours).cloned().collect()));
    Some(Step::change(format!("API key {name:?} (plan: another -> {plan:?})"), Does::OperatorKey(step)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        marks,
        provision::{
            found::{FoundDeployment, FoundKey, FoundOperatorKey, FoundPlan},
            plan::Plan,
            samples,
            surface::{API_KEY, AUTHORIZATION, IDEMPOTENCY_KEY},
        },
    };

    /// The lines after something happened to what was as wanted.
    fn lines(change: impl FnOnce(&mut Found)) -> Vec<String> {
        lines_of(&samples::wanted(), None, change)
    }

    fn lines_of(wanted: &Wanted, operator: Option<&str>, change: impl FnOnce(&mut Found)) -> Vec<String> {
        let mut found = samples::found(&samples::wanted());
        change(&mut found);
        let steps = steps(wanted, &Surface::of(wanted), &found, operator);
        steps.iter().map(|step| format!("{} {}", step.sign.text(), step.line)).collect()
    }

    fn api(found: &mut Found) -> &mut FoundApi {
        found.api.as_mut().unwrap()
    }

    fn method(found: &mut Found) -> &mut FoundMethod {
        let id = MethodId { path: "/v1/{proxy+}".to_owned(), verb: "ANY".to_owned() };
        api(found).methods.get_mut(&id).unwrap()
    }

    #[test]
    fn nothing_is_done_where_all_is_as_wanted() {
        assert_eq!(lines(|_| ()), [""; 0]);
        let plan = Plan::new(Vec::new(), Vec::new(), None, false);
        assert_eq!(plan.to_string(), "No changes. The API is as configured.\n");
    }

    #[test]
    fn from_nothing_all_is_added_and_the_estimate_knows_the_rates() {
        let wanted = samples::wanted();
        let all = steps(&wanted, &Surface::of(&wanted), &Found::default(), Some("10RequestPerDay"));
        let plan = Plan::new(all, Vec::new(), None, false);
        assert_eq!(plan.summary(), "Plan: 26 to add, 0 to change, 0 to destroy.");
        assert!((5..30).contains(&plan.estimate().as_secs()), "{:?}", plan.estimate());
        assert!(!plan.to_string().contains(samples::CREDENTIAL));
    }

    #[test]
    fn what_aws_does_not_tell_is_no_difference() {
        let silent = lines(|found| {
            let integration = method(found).integration.as_mut().unwrap();
            (integration.timeout, integration.transfer) = (None, None);
            api(found).key_source = None;
            api(found).endpoint_types.clear();
        });
        assert_eq!(silent, [""; 0]);
    }

    #[test]
    fn an_open_method_is_closed_without_a_new_deployment() {
        let said = lines(|found| method(found).key_required = false);
        assert_eq!(said, ["~ method ANY /v1/{proxy+} (apiKeyRequired: false -> true)"]);
    }

    #[test]
    fn what_lets_people_past_the_keys_must_not_go_live() {
        let surface = Surface::of(&samples::wanted());
        let left = |change: fn(&mut Found)| {
            let mut found = samples::found(&samples::wanted());
            change(&mut found);
            unsafe_methods(&surface, found.api.as_ref().unwrap())
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
            api(found).methods.insert(id, FoundMethod { key_required: true, ..FoundMethod::default() });
        };
        assert_eq!(left(foreign), ["method GET /"]);
    }

    #[test]
    fn headers_are_shown_by_name_only() {
        let said = lines(|found| {
            let mapped = &mut method(found).integration.as_mut().unwrap().mapped;
            mapped.insert(AUTHORIZATION.to_owned(), Credential::new("'Bearer sekret'"));
            mapped.insert("integration.request.header.x".to_owned(), Credential::new("'sekret'"));
        });
        assert_eq!(
            said,
            [
                "~ method ANY /v1/{proxy+} (header.Authorization (sensitive, changed), header.x: set (sensitive) -> none)"
            ]
        );
    }

    #[test]
    fn a_deployment_of_the_wanted_surface_is_used_again() {
        let said = lines(|found| {
            let other = FoundDeployment { id: "deployment2".to_owned(), description: "by hand".to_owned() };
            api(found).deployments.push(other);
            api(found).stages[0].deployment_id = "deployment2".to_owned();
        });
        assert_eq!(
            said,
            [
                "~ stage \"live\" (deployment: deployment2 (not ours) -> deployment1)",
                "- deployment deployment2 by hand"
            ]
        );
    }

    #[test]
    fn somebodys_own_stage_of_our_api_keeps_its_deployment() {
        let said = lines(|found| {
            let other = FoundDeployment { id: "deployment2".to_owned(), description: String::new() };
            api(found).deployments.push(other);
            let stage = FoundStage { name: "mine".to_owned(), deployment_id: "deployment2".to_owned(), is_ours: false };
            api(found).stages.push(stage);
        });
        assert_eq!(said, [""; 0]);
    }

    #[test]
    fn plans_made_twice_become_one() {
        let twice = |keys: &[&str]| {
            let keys: Vec<FoundKey> = keys.iter().map(|id| FoundKey { id: (*id).to_owned() }).collect();
            lines(|found| {
                let second = FoundPlan { id: "twin".to_owned(), keys: Some(keys), ..found.plans[0].clone() };
                found.plans.push(second);
            })
        };
        assert_eq!(twice(&[]), ["- usage plan \"10RequestPerDay\""]);
        assert_eq!(twice(&["k"]), ["~ usage plan \"10RequestPerDay\" (no new keys; its 1 key goes on working)"]);
    }

    #[test]
    fn the_operators_key_is_made_finished_or_moved() {
        let wanted = samples::wanted();
        let said = |key: Option<&[&str]>| {
            lines_of(&wanted, Some("10RequestPerDay"), |found| {
                found.operator_key = key.map(|plans| FoundOperatorKey {
                    id: "key1".to_owned(),
                    plan_ids: plans.iter().map(|id| (*id).to_owned()).collect(),
                });
            })
        };
        assert_eq!(said(Some(&["plan0"])), [""; 0]);
        assert!(said(None)[0].starts_with("+ API key \"tollgate/tollgate/operator\""));
        assert!(said(Some(&[]))[0].starts_with("+ API key"));
        assert!(said(Some(&["plan1"]))[0].starts_with("~ API key"));
    }

    #[test]
    fn a_plan_goes_when_its_last_key_was_the_operators_and_moves() {
        let mut wanted = samples::wanted();
        wanted.plans.remove(1);
        let said = lines_of(&wanted, Some("10RequestPerDay"), |found| {
            found.plans[1].keys = Some(vec![FoundKey { id: "key1".to_owned() }]);
            found.operator_key = Some(FoundOperatorKey { id: "key1".to_owned(), plan_ids: vec!["plan1".to_owned()] });
        });
        assert!(said[0].starts_with("~ API key") && said.len() == 2, "{said:?}");
        assert_eq!(said[1], "- usage plan \"20RequestPerDay\"");
    }

    #[test]
    fn the_operators_key_leaves_our_plans_only() {
        let wanted = samples::wanted();
        let moved = |plan_ids: &[&str]| {
            let mut found = samples::found(&wanted);
            let plan_ids = plan_ids.iter().map(|id| (*id).to_owned()).collect();
            found.operator_key = Some(FoundOperatorKey { id: "key1".to_owned(), plan_ids });
            let steps = steps(&wanted, &Surface::of(&wanted), &found, Some("10RequestPerDay"));
            let [Step { does: Does::OperatorKey(step), .. }] = &steps[..] else { panic!("{steps:?}") };
            step.moved.clone().unwrap().1
        };
        assert_eq!(moved(&["foreign", "plan1"]), ["plan1"]);
        assert_eq!(moved(&["foreign"]), [""; 0]);
    }

    #[test]
    fn a_plan_that_left_and_was_said_so_is_left_alone() {
        let mut wanted = samples::wanted();
        wanted.plans.remove(0);
        let keys = Some(vec![FoundKey { id: "k".to_owned() }]);
        let said = lines_of(&wanted, None, |found| {
            found.plans[0].keys = keys;
            found.plans[0].description = format!("{}x", marks::NO_NEW_KEYS);
        });
        assert_eq!(said, [""; 0]);
    }
}
