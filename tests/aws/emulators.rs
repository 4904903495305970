//! The backend before other people's idea of AWS: MiniStack's control and data plane, moto's control plane.

use access_aws::provision::Written;
use reqwest::Client;
use serde_json::{Value, json};
use tests::{FakeUpstream, MiniStack, Moto, TestServer, settled};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use crate::site::{apply, daily, written};

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

async fn list(endpoint_url: &str, path: &str) -> Vec<Value> {
    // moto knows by it which of AWS's services is meant.
    let scope =
        "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0";
    let list = client().get(format!("{endpoint_url}{path}")).header("authorization", scope);
    let answer = list.send().await.unwrap();
    answer.json::<Value>().await.unwrap()["item"].as_array().cloned().unwrap_or_default()
}

/// Makes something in an emulator that asks for no signature, and gives its id.
async fn made(endpoint_url: &str, path: &str, body: Value) -> String {
    let answer = client().post(format!("{endpoint_url}{path}")).json(&body).send().await.unwrap();
    assert!(answer.status().is_success(), "{path}: {}", answer.status());
    answer.json::<Value>().await.unwrap()["id"].as_str().unwrap_or_default().to_owned()
}

/// A stage as somebody makes it by hand: AWS's own refusals.
async fn stage_by_hand(endpoint_url: &str, upstream: &FakeUpstream) -> String {
    let answer = client().post(format!("{endpoint_url}/restapis")).json(&json!({"name": "by hand"})).send().await;
    let api: Value = answer.unwrap().json().await.unwrap();
    let (id, root) = (api["id"].as_str().unwrap(), api["rootResourceId"].as_str().unwrap());
    let v1 = made(endpoint_url, &format!("/restapis/{id}/resources/{root}"), json!({"pathPart": "v1"})).await;
    let part = json!({"pathPart": "{proxy+}"});
    let proxy = made(endpoint_url, &format!("/restapis/{id}/resources/{v1}"), part).await;
    let method = format!("{endpoint_url}/restapis/{id}/resources/{proxy}/methods/ANY");
    let required = json!({"authorizationType": "NONE", "apiKeyRequired": true,
        "requestParameters": {"method.request.path.proxy": true}});
    let integration = json!({"type": "HTTP_PROXY", "httpMethod": "ANY",
        "uri": format!("{}/{{proxy}}", upstream.base_url()),
        "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"}});
    for (url, body) in [(method.clone(), required), (format!("{method}/integration"), integration)] {
        assert!(client().put(&url).json(&body).send().await.unwrap().status().is_success(), "{url}");
    }
    made(endpoint_url, &format!("/restapis/{id}/deployments"), json!({"stageName": "live"})).await;
    let plan = json!({"name": "3RequestPerDay", "apiStages": [{"apiId": id, "stage": "live"}],
        "quota": {"limit": 3, "period": "DAY"}});
    made(endpoint_url, "/usageplans", plan).await;
    id.to_owned()
}

fn chat_body() -> Value {
    json!({"model": "model-1", "messages": [{"role": "user", "content": "hello"}]})
}

/// The statuses of so many requests straight to the stage, with a key or without.
async fn straight(stage_url: &str, key: Option<&str>, requests: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..requests {
        let call = client().post(format!("{stage_url}/v1/chat/completions")).json(&chat_body());
        let call = key.into_iter().fold(call, |call, key| call.header("x-api-key", key));
        statuses.push(call.send().await.unwrap().status().as_u16());
    }
    statuses
}

#[tokio::test]
async fn ministack_holds_our_keys_to_their_quotas() {
    let (ministack, upstream) = (MiniStack::start().await, FakeUpstream::start().await);
    let wanted = Written { base_url: upstream.base_url(), plans: vec![daily(3), daily(4)], ..written() };
    let api = apply(ministack.endpoint_url(), wanted).await.unwrap().api_id;
    let stage_url = ministack.invoke_url(&api, "live");
    let server = TestServer::setup().api_gateway(ministack.endpoint_url(), &stage_url, &api, "live").start().await;
    let (ada, bob) = (server.signed_in("ada").await, server.signed_in("bob").await);
    let (three, _) = ada.key_on("3RequestPerDay").await;
    let (four, id) = bob.key_on("4RequestPerDay").await;

    assert_eq!(straight(&stage_url, Some(three.secret()), 4).await, [200, 200, 200, 429]);
    three.chat("hello").send().await.is_error(429, "rate_limit_exceeded");
    // No stream: MiniStack hands out everything whole, as JSON.
    for _ in 0..4 {
        four.chat("hello").send().await.expect(200);
    }
    let spent = four.chat("hello").send().await;
    let error = spent.is_error(429, "rate_limit_exceeded");
    assert_eq!((&error["type"], spent.header("x-should-retry")), (&json!("requests"), "false"));
    assert_eq!(straight(&stage_url, Some(four.secret()), 1).await, [429]);
    assert_eq!(upstream.posts(), 7);

    server.anonymous().chat("hello").send().await.is_error(401, "invalid_api_key");
    let unknown = bob.as_identity(tests::Identity::Key(tests::unknown_key(1)));
    unknown.chat("hello").send().await.is_error(401, "invalid_api_key");
    bob.delete(&format!("/keys/{id}")).send().await.expect(204);
    four.chat("hello").send().await.is_error(401, "invalid_api_key");
    ada.delete_account().send().await.expect(204);
    settled(0, || async { list(ministack.endpoint_url(), "/apikeys").await.len() }).await;
}

