//! The tags of REST APIs, stages, usage plans and API keys, each by its ARN.

use serde_json::json;

use super::{
    apis, keys, plans, stages,
    tags::{Tags, as_value, checked},
};
use crate::aws::{
    account::Account,
    answer::{Answered, AwsError, Reply},
    request::Request,
};

/// What follows the region in `arn:aws:apigateway:eu-west-1::/apikeys/abc`.
fn tagged<'a>(account: &'a mut Account, request: &Request) -> Result<&'a mut Tags, AwsError> {
    let arn = request.parameter("arn");
    let path = arn.strip_prefix("arn:").and_then(|rest| {
        let (_partition, rest) = rest.split_once(":apigateway:")?;
        rest.split_once("::/").map(|(_region, path)| path)
    });
    let parts: Vec<&str> = path.unwrap_or_default().split('/').collect();
    match parts.as_slice() {
        ["apikeys", id] => account.keys.get_mut(*id).map(|key| &mut key.tags).ok_or_else(keys::unknown),
        ["usageplans", id] => account.plans.get_mut(*id).map(|plan| &mut plan.tags).ok_or_else(plans::unknown),
        ["restapis", id] => account.apis.get_mut(*id).map(|api| &mut api.tags).ok_or_else(|| apis::unknown(id)),
        ["restapis", id, "stages", name] => {
            let api = account.apis.get_mut(*id).ok_or_else(|| apis::unknown(id))?;
            api.stages.get_mut(*name).map(|stage| &mut stage.tags).ok_or_else(stages::unknown)
        }
        _ => Err(AwsError::bad_request("Invalid ARN specified in the request")),
    }
}

pub(super) fn get(account: &mut Account, request: &Request) -> Answered {
    Ok(Reply::json(200, &json!({"tags": as_value(tagged(account, request)?)})))
}

pub(super) fn put(account: &mut Account, request: &Request) -> Answered {
    let more = request.fields()?.texts("tags")?;
    let tags = tagged(account, request)?;
    *tags = checked(tags.clone().into_iter().chain(more).collect())?;
    Ok(Reply::empty(204))
}

pub(super) fn remove(account: &mut Account, request: &Request) -> Answered {
    let tags = tagged(account, request)?;
    tags.retain(|name, _| request.query_all("tagKeys").all(|removed| removed != name));
    Ok(Reply::empty(204))
}
