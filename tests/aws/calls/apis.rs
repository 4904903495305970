//! REST APIs and what they are made of, up to a stage that can be called.

use aws_sdk_apigateway::types::{
    ApiKeySourceType, EndpointConfiguration, EndpointType, GatewayResponseType, IntegrationType, ResponseTransferMode,
};

use super::{
    fixtures::{Api, NOWHERE, replace},
    recorder::{Recorder, one_at_a_time},
};

pub async fn calls(recorder: &mut Recorder<'_>) {
    rest_apis(recorder).await;
    resources(recorder).await;
    methods(recorder).await;
    answers(recorder).await;
    integrations(recorder).await;
    deployments(recorder).await;
    stages(recorder).await;
    gateway_responses(recorder).await;
}

async fn rest_apis(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let regional = EndpointConfiguration::builder().types(EndpointType::Regional).build();
    let make = aws.create_rest_api().name("regional").endpoint_configuration(regional).tags("managed-by", "tests");
    recorder
        .look("CreateRestApi", make.api_key_source(ApiKeySourceType::Header).send(), |api| {
            let types = api.endpoint_configuration().map(|found| found.types().to_vec()).unwrap_or_default();
            let tagged = api.tags().is_some_and(|tags| tags.contains_key("managed-by"));
            let rooted = api.root_resource_id().is_some();
            if types == [EndpointType::Regional] && tagged && rooted { "all kept" } else { "something lost" }
        })
        .await;
    recorder.call("CreateRestApi with a name that exists", aws.create_rest_api().name("regional").send()).await;
    recorder
        .look("GetRestApis one at a time", aws.get_rest_apis().limit(1).send(), |apis| {
            one_at_a_time(apis.items().len(), apis.position())
        })
        .await;
    let doomed = recorder.prepare("an API", aws.create_rest_api().name("doomed").send()).await.id.unwrap();
    recorder.call("GetRestApi", aws.get_rest_api().rest_api_id(&doomed).send()).await;
    recorder.call("GetRestApi of an unknown id", aws.get_rest_api().rest_api_id("unknown000").send()).await;
    recorder.call("DeleteRestApi", aws.delete_rest_api().rest_api_id(&doomed).send()).await;
    recorder.call("DeleteRestApi again", aws.delete_rest_api().rest_api_id(&doomed).send()).await;
}

async fn resources(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let api = Api::prepared(recorder, "resources").await;
    let make = |parent: &str, part: &str| aws.create_resource().rest_api_id(&api.id).parent_id(parent).path_part(part);
    recorder
        .look("CreateResource", make(&api.chat, "completions").send(), |made| {
            made.path().unwrap_or_default().to_owned()
        })
        .await;
    recorder
        .look("CreateResource that takes the rest of the path", make(&api.root, "{proxy+}").send(), |made| {
            made.path().unwrap_or_default().to_owned()
        })
        .await;
    recorder.look("GetResources", aws.get_resources().rest_api_id(&api.id).send(), |found| found.items().len()).await;
    recorder
        .call("GetResource of an unknown id", aws.get_resource().rest_api_id(&api.id).resource_id("unknown000").send())
        .await;
    recorder.call("DeleteResource", aws.delete_resource().rest_api_id(&api.id).resource_id(&api.chat).send()).await;
    recorder
        .look("GetResources after a parent's deletion", aws.get_resources().rest_api_id(&api.id).send(), |found| {
            found.items().len()
        })
        .await;
    let twice = Api::prepared(recorder, "twice").await;
    let again = aws.create_resource().rest_api_id(&twice.id).parent_id(&twice.root).path_part("chat");
    recorder.call("CreateResource again", again.send()).await;
    let spoilt = Api::with_method(recorder, "spoilt", true, NOWHERE).await;
    let orphan = aws.create_resource().rest_api_id(&spoilt.id).parent_id("unknown000").path_part("other");
    recorder.call("CreateResource under an unknown parent", orphan.send()).await;
    let deploy = aws.create_deployment().rest_api_id(&spoilt.id);
    recorder.call("CreateDeployment after a refused resource", deploy.send()).await;
}

