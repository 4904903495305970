//! The data plane and the faults, through the socket.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

use super::{FakeAws, Fault, Quota, Throttle, When, control::in_console, request::Request, server::lock};
use crate::{FakeUpstream, Script, event, settled};

const VALUE: &str = "a-key-of-twenty-or-more-characters";

struct Deployed {
    aws: FakeAws,
    upstream: FakeUpstream,
    api: String,
    stage: String,
    plan: String,
    key: String,
}

impl Deployed {
    async fn with(quota: Option<Quota>, throttle: Option<Throttle>) -> Self {
        let (aws, upstream) = (FakeAws::start().await, FakeUpstream::start().await);
        let (api, stage) = aws.seed_stage(&upstream.base_url());
        let plan = aws.add_plan("basic", quota, throttle, &api, &stage);
        let key = aws.console_create_key(VALUE, Some(&plan));
        aws.clock().set_now("2026-03-04T10:00:00Z".parse::<Timestamp>().unwrap());
        Self { aws, upstream, api, stage, plan, key }
    }

    async fn call(&self, value: &str) -> Response {
        let url = format!("{}/v1/models?page=2", self.aws.invoke_url(&self.api, &self.stage));
        client().get(url).header("x-api-key", value).send().await.unwrap()
    }

    /// The status, what kind of error, and the body.
    async fn answer(&self, value: &str) -> (u16, String, String) {
        told(self.call(value).await).await
    }

    async fn statuses(&self, times: usize) -> Vec<u16> {
        let mut statuses = Vec::new();
        for _ in 0..times {
            statuses.push(self.call(VALUE).await.status().as_u16());
        }
        statuses
    }

    fn in_console(&self, method: &str, path: &str, body: &Value) -> Value {
        let path = format!("/restapis/{}{path}", self.api);
        in_console(&mut lock(&self.aws.shared.account), Request::internal(method, &path, body))
    }

