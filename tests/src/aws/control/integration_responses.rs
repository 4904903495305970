//! Integration responses: how a mock's answer becomes the method's.

use serde_json::Value;

use super::{
    integrations::{found, invalid_mapping},
    methods::{self, remove_member, response_of, set_member, unknown_status},
};
use crate::aws::{
    account::Account,
    answer::{Answered, AwsError, Reply},
    request::Request,
};

/// A header that it sets must be declared by the method's response of this status.
pub(super) fn put(account: &mut Account, request: &Request) -> Answered {
    let status = request.parameter("status");
    let names = ["selectionPattern", "responseParameters", "responseTemplates", "contentHandling"];
    let mut response = request.fields()?.members(&names);
    response.insert("statusCode".to_owned(), status.into());
    found(account, request)?;
    let method = methods::found(account, request)?;
    let declared = response_of(method, status).ok_or_else(unknown_status)?.get("responseParameters");
    let set = response.get("responseParameters").and_then(Value::as_object);
    for name in set.into_iter().flatten().map(|(name, _)| name) {
        if declared.and_then(|declared| declared.get(name)).is_none() {
            return Err(invalid_mapping(&format!("Invalid mapping expression parameter specified: {name}")));
        }
    }
    set_member(found(account, request)?, "integrationResponses", status, response.clone().into());
    Ok(Reply::json(201, &response.into()))
}

fn response<'a>(account: &'a mut Account, request: &Request) -> Result<&'a Value, AwsError> {
    let all = found(account, request)?.get("integrationResponses");
    all.and_then(|all| all.get(request.parameter("status"))).ok_or_else(unknown_status)
}

pub(super) fn get(account: &mut Account, request: &Request) -> Answered {
    Ok(Reply::json(200, response(account, request)?))
}

pub(super) fn delete(account: &mut Account, request: &Request) -> Answered {
    response(account, request)?;
    remove_member(found(account, request)?, "integrationResponses", request.parameter("status"));
    Ok(Reply::empty(204))
}