async fn methods(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let api = Api::prepared(recorder, "methods").await;
    let put = |resource: &str| {
        let method = aws.put_method().rest_api_id(&api.id).resource_id(resource).http_method("POST");
        method.authorization_type("NONE").api_key_required(true)
    };
    let key = |required: Option<bool>| if required == Some(true) { "key required" } else { "no key required" };
    recorder.look("PutMethod", put(&api.chat).send(), |method| key(method.api_key_required)).await;
    recorder.call("PutMethod again", put(&api.chat).send()).await;
    recorder.call("PutMethod of an unknown resource", put("unknown000").send()).await;
    let get = |verb: &str| aws.get_method().rest_api_id(&api.id).resource_id(&api.chat).http_method(verb);
    recorder.look("GetMethod", get("POST").send(), |method| key(method.api_key_required)).await;
    recorder.call("GetMethod of another verb", get("GET").send()).await;
    recorder
        .look(
            "GetResources with their methods",
            aws.get_resources().rest_api_id(&api.id).embed("methods").send(),
            |all| {
                let methods = all.items().iter().filter_map(|resource| resource.resource_methods()?.get("POST"));
                methods.map(|method| key(method.api_key_required)).collect::<Vec<_>>().join(", ")
            },
        )
        .await;
    let update = aws.update_method().rest_api_id(&api.id).resource_id(&api.chat).http_method("POST");
    recorder
        .look("UpdateMethod", update.patch_operations(replace("/apiKeyRequired", "false")).send(), |method| {
            key(method.api_key_required)
        })
        .await;
    let delete = || aws.delete_method().rest_api_id(&api.id).resource_id(&api.chat).http_method("POST");
    recorder.call("DeleteMethod", delete().send()).await;
    recorder.call("DeleteMethod again", delete().send()).await;
}

async fn answers(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let api = Api::prepared(recorder, "answers").await;
    let method = aws.put_method().rest_api_id(&api.id).resource_id(&api.chat).http_method("OPTIONS");
    recorder.prepare("OPTIONS /chat", method.authorization_type("NONE").send()).await;
    let mock = aws.put_integration().rest_api_id(&api.id).resource_id(&api.chat).http_method("OPTIONS");
    let mock = mock.r#type(IntegrationType::Mock).request_templates("application/json", r#"{"statusCode":200}"#);
    recorder.call("PutIntegration that mocks", mock.send()).await;
    let of_method = || {
        let put = aws.put_method_response().rest_api_id(&api.id).resource_id(&api.chat).http_method("OPTIONS");
        put.status_code("200").response_parameters("method.response.header.Access-Control-Allow-Origin", false)
    };
    let of_mock = |status: &str| {
        let put = aws.put_integration_response().rest_api_id(&api.id).resource_id(&api.chat).http_method("OPTIONS");
        put.status_code(status).response_parameters("method.response.header.Access-Control-Allow-Origin", "'*'")
    };
    recorder.call("PutIntegrationResponse before the method's", of_mock("200").send()).await;
    recorder.call("PutMethodResponse", of_method().send()).await;
    recorder.call("PutMethodResponse again", of_method().send()).await;
    recorder.call("PutIntegrationResponse", of_mock("200").send()).await;
    recorder.call("PutIntegrationResponse again", of_mock("200").send()).await;
}

async fn integrations(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let api = Api::with_method(recorder, "integrations", true, NOWHERE).await;
    let put = |verb: &str| {
        let integration = aws.put_integration().rest_api_id(&api.id).resource_id(&api.chat).http_method(verb);
        let integration = integration.r#type(IntegrationType::HttpProxy).integration_http_method("POST");
        let integration = integration.uri("https://upstream.example/v1/chat").timeout_in_millis(29_000);
        integration.request_parameters("integration.request.header.authorization", "'Bearer secret'")
    };
    recorder
        .look("PutIntegration over another", put("POST").send(), |made| {
            let parameters = made.request_parameters().map(std::collections::HashMap::len).unwrap_or_default();
            let kept = made.uri() == Some("https://upstream.example/v1/chat") && made.timeout_in_millis == 29_000;
            if kept && parameters == 1 { "all kept" } else { "something lost" }
        })
        .await;
    recorder.call("PutIntegration of an unknown method", put("GET").send()).await;
    let streamed = put("POST").response_transfer_mode(ResponseTransferMode::Stream).timeout_in_millis(900_000);
    recorder
        .look("PutIntegration that streams", streamed.send(), |made| match made.response_transfer_mode() {
            Some(ResponseTransferMode::Stream) if made.timeout_in_millis == 900_000 => "streams",
            _ => "doesn't stream",
        })
        .await;
    let get = aws.get_integration().rest_api_id(&api.id).resource_id(&api.chat).http_method("POST");
    recorder.look("GetIntegration", get.send(), |found| found.uri().unwrap_or_default().to_owned()).await;
    let delete = || aws.delete_integration().rest_api_id(&api.id).resource_id(&api.chat).http_method("POST");
    recorder.call("DeleteIntegration", delete().send()).await;
    recorder.call("DeleteIntegration again", delete().send()).await;
}

