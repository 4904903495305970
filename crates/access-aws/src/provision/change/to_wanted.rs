//! The steps from what there is to what is wanted.

use super::{api, operator_key, stage, step::Step, surface, usage_plans};
use crate::provision::{
    found::{Found, FoundApi},
    wanted::{Wanted, surface::Surface},
};

/// All steps, in the order in which they are made: nothing goes live before it is whole, and nothing that is live is
/// taken away before its successor is.
pub(crate) fn to_wanted(wanted: &Wanted, surface: &Surface, found: &Found, operator_plan: Option<&str>) -> Vec<Step> {
    let nothing = FoundApi::default();
    let api = found.api.as_ref().unwrap_or(&nothing);
    let mut steps = Vec::new();
    match &found.api {
        None => steps.push(api::create(wanted)),
        Some(api) => steps.extend(api::update(wanted, api)),
    }
    steps.extend(surface::steps(surface, &api.surface));
    let live = stage::live(wanted, surface, api);
    steps.extend(live.before_plans);
    let moved = operator_plan.and_then(|plan| operator_key::moved(found, plan)).map(|key| key.id.as_str());
    let (kept, left) = usage_plans::steps(wanted, found, moved);
    steps.extend(kept);
    steps.extend(live.after_plans);
    // Before the plans that go, of which it may be the last key.
    steps.extend(operator_plan.and_then(|plan| operator_key::step(wanted, found, plan)));
    steps.extend(left);
    steps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        marks,
        provision::{
            change::{Call, ChangeSet},
            found::{FoundDeployment, FoundKey, FoundMethod, FoundOperatorKey, FoundPlan, FoundStage},
            samples,
            wanted::{
                Credential,
                surface::{AUTHORIZATION, MethodId},
            },
        },
    };

    fn change_set(steps: Vec<Step>) -> ChangeSet {
        ChangeSet { steps, found: Found::default(), reads: Vec::new(), to_nothing: false, is_local: false }
    }

    /// The lines after something happened to what was as wanted.
    fn lines(change: impl FnOnce(&mut Found)) -> Vec<String> {
        lines_of(&samples::wanted(), None, change)
    }

    fn lines_of(wanted: &Wanted, operator: Option<&str>, change: impl FnOnce(&mut Found)) -> Vec<String> {
        let mut found = samples::found(&samples::wanted());
        change(&mut found);
        change_set(to_wanted(wanted, &Surface::of(wanted), &found, operator)).lines()
    }

    fn api(found: &mut Found) -> &mut FoundApi {
        found.api.as_mut().unwrap()
    }

    fn method(found: &mut Found) -> &mut FoundMethod {
        let id = MethodId { path: "/v1/{proxy+}".to_owned(), verb: "ANY".to_owned() };
        api(found).surface.methods.get_mut(&id).unwrap()
    }

    #[test]
    fn nothing_is_done_where_all_is_as_wanted() {
        assert_eq!(lines(|_| ()), [""; 0]);
        let plan = change_set(Vec::new());
        assert_eq!(plan.to_string(), "No changes. The API is as configured.\n");
    }

    #[test]
    fn from_nothing_all_is_added_and_the_estimate_knows_the_rates() {
        let wanted = samples::wanted();
        let all = to_wanted(&wanted, &Surface::of(&wanted), &Found::default(), Some("10RequestPerDay"));
        let plan = change_set(all);
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
            let keys: Vec<FoundKey> = keys.iter().map(|id| FoundKey { id: (*id).to_owned(), tags: None }).collect();
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
            found.plans[1].keys = Some(vec![FoundKey { id: "key1".to_owned(), tags: None }]);
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
            let steps = to_wanted(&wanted, &Surface::of(&wanted), &found, Some("10RequestPerDay"));
            let [step] = &steps[..] else { panic!("{steps:?}") };
            let left = step.calls.iter().filter_map(|call| match call {
                Call::DetachKey { plan, .. } => Some(plan.clone()),
                _ => None,
            });
            left.collect::<Vec<_>>()
        };
        assert_eq!(moved(&["foreign", "plan1"]), ["plan1"]);
        assert_eq!(moved(&["foreign"]), [""; 0]);
    }

    #[test]
    fn a_plan_that_left_and_was_said_so_is_left_alone() {
        let mut wanted = samples::wanted();
        wanted.plans.remove(0);
        let keys = Some(vec![FoundKey { id: "k".to_owned(), tags: None }]);
        let said = lines_of(&wanted, None, |found| {
            found.plans[0].keys = keys;
            found.plans[0].description = format!("{}x", marks::NO_NEW_KEYS);
        });
        assert_eq!(said, [""; 0]);
    }
}
