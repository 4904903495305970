//! The same API as a CloudFormation template, for those who apply with their own tools.
//!
//! Property names: CloudFormation's template reference, the resource types `AWS::ApiGateway::…`.

use api_types::Quota;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::{
    marks,
    provision::wanted::{
        Wanted,
        surface::{AUTHORIZATION, DEPLOYMENT_MARK, MOCK_TEMPLATE, Mapped, Method, MethodId, Surface},
    },
};

const API: &str = "Api";
const STAGE: &str = "Stage";
const CREDENTIAL: &str = "UpstreamCredential";
/// Stands for the credential where none is configured.
const NO_CREDENTIAL: &str = "none";

/// The template. Holds no credential: that is a parameter which CloudFormation doesn't show.
#[must_use]
pub fn template(wanted: &Wanted) -> Value {
    let surface = Surface::of(wanted);
    let mut resources = Map::new();
    resources.insert(
        API.to_owned(),
        json!({"Type": "AWS::ApiGateway::RestApi", "Properties": {
            "Name": wanted.api_name,
            "Description": "Tollgate: usage plans and keys in front of an OpenAI-compatible API.",
            "ApiKeySourceType": "HEADER",
            "EndpointConfiguration": {"Types": ["REGIONAL"]},
            "Tags": tags(wanted, &[]),
        }}),
    );
    // Without naming them all, CloudFormation could take the picture before they are there.
    let mut pictured: Vec<String> = Vec::new();
    for path in &surface.resources {
        resources.insert(resource_id(path), resource(path));
    }
    for (id, method) in &surface.methods {
        let name = logical("Method", &format!("{} {}", id.verb, id.path));
        resources.insert(name.clone(), json!({"Type": "AWS::ApiGateway::Method", "Properties": method_of(id, method)}));
        pictured.push(name);
    }
    for (kind, response) in &surface.gateway_responses {
        let name = logical("Response", kind);
        let mut properties = json!({
            "RestApiId": {"Ref": API},
            "ResponseType": kind,
            "ResponseParameters": response.parameters,
            "ResponseTemplates": {"application/json": response.template},
        });
        if let Some(status) = response.status {
            properties["StatusCode"] = status.into();
        }
        resources.insert(name.clone(), json!({"Type": "AWS::ApiGateway::GatewayResponse", "Properties": properties}));
        pictured.push(name);
    }
    let hash = surface.mark.trim_start_matches(DEPLOYMENT_MARK);
    // A deployment can't be changed: another surface is another resource.
    let deployment = format!("Deployment{}", &hash[..16.min(hash.len())]);
    resources.insert(
        deployment.clone(),
        json!({"Type": "AWS::ApiGateway::Deployment", "DependsOn": pictured, "Properties": {
            "RestApiId": {"Ref": API},
            "Description": surface.mark,
        }}),
    );
    resources.insert(
        STAGE.to_owned(),
        json!({"Type": "AWS::ApiGateway::Stage", "Properties": {
            "RestApiId": {"Ref": API},
            "StageName": wanted.stage,
            "DeploymentId": {"Ref": deployment},
            "Tags": tags(wanted, &[]),
        }}),
    );
    for plan in &wanted.plans {
        resources.insert(logical("Plan", plan.plan().name.as_str()), usage_plan(wanted, plan));
    }
    let address = format!("https://${{{API}}}.execute-api.${{AWS::Region}}.${{AWS::URLSuffix}}/{}/v1", wanted.stage);
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": format!("Tollgate's API {}: usage plans and keys in front of an OpenAI-compatible API.", wanted.api_name),
        "Parameters": {CREDENTIAL: credential_parameter(wanted)},
        "Resources": resources,
        "Outputs": {
            "ApiId": {"Description": "aws.api_id of tollgate.toml.", "Value": {"Ref": API}},
            "InvokeUrl": {"Description": "aws.invoke_url of tollgate.toml.", "Value": {"Fn::Sub": address}},
        },
    })
}