async fn deployments(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let bare = Api::prepared(recorder, "no method").await;
    let deploy = |api: &str| aws.create_deployment().rest_api_id(api).description("sha256:1");
    recorder.call("CreateDeployment without a method", deploy(&bare.id).send()).await;
    let method = aws.put_method().rest_api_id(&bare.id).resource_id(&bare.chat).http_method("POST");
    recorder.prepare("a method", method.authorization_type("NONE").send()).await;
    recorder.call("CreateDeployment without an integration", deploy(&bare.id).send()).await;
    recorder.call("CreateDeployment of an unknown API", deploy("unknown000").send()).await;
    let api = Api::with_method(recorder, "deployments", true, NOWHERE).await;
    recorder
        .look("CreateDeployment", deploy(&api.id).send(), |made| made.description().unwrap_or_default().to_owned())
        .await;
    let live = api.go_live(recorder, "live").await;
    recorder
        .look("GetDeployments", aws.get_deployments().rest_api_id(&api.id).send(), |found| found.items().len())
        .await;
    let delete = |id: &str| aws.delete_deployment().rest_api_id(&api.id).deployment_id(id);
    recorder.call("DeleteDeployment that a stage points to", delete(&live).send()).await;
    let idle = api.deployed(recorder).await;
    recorder.call("DeleteDeployment", delete(&idle).send()).await;
    recorder.call("DeleteDeployment again", delete(&idle).send()).await;
}

async fn stages(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let api = Api::with_method(recorder, "stages", true, NOWHERE).await;
    let (first, second) = (api.deployed(recorder).await, api.deployed(recorder).await);
    let make = |deployment: &str| aws.create_stage().rest_api_id(&api.id).stage_name("live").deployment_id(deployment);
    recorder.call("CreateStage", make(&first).tags("managed-by", "tests").send()).await;
    recorder.call("CreateStage again", make(&first).send()).await;
    let get = |name: &str| aws.get_stage().rest_api_id(&api.id).stage_name(name);
    let pointed = |id: Option<&str>| match id {
        Some(id) if id == first => "first deployment",
        Some(id) if id == second => "second deployment",
        _ => "no deployment",
    };
    recorder.look("GetStage", get("live").send(), |stage| pointed(stage.deployment_id())).await;
    recorder.call("GetStage of another name", get("other").send()).await;
    recorder
        .call("GetStage of an unknown API", aws.get_stage().rest_api_id("unknown000").stage_name("live").send())
        .await;
    let update = aws.update_stage().rest_api_id(&api.id).stage_name("live");
    recorder
        .look(
            "UpdateStage to another deployment",
            update.patch_operations(replace("/deploymentId", &second)).send(),
            |to| pointed(to.deployment_id()),
        )
        .await;
    let delete = || aws.delete_stage().rest_api_id(&api.id).stage_name("live");
    recorder.call("DeleteStage", delete().send()).await;
    recorder.call("DeleteStage again", delete().send()).await;
}

async fn gateway_responses(recorder: &mut Recorder<'_>) {
    let aws = recorder.aws.clone();
    let api = Api::prepared(recorder, "gateway responses").await;
    let put = aws.put_gateway_response().rest_api_id(&api.id).response_type(GatewayResponseType::QuotaExceeded);
    let put = put.status_code("429").response_parameters("gatewayresponse.header.Retry-After", "'60'");
    recorder
        .look("PutGatewayResponse", put.response_templates("application/json", "{}").send(), |made| {
            let parameters = made.response_parameters().is_some_and(|all| all.len() == 1);
            let templates = made.response_templates().is_some_and(|all| all.len() == 1);
            if parameters && templates && made.status_code() == Some("429") { "all kept" } else { "something lost" }
        })
        .await;
    let get = || aws.get_gateway_response().rest_api_id(&api.id).response_type(GatewayResponseType::QuotaExceeded);
    recorder
        .look("GetGatewayResponse", get().send(), |found| if found.default_response { "default" } else { "own" })
        .await;
    let delete = aws.delete_gateway_response().rest_api_id(&api.id).response_type(GatewayResponseType::QuotaExceeded);
    recorder.call("DeleteGatewayResponse", delete.send()).await;
    recorder
        .look("GetGatewayResponse after its deletion", get().send(), |found| {
            if found.default_response { "default" } else { "own" }
        })
        .await;
}
