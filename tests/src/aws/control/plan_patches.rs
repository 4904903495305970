//! `UpdateUsagePlan`: each path that it takes, all applied or none.

use super::{
    patch::{Patch, patches},
    plan_keys,
    plans::{Shown, checked_quota, found, invalid_stage, must_exist, shown},
};
use crate::aws::{
    account::{Account, ApiStage, Plan},
    answer::{Answered, AwsError, Reply},
    limits::{Period, Quota, Throttle},
    request::Request,
};

const ADDABLE: &str = "/apiStages, /throttle/rateLimit, /throttle/burstLimit, /quota/limit, /quota/offset, \
    /quota/period, /productCode";
const REMOVABLE: &str = "/apiStages, /quota, /throttle, /productCode, /apiStages/<apiStage>/throttle, \
    /apiStages/<apiStage>/throttle/<resourcePath>/<httpMethod>";
const REPLACEABLE: &str = "/name, /description, /productCode, /quota/limit, /quota/offset, /quota/period, \
    /throttle/rateLimit, /throttle/burstLimit, /apiStages/<apiStage>/throttle/<resourcePath>/<httpMethod>/rateLimit, \
    /apiStages/<apiStage>/throttle/<resourcePath>/<httpMethod>/burstLimit";

pub(super) fn update(account: &mut Account, request: &Request) -> Answered {
    let mut plan = found(account, request)?.clone();
    for patch in patches(request)? {
        apply(account, &mut plan, &patch)?;
    }
    plan.quota = plan.quota.map(checked_quota).transpose()?;
    let body = shown(&plan, Shown::Read);
    account.plans.insert(plan.id.clone(), plan);
    Ok(Reply::json(200, &body))
}

fn apply(account: &Account, plan: &mut Plan, patch: &Patch) -> Result<(), AwsError> {
    let parts = patch.parts();
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match (patch.verb.as_str(), parts.as_slice()) {
        ("replace", ["name"]) => plan.name = patch.text(),
        ("replace", ["description"]) => plan.description = patch.value.clone(),
        ("add" | "replace", ["productCode"]) => plan.product_code = patch.value.clone(),
        ("remove", ["productCode"]) => plan.product_code = None,
        ("add" | "replace", ["throttle", name]) => {
            plan.throttle = Some(throttle(plan.throttle, name, patch)?);
        }
        ("remove", ["throttle"]) => plan.throttle = None,
        ("add" | "replace", ["quota", name]) => plan.quota = Some(quota(plan.quota, name, patch)?),
        ("remove", ["quota"]) => plan.quota = None,
        ("add", ["apiStages"]) => add_stage(account, plan, patch)?,
        ("remove", ["apiStages"]) => {
            let (api, stage) = split_stage(&patch.text())?;
            let at = plan.stages.iter().position(|found| found.api == api && found.stage == stage);
            plan.stages.remove(at.ok_or_else(|| invalid_stage(&api, &stage, &plan.id))?);
        }
        ("add" | "replace", ["apiStages", stage, "throttle", path, method, name]) => {
            let throttles = &mut named_stage(plan, stage)?.method_throttles;
            let method = format!("{path}/{method}");
            let changed = throttle(throttles.get(&method).copied(), name, patch)?;
            throttles.insert(method, changed);
        }
        ("remove", ["apiStages", stage, "throttle"]) => named_stage(plan, stage)?.method_throttles.clear(),
        ("remove", ["apiStages", stage, "throttle", path, method]) => {
            named_stage(plan, stage)?.method_throttles.remove(&format!("{path}/{method}"));
        }
        ("add", _) => return Err(patch.refused(ADDABLE)),
        ("remove", _) => return Err(patch.refused(REMOVABLE)),
        _ => return Err(patch.refused(REPLACEABLE)),
    }
    Ok(())
}

fn throttle(old: Option<Throttle>, name: &str, patch: &Patch) -> Result<Throttle, AwsError> {
    let mut throttle = old.unwrap_or_default();
    match name {
        "rateLimit" => throttle.rate = patch.parsed()?,
        "burstLimit" => throttle.burst = patch.parsed()?,
        _ => return Err(patch.refused(REPLACEABLE)),
    }
    Ok(throttle)
}

/// Whether it is a quota at all shows at the end: its members come one by one.
fn quota(old: Option<Quota>, name: &str, patch: &Patch) -> Result<Quota, AwsError> {
    let mut quota = old.unwrap_or(Quota::per_day(0));
    match name {
        "limit" => quota.limit = patch.parsed()?,
        "offset" => quota.offset = patch.parsed()?,
        "period" => quota.period = Period::named(&patch.text())?,
        _ => return Err(patch.refused(REPLACEABLE)),
    }
    Ok(quota)
}

fn split_stage(value: &str) -> Result<(String, String), AwsError> {
    let parts = value.split_once(':').map(|(api, stage)| (api.to_owned(), stage.to_owned()));
    parts.ok_or_else(|| AwsError::bad_request("Invalid API Stage specified"))
}

fn named_stage<'a>(plan: &'a mut Plan, value: &str) -> Result<&'a mut ApiStage, AwsError> {
    let (api, stage) = split_stage(value)?;
    let unknown = invalid_stage(&api, &stage, &plan.id);
    plan.stages.iter_mut().find(|found| found.api == api && found.stage == stage).ok_or(unknown)
}

fn add_stage(account: &Account, plan: &mut Plan, patch: &Patch) -> Result<(), AwsError> {
    let (api, stage) = split_stage(&patch.text())?;
    must_exist(account, &api, &stage, &plan.id)?;
    if plan.has_stage(&api, &stage) {
        return Ok(());
    }
    let mut others = account.plans.values().filter(|other| other.id != plan.id && other.has_stage(&api, &stage));
    if others.any(|other| !other.keys.is_disjoint(&plan.keys)) {
        return Err(plan_keys::in_another_plan());
    }
    plan.stages.push(ApiStage { api, stage, method_throttles: Default::default() });
    Ok(())
}