fn credential_parameter(wanted: &Wanted) -> Value {
    let mut parameter = json!({
        "Type": "String",
        "NoEcho": true,
        "Description": "The upstream's credential, without Bearer. Write the template anew when it changes, so that it goes live.",
        "AllowedPattern": "[!-&(-~]+",
    });
    if wanted.credential.is_none() {
        parameter["Default"] = NO_CREDENTIAL.into();
    }
    parameter
}

fn resource_id(path: &str) -> String {
    logical("Resource", path)
}

fn resource(path: &str) -> Value {
    let (above, part) = path.rsplit_once('/').unwrap_or(("", path));
    let parent = if above.is_empty() {
        json!({"Fn::GetAtt": [API, "RootResourceId"]})
    } else {
        json!({"Ref": resource_id(above)})
    };
    json!({"Type": "AWS::ApiGateway::Resource", "Properties": {
        "RestApiId": {"Ref": API}, "ParentId": parent, "PathPart": part,
    }})
}

fn method_of(id: &MethodId, method: &Method) -> Value {
    let mut properties = json!({
        "RestApiId": {"Ref": API},
        "ResourceId": {"Ref": resource_id(&id.path)},
        "HttpMethod": id.verb,
        "AuthorizationType": "NONE",
    });
    match method {
        Method::Proxy(proxy) => {
            let mapped: Map<String, Value> = proxy
                .mapped
                .iter()
                .map(|(name, value)| {
                    let value = match value {
                        Mapped::Plain(_) if *name == AUTHORIZATION => credential_reference(),
                        Mapped::Plain(text) => Value::from(*text),
                        Mapped::Credential(_) => credential_reference(),
                    };
                    ((*name).to_owned(), value)
                })
                .collect();
            properties["ApiKeyRequired"] = true.into();
            properties["RequestParameters"] = json!(proxy.parameters);
            properties["Integration"] = json!({
                "Type": "HTTP_PROXY",
                "IntegrationHttpMethod": id.verb,
                "Uri": proxy.uri,
                "TimeoutInMillis": proxy.timeout,
                "ResponseTransferMode": "STREAM",
                "RequestParameters": mapped,
            });
        }
        Method::Preflight(headers) => {
            let declared: Map<String, Value> = headers.keys().map(|name| ((*name).to_owned(), false.into())).collect();
            properties["ApiKeyRequired"] = false.into();
            properties["MethodResponses"] = json!([{"StatusCode": "200", "ResponseParameters": declared}]);
            properties["Integration"] = json!({
                "Type": "MOCK",
                "RequestTemplates": {"application/json": MOCK_TEMPLATE},
                "IntegrationResponses": [{"StatusCode": "200", "ResponseParameters": headers}],
            });
        }
    }
    properties
}

fn credential_reference() -> Value {
    json!({"Fn::Sub": format!("'Bearer ${{{CREDENTIAL}}}'")})
}

fn usage_plan(wanted: &Wanted, plan: &access::UsagePlan) -> Value {
    let name = plan.plan().name.as_str();
    let mut properties = json!({
        "UsagePlanName": name,
        "Description": plan.plan().description,
        "ApiStages": [{"ApiId": {"Ref": API}, "Stage": {"Ref": STAGE}}],
        "Tags": tags(wanted, &[(marks::TAG_PLAN, marks::plan_tag(name))]),
    });
    if let Quota::Limited { limit, period, offset } = plan.plan().quota {
        properties["Quota"] = json!({"Limit": limit, "Offset": offset, "Period": period});
    }
    if let Some(throttle) = plan.plan().throttle {
        properties["Throttle"] = json!({"RateLimit": throttle.rate, "BurstLimit": throttle.burst});
    }
    json!({"Type": "AWS::ApiGateway::UsagePlan", "Properties": properties})
}

fn tags(wanted: &Wanted, more: &[(&str, String)]) -> Vec<Value> {
    let tags = marks::tags(&wanted.api_name);
    tags.iter().chain(more).map(|(key, value)| json!({"Key": key, "Value": value})).collect()
}

