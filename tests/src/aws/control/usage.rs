//! `GetUsage` and `UpdateUsage`: used and left for each day, and a grant of more until the period ends.

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::{keys, patch::patches, plans};
use crate::aws::{
    account::{Account, Plan},
    answer::{Answered, AwsError, Reply},
    meter::{Allowance, Meter, utc_day},
    pages::page,
    request::Request,
};

fn allowance(plan: &Plan) -> Option<Allowance> {
    plan.quota.map(|quota| Allowance { quota, since: plan.created })
}

/// One pair of used and left for each day. What AWS says is left of a plan without a quota is not known: here it is 0.
fn days(meter: &Meter, plan: &Plan, first: Date, last: Date) -> Value {
    let pair =
        |day| json!([meter.used_on(day), allowance(plan).map_or(0, |allowance| meter.remaining(allowance, day))]);
    let all = first.series(jiff::Span::new().days(1)).take_while(|&day| day <= last);
    all.map(pair).collect()
}

fn date(request: &Request, name: &str) -> Result<Date, AwsError> {
    let text = request.query(name).unwrap_or_default();
    let date = if text.len() == 10 { text.parse().ok() } else { None };
    date.ok_or_else(|| AwsError::bad_request(format!("Invalid {name} specified: must be in the format yyyy-mm-dd")))
}

/// A key of which nothing was used in these days isn't mentioned. As documented, a key is named by its value.
pub(super) fn get(account: &mut Account, request: &Request) -> Answered {
    let plan = plans::found(account, request)?;
    let (first, last) = (date(request, "startDate")?, date(request, "endDate")?);
    if last < first {
        return Err(AwsError::bad_request("Usage Plan usage end date must not be before its start date"));
    }
    let asked = request.query("keyId");
    if asked.is_some_and(|id| !account.keys.contains_key(id)) {
        return Err(keys::unknown());
    }
    let used = account.meters.iter().filter(|((of, key), meter)| {
        *of == plan.id && asked.is_none_or(|asked| asked == key) && meter.is_used_between(first, last)
    });
    let entries = used.map(|((_, key), meter)| (key.clone(), days(meter, plan, first, last)));
    let (entries, position) = page(request, entries)?;
    let named = entries.into_iter().filter_map(|(id, days)| Some((account.keys.get(&id)?.value.clone(), days)));
    let values: Map<_, _> = named.collect();
    let mut body = shown(plan, first, last, values);
    if let Some(position) = position {
        body["position"] = position.into();
    }
    Ok(Reply::json(200, &body))
}

fn shown(plan: &Plan, first: Date, last: Date, values: Map<String, Value>) -> Value {
    json!({"usagePlanId": plan.id, "startDate": first.to_string(), "endDate": last.to_string(), "values": values})
}

pub(super) fn update(account: &mut Account, request: &Request) -> Answered {
    let plan = plans::found(account, request)?.clone();
    let key = account.keys.get(request.parameter("key")).filter(|key| plan.keys.contains(&key.id));
    let key = key.ok_or_else(keys::unknown)?.clone();
    let mut remaining = None;
    for patch in patches(request)? {
        match (patch.verb.as_str(), patch.path.as_str()) {
            ("replace", "/remaining") => remaining = Some(patch.parsed::<u32>()?),
            _ => return Err(patch.refused("/remaining")),
        }
    }
    let Some(allowance) = allowance(&plan) else {
        return Err(AwsError::bad_request("Usage Plan does not have a quota"));
    };
    let today = utc_day(account.now());
    let meter = account.meters.entry((plan.id.clone(), key.id)).or_default();
    if let Some(remaining) = remaining {
        meter.grant(allowance, today, remaining.into());
    }
    let values = Map::from_iter([(key.value, days(meter, &plan, today, today))]);
    Ok(Reply::json(200, &shown(&plan, today, today, values)))
}
