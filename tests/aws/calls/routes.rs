//! Calls of a live stage: where they go, and from when on a change is live.

use aws_sdk_apigateway::types::{IntegrationType, ResponseTransferMode};
use reqwest::Method;
use tests::FakeUpstream;

use super::{
    fixtures::{Api, replace},
    recorder::{Invocation, Recorder},
};

pub async fn calls(recorder: &mut Recorder<'_>) {
    let upstream = FakeUpstream::start().await;
    rest_of_the_path(recorder, &upstream).await;
    preflight(recorder).await;
    changes(recorder, &upstream).await;
}

async fn rest_of_the_path(recorder: &mut Recorder<'_>, upstream: &FakeUpstream) {
    let aws = recorder.aws.clone();
    let api = Api::prepared(recorder, "rest of the path").await;
    let make = aws.create_resource().rest_api_id(&api.id).parent_id(&api.root).path_part("{proxy+}");
    let rest = recorder.prepare("/{proxy+}", make.send()).await.id.unwrap();
    let method = aws.put_method().rest_api_id(&api.id).resource_id(&rest).http_method("ANY");
    let method = method.authorization_type("NONE").request_parameters("method.request.path.proxy", true);
    recorder.prepare("ANY /{proxy+}", method.send()).await;
    let integration = aws.put_integration().rest_api_id(&api.id).resource_id(&rest).http_method("ANY");
    let integration = integration.r#type(IntegrationType::HttpProxy).integration_http_method("ANY");
    let integration = integration.uri(format!("{}/{{proxy}}", upstream.base_url()));
    let integration = integration.response_transfer_mode(ResponseTransferMode::Stream);
    let integration = integration.request_parameters("integration.request.path.proxy", "method.request.path.proxy");
    recorder.prepare("ANY /{proxy+}'s integration", integration.send()).await;
    api.go_live(recorder, "live").await;
    let chat = Invocation { api: &api.id, stage: "live", method: Method::POST, path: "/chat/completions", key: None };
    for (step, call) in [
        ("call of a path below a greedy resource", chat.clone()),
        (
            "call of another verb below a greedy resource",
            Invocation { method: Method::GET, path: "/models", ..chat.clone() },
        ),
        ("call with a query below a greedy resource", Invocation { path: "/completions?a=1", ..chat }),
    ] {
        let _ = upstream.take_received();
        recorder
            .invoke(step, &call, |_| match upstream.take_received().as_slice() {
                [received] => format!("{} {}", received.method, received.path),
                _ => "nothing upstream".to_owned(),
            })
            .await;
    }
}

/// What a browser asks before it calls from another origin: it can't send a key with that.
async fn preflight(recorder: &mut Recorder<'_>) {
    const ALLOWED: &str = "method.response.header.Access-Control-Allow-Origin";
    let aws = recorder.aws.clone();
    let api = Api::with_method(recorder, "preflight", true, "http://127.0.0.1:9/").await;
    let method = aws.put_method().rest_api_id(&api.id).resource_id(&api.chat).http_method("OPTIONS");
    recorder.prepare("OPTIONS /chat", method.authorization_type("NONE").send()).await;
    let answer = aws.put_method_response().rest_api_id(&api.id).resource_id(&api.chat).http_method("OPTIONS");
    recorder.prepare("its answer", answer.status_code("200").response_parameters(ALLOWED, false).send()).await;
    let mock = aws.put_integration().rest_api_id(&api.id).resource_id(&api.chat).http_method("OPTIONS");
    let mock = mock.r#type(IntegrationType::Mock).request_templates("application/json", r#"{"statusCode":200}"#);
    recorder.prepare("its mock", mock.send()).await;
    let answer = aws.put_integration_response().rest_api_id(&api.id).resource_id(&api.chat).http_method("OPTIONS");
    recorder.prepare("the mock's answer", answer.status_code("200").response_parameters(ALLOWED, "'*'").send()).await;
    api.go_live(recorder, "live").await;
    let call = Invocation { api: &api.id, stage: "live", method: Method::OPTIONS, path: "/chat", key: None };
    recorder
        .invoke("preflight", &call, |answer| format!("allows {}", answer.allow_origin.as_deref().unwrap_or("nobody")))
        .await;
}

async fn changes(recorder: &mut Recorder<'_>, upstream: &FakeUpstream) {
    let aws = recorder.aws.clone();
    let uri = format!("{}/chat/completions", upstream.base_url());
    let api = Api::with_method(recorder, "changes", false, &uri).await;
    api.go_live(recorder, "live").await;
    let delete = aws.delete_method().rest_api_id(&api.id).resource_id(&api.chat).http_method("POST");
    recorder.prepare("a change", delete.send()).await;
    let method = aws.put_method().rest_api_id(&api.id).resource_id(&api.chat).http_method("GET");
    recorder.prepare("GET /chat", method.authorization_type("NONE").send()).await;
    let integration = aws.put_integration().rest_api_id(&api.id).resource_id(&api.chat).http_method("GET");
    let integration = integration.r#type(IntegrationType::HttpProxy).integration_http_method("GET").uri(&uri);
    recorder.prepare("GET /chat's integration", integration.send()).await;
    let call = Invocation { api: &api.id, stage: "live", method: Method::POST, path: "/chat", key: None };
    let nothing_else = |_: &_| String::new();
    recorder.invoke("call after a change that isn't deployed", &call, nothing_else).await;
    let deployment = api.deployed(recorder).await;
    recorder.invoke("call after a deployment that no stage points to", &call, nothing_else).await;
    let update = aws.update_stage().rest_api_id(&api.id).stage_name("live");
    let update = update.patch_operations(replace("/deploymentId", &deployment));
    recorder.prepare("a stage's update", update.send()).await;
    recorder.invoke("call after a change that is live", &call, nothing_else).await;
}