/// A logical id, which has letters and digits only: readable, and told apart by a digest.
fn logical(kind: &str, name: &str) -> String {
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let readable: String = words
        .map(|word| {
            let word = word.to_ascii_lowercase();
            let (first, rest) = word.split_at(1);
            format!("{}{rest}", first.to_ascii_uppercase())
        })
        .collect();
    let digest = Sha256::digest(name.as_bytes());
    format!("{kind}{readable}{}", data_encoding::HEXLOWER.encode(&digest[..3]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provision::{
        samples,
        wanted::{Credential, Written},
    };

    fn of(change: fn(&mut Written)) -> Value {
        let mut written = samples::written();
        change(&mut written);
        template(&Wanted::new(written).unwrap())
    }

    fn all<'a>(template: &'a Value, kind: &str) -> Vec<(&'a String, &'a Value)> {
        let resources = template["Resources"].as_object().unwrap();
        resources.iter().filter(|(_, resource)| resource["Type"] == format!("AWS::ApiGateway::{kind}")).collect()
    }

    #[test]
    fn the_credential_is_a_parameter_that_is_not_shown() {
        let template = of(|_| ());
        assert!(!template.to_string().contains(samples::CREDENTIAL));
        assert_eq!(template["Parameters"]["UpstreamCredential"]["NoEcho"], true);
        assert!(template["Parameters"]["UpstreamCredential"].get("Default").is_none());
        assert_eq!(of(|w| w.credential = None)["Parameters"]["UpstreamCredential"]["Default"], "none");
    }

    #[test]
    fn another_surface_is_another_deployment() {
        let name = |template: &Value| all(template, "Deployment")[0].0.clone();
        let first = name(&of(|_| ()));
        assert_eq!(first, name(&of(|w| w.plans.truncate(1))));
        assert_ne!(first, name(&of(|w| w.credential = Some(Credential::new("sk-other")))));
        assert_ne!(first, name(&of(|w| w.base_url = "https://other.example/v1".to_owned())));
    }

    #[test]
    fn everything_that_is_referred_to_is_there_and_pictured_things_come_before_the_picture() {
        let template = of(|w| w.paths = ["POST /v1/chat/completions", "GET /v1/models"].map(str::to_owned).to_vec());
        let resources = template["Resources"].as_object().unwrap();
        fn references(value: &Value, found: &mut Vec<String>) {
            match value {
                Value::Object(map) => {
                    if let Some(Value::String(name)) = map.get("Ref") {
                        found.push(name.clone());
                    }
                    map.values().for_each(|value| references(value, found));
                }
                Value::Array(list) => list.iter().for_each(|value| references(value, found)),
                _ => {}
            }
        }
        let mut found = Vec::new();
        references(&template, &mut found);
        assert!(found.len() > 10);
        for name in found {
            assert!(resources.contains_key(&name), "{name}");
        }
        let before = all(&template, "Deployment")[0].1["DependsOn"].as_array().unwrap().len();
        assert_eq!(before, all(&template, "Method").len() + all(&template, "GatewayResponse").len());
        assert!(resources.keys().all(|name| name.chars().all(|c| c.is_ascii_alphanumeric())));
    }

    #[test]
    fn methods_stream_to_the_upstream_and_ask_for_a_key() {
        let template = of(|_| ());
        for (_, method) in all(&template, "Method") {
            let properties = &method["Properties"];
            let is_preflight = properties["HttpMethod"] == "OPTIONS";
            assert_eq!(properties["ApiKeyRequired"], !is_preflight);
            if !is_preflight {
                assert_eq!(properties["Integration"]["ResponseTransferMode"], "STREAM");
                assert_eq!(properties["Integration"]["TimeoutInMillis"], 600_000);
                assert_eq!(properties["Integration"]["Uri"], "https://models.example.com/v1/{proxy}");
            }
        }
        let (_, plan) = all(&template, "UsagePlan")[0];
        assert_eq!(plan["Properties"]["ApiStages"][0]["Stage"]["Ref"], "Stage");
    }
}
