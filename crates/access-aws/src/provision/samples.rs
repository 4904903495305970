//! A configuration for the tests.

use std::time::Duration;

use access::{TimeZone, UsagePlan};
use api_types::{Period, Plan, PlanName, Quota, Throttle};

use super::{
    found::{
        Found, FoundApi, FoundDeployment, FoundGatewayResponse, FoundIntegration, FoundMethod, FoundPlan, FoundStage,
        FoundSurface,
    },
    wanted::{
        Credential, Wanted, Written,
        surface::{MOCK_TEMPLATE, Method, MethodId, Surface},
    },
};
use crate::marks;

pub(crate) const CREDENTIAL: &str = "sk-upstream-sekret";

pub(crate) fn plan(name: &str, quota: Quota, throttle: Option<Throttle>, zone: TimeZone) -> UsagePlan {
    let name = PlanName::parse(name).unwrap();
    UsagePlan::new(Plan { description: format!("The plan {name}."), name, quota, throttle, time_zone: None }, zone)
        .unwrap()
}

fn daily(limit: u64) -> UsagePlan {
    let quota = Quota::Limited { limit, period: Period::Day, offset: 0 };
    let throttle = Some(Throttle { rate: 2.5, burst: 5 });
    plan(&format!("{limit}RequestPerDay"), quota, throttle, TimeZone::utc())
}

pub(crate) fn plan_with_offset_and_zone() -> UsagePlan {
    let quota = Quota::Limited { limit: 100, period: Period::Month, offset: 2 };
    plan("odd", quota, None, "Europe/Berlin".parse().unwrap())
}

pub(crate) fn written() -> Written {
    Written {
        api_name: "tollgate".to_owned(),
        stage: "live".to_owned(),
        paths: vec!["/v1/{proxy+}".to_owned()],
        base_url: "https://models.example.com/v1".to_owned(),
        credential: Some(Credential::new(CREDENTIAL)),
        timeout: Duration::from_secs(600),
        plans: vec![daily(10), daily(20), plan("unlimited", Quota::Unlimited, None, TimeZone::utc())],
        models: Vec::new(),
        default_model: None,
    }
}

pub(crate) fn wanted() -> Wanted {
    Wanted::new(written()).unwrap()
}

/// What there is when all is as wanted.
pub(crate) fn found(wanted: &Wanted) -> Found {
    let surface = Surface::of(wanted);
    let owned = |(name, value): (&&str, &String)| ((*name).to_owned(), value.clone());
    let method = |(id, method): (&MethodId, &Method)| {
        let found = match method {
            Method::Proxy(proxy) => FoundMethod {
                key_required: true,
                authorization: "NONE".to_owned(),
                parameters: proxy.parameters.iter().map(|(name, needed)| ((*name).to_owned(), *needed)).collect(),
                reply_headers: None,
                integration: Some(FoundIntegration {
                    kind: "HTTP_PROXY".to_owned(),
                    verb: Some(id.verb.clone()),
                    uri: Some(proxy.uri.clone()),
                    timeout: Some(proxy.timeout),
                    transfer: Some("STREAM".to_owned()),
                    mapped: proxy
                        .mapped
                        .iter()
                        .map(|(name, value)| ((*name).to_owned(), Credential::new(&value.text())))
                        .collect(),
                    ..FoundIntegration::default()
                }),
            },
            Method::Preflight(headers) => FoundMethod {
                authorization: "NONE".to_owned(),
                reply_headers: Some(headers.keys().map(|name| (*name).to_owned()).collect()),
                integration: Some(FoundIntegration {
                    kind: "MOCK".to_owned(),
                    template: Some(MOCK_TEMPLATE.to_owned()),
                    reply_headers: Some(headers.iter().map(owned).collect()),
                    ..FoundIntegration::default()
                }),
                ..FoundMethod::default()
            },
        };
        (id.clone(), found)
    };
    let responses = surface.gateway_responses.iter().map(|(kind, response)| {
        let (status, template) = (response.status.map(str::to_owned), Some(response.template.clone()));
        ((*kind).to_owned(), FoundGatewayResponse { status, parameters: response.parameters.clone(), template })
    });
    let plans = wanted.plans.iter().enumerate().map(|(index, plan)| FoundPlan {
        id: format!("plan{index}"),
        name: plan.plan().name.to_string(),
        description: plan.plan().description.clone(),
        plan_tag: Some(marks::plan_tag(plan.plan().name.as_str())),
        quota: plan.plan().quota,
        throttle: plan.plan().throttle,
        stages: vec![("api1".to_owned(), wanted.stage.clone())],
        keys: None,
    });
    let api = FoundApi {
        id: "api1".to_owned(),
        name: wanted.api_name.clone(),
        key_source: Some("HEADER".to_owned()),
        endpoint_types: vec!["REGIONAL".to_owned()],
        surface: FoundSurface {
            root_id: Some("root".to_owned()),
            resources: surface.resources.iter().map(|path| (path.clone(), format!("id of {path}"))).collect(),
            methods: surface.methods.iter().map(method).collect(),
            gateway_responses: responses.collect(),
        },
        deployments: vec![FoundDeployment { id: "deployment1".to_owned(), description: surface.mark.clone() }],
        stages: vec![FoundStage { name: wanted.stage.clone(), deployment_id: "deployment1".to_owned(), is_ours: true }],
        ..FoundApi::default()
    };
    Found { plans: plans.collect(), api: Some(api), operator_key: None }
}