/// Straight only: MiniStack leaves out the header by which AWS's own refusals are told from an upstream's.
#[tokio::test]
async fn ministack_takes_our_keys_at_a_stage_made_by_hand() {
    let (ministack, upstream) = (MiniStack::start().await, FakeUpstream::start().await);
    let api = stage_by_hand(ministack.endpoint_url(), &upstream).await;
    let stage_url = ministack.invoke_url(&api, "live");
    let server = TestServer::setup().api_gateway(ministack.endpoint_url(), &stage_url, &api, "live").start().await;
    let key = server.with_key("3RequestPerDay").await;
    assert_eq!(straight(&stage_url, None, 1).await, [403]);
    server.anonymous().chat("hello").send().await.is_error(401, "invalid_api_key");
    key.chat("hello").send().await.expect(200);
    assert_eq!(straight(&stage_url, Some(key.secret()), 3).await, [200, 200, 429]);
}

#[tokio::test]
async fn moto_takes_our_keys_and_keeps_none_of_them() {
    let (moto, upstream) = (Moto::start().await, FakeUpstream::start().await);
    let endpoint_url = moto.endpoint_url();
    let wanted = Written { base_url: upstream.base_url(), plans: vec![daily(10), daily(20)], ..written() };
    let api = apply(endpoint_url, wanted).await.unwrap().api_id;
    // moto has no data plane.
    let setup = TestServer::setup().api_gateway(endpoint_url, "http://127.0.0.1:9", &api, "live");
    let server = setup.start().await;
    let plans = server.anonymous().get("/plans").send().await.expect(200).json();
    assert_eq!(plans.as_array().unwrap().len(), 2, "{plans}");
    let ada = server.signed_in("ada").await;
    let (key, id) = ada.key_on("10RequestPerDay").await;
    ada.create_key("10RequestPerDay").send().await.is_problem(409, "key_already_exists");
    let keys = list(endpoint_url, "/apikeys?includeValues=true").await;
    assert_eq!(keys.len(), 1);
    assert_eq!((&keys[0]["value"], &keys[0]["enabled"]), (&json!(key.secret()), &json!(true)));
    let usage_plans = list(endpoint_url, "/usageplans").await;
    let plan = usage_plans.iter().find(|plan| plan["name"] == "10RequestPerDay").unwrap();
    let attached = list(endpoint_url, &format!("/usageplans/{}/keys", plan["id"].as_str().unwrap())).await;
    assert_eq!(attached[0]["id"], keys[0]["id"]);
    ada.key_on("20RequestPerDay").await;
    assert_eq!(list(endpoint_url, "/apikeys").await.len(), 2);
    ada.delete(&format!("/keys/{id}")).send().await.expect(204);
    ada.delete_account().send().await.expect(204);
    settled(0, || async { list(endpoint_url, "/apikeys").await.len() }).await;
}

/// A way to an emulator on which no key is attached to a plan.
struct NoAttaching {
    endpoint_url: String,
    _serving: JoinSet<()>,
}

impl NoAttaching {
    async fn before(endpoint_url: &str) -> Self {
        let emulator = endpoint_url.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            while let Ok((caller, _)) = listener.accept().await {
                // Who leaves early is no concern of ours.
                let _ = pass_on(caller, &emulator).await;
            }
        });
        Self { endpoint_url: format!("http://{address}"), _serving: serving }
    }
}

/// One request and its answer.
async fn pass_on(mut caller: TcpStream, emulator: &str) -> std::io::Result<()> {
    let (mut request, mut piece) = (Vec::new(), [0; 4096]);
    let text = loop {
        let read = caller.read(&mut piece).await?;
        request.extend_from_slice(&piece[..read]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let length = |head: &str| {
            let lines = head.lines().filter_map(|line| line.split_once(':'));
            let mut lengths = lines.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
            lengths.next().map_or(0, |(_, value)| value.trim().parse::<usize>().unwrap())
        };
        match text.split_once("\r\n\r\n") {
            Some((head, body)) if body.len() >= length(head) => break text,
            _ if read == 0 => return Ok(()),
            _ => {}
        }
    };
    if text.starts_with("POST /usageplans/") {
        let body = r#"{"message":"Invalid API Key identifier specified"}"#;
        let head = "HTTP/1.1 404 Not Found\r\nx-amzn-errortype: NotFoundException\r\nconnection: close\r\n";
        return caller.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).await;
    }
    let mut server = TcpStream::connect(emulator).await?;
    server.write_all(text.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes()).await?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await?;
    caller.write_all(&answer).await
}

#[tokio::test]
async fn moto_keeps_nothing_of_a_key_that_could_not_be_attached() {
    let (moto, upstream) = (Moto::start().await, FakeUpstream::start().await);
    let wanted = Written { base_url: upstream.base_url(), plans: vec![daily(10)], ..written() };
    let api = apply(moto.endpoint_url(), wanted).await.unwrap().api_id;
    let way = NoAttaching::before(moto.endpoint_url()).await;
    let setup = TestServer::setup().api_gateway(&way.endpoint_url, "http://127.0.0.1:9", &api, "live");
    let mut server = setup.start().await;
    let ada = server.signed_in("ada").await;
    ada.create_key("10RequestPerDay").send().await.is_problem(500, "create_failed");
    assert_eq!(list(moto.endpoint_url(), "/apikeys").await, [Value::Null; 0]);
    let endpoint_url = moto.endpoint_url().to_owned();
    server.restart_with(|setup| setup.set("aws.endpoint_url", endpoint_url)).await;
    ada.create_key("10RequestPerDay").send().await.expect(200);
    assert_eq!(list(moto.endpoint_url(), "/apikeys").await.len(), 1);
}