    fn deploy(&self) {
        self.in_console("POST", "/deployments", &json!({"stageName": self.stage}));
    }
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

async fn told(response: Response) -> (u16, String, String) {
    let kind = response.headers().get("x-amzn-errortype").map_or("", |value| value.to_str().unwrap()).to_owned();
    (response.status().as_u16(), kind, response.text().await.unwrap())
}

fn said(status: u16, kind: &str, message: &str) -> (u16, String, String) {
    (status, kind.to_owned(), json!({"message": message}).to_string())
}

#[tokio::test]
async fn only_an_enabled_key_in_a_plan_of_the_stage_may_call() {
    let it = Deployed::with(None, None).await;
    let forbidden = said(403, "ForbiddenException", "Forbidden");
    assert_eq!(it.answer(VALUE).await.0, 200);
    assert_eq!(it.upstream.last().path, "/v1/models?page=2");
    assert_eq!(it.answer("another").await, forbidden);
    it.aws.console_create_key("in-no-plan-in-no-plan-in-no-plan", None);
    assert_eq!(it.answer("in-no-plan-in-no-plan-in-no-plan").await, forbidden);
    it.aws.console_disable_key(&it.key);
    assert_eq!(it.answer(VALUE).await, forbidden);
    it.aws.hold_activation();
    it.aws.console_enable_key(&it.key);
    assert_eq!(it.answer(VALUE).await, forbidden, "not yet active");
    it.aws.release_activation();
    assert_eq!(it.answer(VALUE).await.0, 200);
    it.aws.console_delete_plan(&it.plan);
    assert_eq!(it.answer(VALUE).await, forbidden);
    let other = format!("{}/nowhere", it.aws.invoke_url(&it.api, &it.stage));
    let missing = said(403, "MissingAuthenticationTokenException", "Missing Authentication Token");
    assert_eq!(told(client().get(other).send().await.unwrap()).await, missing);
    let no_stage = it.aws.invoke_url(&it.api, "other");
    assert_eq!(told(client().get(no_stage).send().await.unwrap()).await, forbidden);
}

#[tokio::test]
async fn quota_and_throttle_refuse_and_what_they_refuse_does_not_count() {
    let it = Deployed::with(Some(Quota::per_day(4)), Some(Throttle { rate: 1.0, burst: 3 })).await;
    assert_eq!(it.statuses(5).await, [200, 200, 200, 429, 429]);
    assert_eq!(it.answer(VALUE).await, said(429, "TooManyRequestsException", "Too Many Requests"));
    it.aws.clock().advance(SignedDuration::from_secs(60));
    assert_eq!(it.statuses(1).await, [200], "the fourth of four");
    assert_eq!(it.answer(VALUE).await, said(429, "LimitExceededException", "Limit Exceeded"));
    it.aws.clock().advance(SignedDuration::from_hours(24));
    assert_eq!(it.statuses(1).await, [200]);
}

#[tokio::test]
async fn an_edit_is_live_when_it_is_deployed_and_not_before() {
    let it = Deployed::with(None, None).await;
    let template =
        r#"{"error":{"message":$context.error.messageString,"type":"auth","code":"$context.error.responseType"}}"#;
    let body = json!({
        "statusCode": "401", "responseTemplates": {"application/json": template},
        "responseParameters": {"gatewayresponse.header.Retry-After": "'7'", "gatewayresponse.header.x-id": "context.requestId"},
    });
    it.in_console("PUT", "/gatewayresponses/DEFAULT_4XX", &body);
    assert_eq!(it.answer("another").await.0, 403);
    it.deploy();
    let response = it.call("another").await;
    let headers = response.headers().clone();
    assert_eq!((response.status().as_u16(), headers["retry-after"].to_str().unwrap()), (401, "7"));
    assert_eq!(headers["x-amzn-errortype"], "ForbiddenException");
    assert_eq!(headers["x-id"], headers["x-amzn-requestid"]);
    let error = json!({"error": {"message": "Forbidden", "type": "auth", "code": "INVALID_API_KEY"}});
    assert_eq!(response.json::<Value>().await.unwrap(), error);
}

#[tokio::test]
async fn a_preflight_needs_no_key_and_the_upstream_gets_what_the_mapping_says() {
    let it = Deployed::with(None, None).await;
    let resources = it.aws.apis()[0].surface.resources.clone();
    let proxy = resources.values().find(|resource| resource.part == "{proxy+}").unwrap().id.clone();
    let method = format!("/resources/{proxy}/methods/OPTIONS");
    it.in_console("PUT", &method, &json!({"authorizationType": "NONE"}));
    let origin = "method.response.header.Access-Control-Allow-Origin";
    it.in_console("PUT", &format!("{method}/responses/204"), &json!({"responseParameters": {origin: false}}));
    let mock = json!({"type": "MOCK", "requestTemplates": {"application/json": "{\"statusCode\": 204}"}});
    it.in_console("PUT", &format!("{method}/integration"), &mock);
    let response = json!({"responseParameters": {origin: "'*'"}});
    it.in_console("PUT", &format!("{method}/integration/responses/204"), &response);
    let patches = json!({"patchOperations": [
        {"op": "add", "path": "/requestParameters/integration.request.header.x-api-key", "value": "'hidden'"},
        {"op": "add", "path": "/requestParameters/integration.request.header.Authorization", "value": "'Bearer up'"},
    ]});
    it.in_console("PATCH", &format!("/resources/{proxy}/methods/ANY/integration"), &patches);
    it.deploy();
    let url = format!("{}/v1/models", it.aws.invoke_url(&it.api, &it.stage));
    let preflight = client().request(Method::OPTIONS, &url).send().await.unwrap();
    assert_eq!(
        (preflight.status().as_u16(), &preflight.headers()["access-control-allow-origin"]),
        (204, &"*".parse().unwrap())
    );
    assert_eq!(it.answer(VALUE).await.0, 200);
    let received = it.upstream.last();
    assert_eq!((received.header("x-api-key"), received.header("authorization")), (Some("hidden"), Some("Bearer up")));
}

#[tokio::test]
async fn a_stream_comes_piece_by_piece_and_ends_with_its_caller() {
    let it = Deployed::with(None, None).await;
    it.upstream.next(Script::open_stream([event("one")]));
    let url = format!("{}/v1/chat/completions", it.aws.invoke_url(&it.api, &it.stage));
    let call = client().post(url).header("x-api-key", VALUE).json(&json!({"stream": true}));
    let mut response = call.send().await.unwrap();
    assert_eq!(response.chunk().await.unwrap().unwrap(), event("one"));
    drop(response);
    settled(1, async || it.upstream.abandoned()).await;
}

#[tokio::test]
async fn an_upstream_that_is_gone_is_504_with_an_error_type() {
    let aws = FakeAws::start().await;
    let (api, stage) = aws.seed_stage("http://127.0.0.1:1/v1");
    let plan = aws.add_plan("basic", None, None, &api, &stage);
    aws.console_create_key(VALUE, Some(&plan));
    let url = format!("{}/v1/models", aws.invoke_url(&api, &stage));
    let response = client().get(url).header("x-api-key", VALUE).send().await.unwrap();
    let told = told(response).await;
    assert_eq!((told.0, told.1.as_str()), (504, "InternalServerErrorException"));
}

/// A call of the control plane: its status and body, or that there was no answer.
async fn control(aws: &FakeAws, method: &str, path: &str, body: Value) -> Result<(u16, Value), reqwest::Error> {
    const SIGNED: &str = "AWS4-HMAC-SHA256 Credential=AKID/20260304/eu-west-1/apigateway/aws4_request, \
        SignedHeaders=host, Signature=00";
    let request = client().request(method.parse().unwrap(), format!("{}{path}", aws.endpoint_url()));
    let response = request.header("authorization", SIGNED).json(&body).send().await?;
    let status = response.status().as_u16();
    Ok((status, serde_json::from_str(&response.text().await?).unwrap_or_default()))
}

#[tokio::test]
async fn each_fault_applies_the_call_or_does_not() {
    let aws = FakeAws::start().await;
    let create = async || control(&aws, "POST", "/apikeys", json!({"name": "a"})).await.ok().map(|(status, _)| status);
    let expected = [
        (Fault::Throttle, Some(429), 0),
        (Fault::ConcurrentModification, Some(409), 0),
        (Fault::Status(418, "TeapotException", "short and stout"), Some(418), 0),
        (Fault::DropReply, None, 1),
        (Fault::DropRequest, None, 0),
        (Fault::AccessDenied, Some(403), 0),
        (Fault::ExpiredToken, Some(403), 0),
        (Fault::KeyLimit, Some(429), 0),
        (Fault::Html500, Some(500), 0),
        (Fault::LoseConnection, None, 1),
    ];
    let mut keys = 0;
    for (fault, status, made) in expected {
        aws.fault("CreateApiKey", When::Next, fault.clone());
        assert_eq!(create().await, status, "{fault:?}");
        keys += made;
        assert_eq!((aws.keys().len(), aws.faults_waiting()), (keys, 0), "{fault:?}");
    }
    aws.refuse_connections();
    assert_eq!(create().await, None);
    aws.accept_connections();
    assert_eq!(create().await, Some(201));
    let statuses: Vec<_> = aws.take_calls().iter().map(|call| call.status).collect();
    assert_eq!(statuses[3..6], [None, None, Some(403)]);
    assert!(aws.calls().is_empty());
}

#[tokio::test]
async fn what_hangs_is_answered_when_it_is_released() {
    let aws = FakeAws::start().await;
    aws.fault("*", When::First(2), Fault::Hang).fault("*", When::Nth(3), Fault::HangReply);
    let create = || control(&aws, "POST", "/apikeys", json!({}));
    tokio::select! {
        answer = create() => panic!("answered {answer:?}"),
        () = settled(1, async || aws.hanging()) => {}
    }
    settled(0, async || aws.hanging()).await;
    let release = async |keys| {
        settled(1, async || aws.hanging()).await;
        assert_eq!(aws.keys().len(), keys);
        aws.release_hanging();
    };
    let (answer, ()) = tokio::join!(create(), release(0));
    assert_eq!((answer.unwrap().0, aws.keys().len()), (201, 1), "whoever left before has made nothing");
    let (answer, ()) = tokio::join!(create(), release(1 + 1));
    assert_eq!((answer.unwrap().0, aws.keys().len()), (201, 2));
}

#[tokio::test]
async fn usage_is_by_day_and_a_grant_adds_to_it() {
    let it = Deployed::with(Some(Quota::per_day(3)), None).await;
    assert_eq!(it.statuses(2).await, [200, 200]);
    let path = format!("/usageplans/{}/usage?keyId={}&startDate=2026-03-03&endDate=2026-03-04", it.plan, it.key);
    let (status, usage) = control(&it.aws, "GET", &path, Value::Null).await.unwrap();
    assert_eq!((status, &usage["values"]), (200, &json!({VALUE: [[0, 3], [2, 1]]})));
    let patch = json!({"patchOperations": [{"op": "replace", "path": "/remaining", "value": "9"}]});
    let granted = control(&it.aws, "PATCH", &format!("/usageplans/{}/keys/{}/usage", it.plan, it.key), patch).await;
    assert_eq!(granted.unwrap().1["values"], json!({VALUE: [[2, 9]]}));
    it.aws.clock().advance(SignedDuration::from_hours(24));
    let path = path.replace("2026-03-03", "2026-03-05").replace("2026-03-04", "2026-03-05");
    assert_eq!(control(&it.aws, "GET", &path, Value::Null).await.unwrap().1["values"], json!({}));
}

#[tokio::test]
async fn the_order_of_deletion_is_the_one_that_aws_demands() {
    let it = Deployed::with(None, None).await;
    let (status, refused) = control(&it.aws, "DELETE", &format!("/usageplans/{}", it.plan), Value::Null).await.unwrap();
    let text = format!(
        "Cannot delete Usage Plan {} because there are API Stages associated with it, including {}:{}",
        it.plan, it.api, it.stage
    );
    assert_eq!((status, &refused["message"]), (400, &json!(text)));
    let deployment = it.aws.apis()[0].deployments.keys().next().unwrap().clone();
    let path = format!("/restapis/{}/deployments/{deployment}", it.api);
    assert_eq!(control(&it.aws, "DELETE", &path, Value::Null).await.unwrap().0, 400);
    it.aws.console_delete_stage(&it.api, &it.stage);
    assert!(it.aws.plans()[0].stages.is_empty(), "the plan lost its stage without a word");
    assert_eq!(control(&it.aws, "DELETE", &path, Value::Null).await.unwrap().0, 202);
    let tags: BTreeMap<_, _> = [("owner".to_owned(), "us".to_owned())].into();
    let arn = format!("/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Fapikeys%2F{}", it.key);
    assert_eq!(control(&it.aws, "PUT", &arn, json!({"tags": tags})).await.unwrap().0, 204);
    assert_eq!(it.aws.keys()[0].tags, tags);
}
