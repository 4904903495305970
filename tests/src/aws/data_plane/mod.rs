//! The data plane: a call of a deployed API, from its URL to an answer or to what goes upstream.

mod admission;
mod call;
mod forward;
mod integration;
mod refusal;
mod routing;

pub(super) use call::Decision;
pub(super) use forward::forward;

use super::{
    account::{Account, RestApi, Stage, Surface},
    answer::Reply,
    request::Request,
};
use call::Context;
use refusal::Refusal;

/// As MiniStack's, so that one configuration fits both.
pub(super) const PREFIX: &str = "/_aws/execute-api/";

/// What API Gateway takes at most.
const LARGEST_BODY: usize = 10_485_760;

/// Decides on a call, which is counted if it is let through.
pub(super) fn decide(account: &mut Account, request: &Request) -> Decision {
    let request_id = request_id(account);
    let reply = |reply: Reply| {
        let reply = reply.with_header("x-amzn-RequestId", request_id.as_str());
        Decision::Answer(reply.with_header("x-amz-apigw-id", &request_id.replace('-', "")[..15]))
    };
    let (api_id, rest) = request.path[PREFIX.len()..].split_once('/').unwrap_or_default();
    let (stage_name, path) = rest.split_once('/').unwrap_or((rest, ""));
    let Some((api, stage, surface)) = live(account, api_id, stage_name) else {
        return reply(refusal::of_no_stage());
    };
    let context = Context { api: &api, stage: &stage, surface: &surface, request, request_id: &request_id };
    let Some(route) = routing::find(&surface, path, &request.method) else {
        return reply(refusal::reply(&context, Refusal::MissingAuthenticationToken));
    };
    if request.body.len() > LARGEST_BODY {
        return reply(refusal::reply(&context, Refusal::RequestTooLarge));
    }
    if route.method.get("apiKeyRequired").is_some_and(|required| *required == true)
        && let Err(refused) = admission::admit(account, api_id, stage_name, request)
    {
        return reply(refusal::reply(&context, refused));
    }
    match integration::of(&context, &route) {
        Ok(Decision::Answer(answer)) => reply(answer),
        Ok(forward) => forward,
        Err(refused) => reply(refusal::reply(&context, refused)),
    }
}

fn live(account: &Account, api: &str, stage: &str) -> Option<(RestApi, Stage, Surface)> {
    let api = account.apis.get(api).filter(|api| api.fields["disableExecuteApiEndpoint"] != true)?;
    let stage = api.stages.get(stage)?;
    let surface = api.deployments.get(&stage.deployment)?.surface.clone();
    Some((api.clone(), stage.clone(), surface))
}

/// In the form of a UUID.
fn request_id(account: &mut Account) -> String {
    let id = account.new_id(32);
    [&id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]].join("-")
}
