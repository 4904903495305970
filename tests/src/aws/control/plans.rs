//! Usage plans: a throttle and a quota for each key, on stages that must exist.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::tags::{as_value, checked};
use crate::aws::{
    account::{Account, ApiStage, Plan},
    answer::{Answered, AwsError, Reply},
    limits::{Period, Quota, Throttle},
    pages::list as paged,
    request::{Fields, Request},
};

pub(super) fn unknown() -> AwsError {
    AwsError::not_found("Invalid Usage Plan ID specified")
}

pub(super) fn invalid_stage(api: &str, stage: &str, plan: &str) -> AwsError {
    AwsError::not_found(format!("Invalid API Stage {{api: {api}, stage: {stage}}} specified for usageplan {plan}"))
}

/// The answer to a creation has no tags when there are none, that to a reading has an empty map, a list has never any.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    Created,
    Read,
    Listed,
}

pub(super) fn shown(plan: &Plan, how: Shown) -> Value {
    let stages: Vec<_> = plan.stages.iter().map(shown_stage).collect();
    let mut body = json!({"id": plan.id, "name": plan.name, "apiStages": stages});
    for (name, value) in [("description", &plan.description), ("productCode", &plan.product_code)] {
        if let Some(value) = value {
            body[name] = value.as_str().into();
        }
    }
    if let Some(throttle) = plan.throttle {
        body["throttle"] = shown_throttle(throttle);
    }
    if let Some(Quota { limit, offset, period }) = plan.quota {
        body["quota"] = json!({"limit": limit, "offset": offset, "period": period.name()});
    }
    if how == Shown::Read || (how == Shown::Created && !plan.tags.is_empty()) {
        body["tags"] = as_value(&plan.tags);
    }
    body
}

fn shown_stage(stage: &ApiStage) -> Value {
    let mut body = json!({"apiId": stage.api, "stage": stage.stage});
    if !stage.method_throttles.is_empty() {
        let throttles = stage.method_throttles.iter();
        body["throttle"] = throttles.map(|(method, &throttle)| (method.clone(), shown_throttle(throttle))).collect();
    }
    body
}

fn shown_throttle(Throttle { rate, burst }: Throttle) -> Value {
    json!({"burstLimit": burst, "rateLimit": rate})
}

impl Period {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Day => "DAY",
            Self::Week => "WEEK",
            Self::Month => "MONTH",
        }
    }

    pub(super) fn named(name: &str) -> Result<Self, AwsError> {
        let all = [Self::Day, Self::Week, Self::Month];
        all.into_iter()
            .find(|period| period.name() == name)
            .ok_or_else(|| AwsError::bad_request("Usage Plan quota period must be one of: [DAY, WEEK, MONTH]"))
    }
}

/// The offset's bounds are those that AWS's tools check.
pub(super) fn checked_quota(quota: Quota) -> Result<Quota, AwsError> {
    let (most, text) = match quota.period {
        Period::Day => (0, "Usage Plan quota offset must be zero in the DAY period"),
        Period::Week => (6, "Usage Plan quota offset must be between zero and six inclusive in the WEEK period"),
        Period::Month => (27, "Usage Plan quota offset must be between zero and 27 inclusive in the MONTH period"),
    };
    if quota.limit == 0 {
        return Err(AwsError::bad_request("Usage Plan quota limit must be greater than zero"));
    }
    if quota.offset > most { Err(AwsError::bad_request(text)) } else { Ok(quota) }
}

fn count(fields: &Fields, name: &str) -> Result<u32, AwsError> {
    let number = fields.integer(name)?.unwrap_or_default();
    u32::try_from(number).map_err(|_| AwsError::bad_request(format!("Invalid value for {name}: {number}")))
}

fn throttle(fields: &Fields) -> Result<Throttle, AwsError> {
    Ok(Throttle { rate: fields.number("rateLimit")?.unwrap_or_default(), burst: count(fields, "burstLimit")? })
}

fn quota(fields: &Fields) -> Result<Quota, AwsError> {
    let period = Period::named(&fields.text("period")?.unwrap_or_default())?;
    checked_quota(Quota { limit: count(fields, "limit")?, offset: count(fields, "offset")?, period })
}

fn stage(account: &Account, plan: &str, fields: &Fields) -> Result<ApiStage, AwsError> {
    let (api, stage) = (fields.text("apiId")?.unwrap_or_default(), fields.text("stage")?.unwrap_or_default());
    must_exist(account, &api, &stage, plan)?;
    let mut method_throttles = BTreeMap::new();
    if let Some(throttles) = fields.object("throttle")? {
        for method in throttles.names() {
            if let Some(fields) = throttles.object(&method)? {
                method_throttles.insert(method, throttle(&fields)?);
            }
        }
    }
    Ok(ApiStage { api, stage, method_throttles })
}

pub(super) fn must_exist(account: &Account, api: &str, stage: &str, plan: &str) -> Result<(), AwsError> {
    let exists = account.apis.get(api).is_some_and(|api| api.stages.contains_key(stage));
    if exists { Ok(()) } else { Err(invalid_stage(api, stage, plan)) }
}

pub(super) fn create(account: &mut Account, request: &Request) -> Answered {
    let fields = request.fields()?;
    let id = account.new_id(6);
    let name = fields.text("name")?.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| AwsError::bad_request("Usage Plan name must be specified"))?;
    let stages = fields.objects("apiStages")?;
    let plan = Plan {
        name,
        description: fields.text("description")?,
        product_code: None,
        stages: stages.iter().map(|fields| stage(account, &id, fields)).collect::<Result<_, _>>()?,
        throttle: fields.object("throttle")?.as_ref().map(throttle).transpose()?,
        quota: fields.object("quota")?.as_ref().map(quota).transpose()?,
        keys: BTreeSet::new(),
        created: account.now(),
        tags: checked(fields.texts("tags")?)?,
        id,
    };
    let body = shown(&plan, Shown::Created);
    account.plans.insert(plan.id.clone(), plan);
    Ok(Reply::json(201, &body))
}

pub(super) fn found<'a>(account: &'a Account, request: &Request) -> Result<&'a Plan, AwsError> {
    account.plans.get(request.parameter("plan")).ok_or_else(unknown)
}

pub(super) fn get(account: &mut Account, request: &Request) -> Answered {
    Ok(Reply::json(200, &shown(found(account, request)?, Shown::Read)))
}

pub(super) fn list(account: &mut Account, request: &Request) -> Answered {
    let key = request.query("keyId");
    let matching = account.plans.values().filter(|plan| key.is_none_or(|key| plan.keys.contains(key)));
    paged(request, matching.map(|plan| (plan.id.clone(), shown(plan, Shown::Listed))))
}

pub(super) fn delete(account: &mut Account, request: &Request) -> Answered {
    let plan = found(account, request)?;
    let id = plan.id.clone();
    if !plan.stages.is_empty() {
        let stages: Vec<_> = plan.stages.iter().map(|stage| format!("{}:{}", stage.api, stage.stage)).collect();
        return Err(AwsError::bad_request(format!(
            "Cannot delete Usage Plan {id} because there are API Stages associated with it, including {}",
            stages.join(", ")
        )));
    }
    account.forget_plan(&id);
    Ok(Reply::empty(202))
}
