//! Makes the script's calls and writes down what each came to: status and error code, and what the step looks at.

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    time::Duration,
};

use aws_sdk_apigateway::{
    Client, Config,
    config::{
        BehaviorVersion, ConfigBag, Credentials, Intercept, Region, RuntimeComponents, http::HttpResponse,
        interceptors::BeforeDeserializationInterceptorContextRef, retry::RetryConfig, timeout::TimeoutConfig,
    },
    error::{BoxError, ProvideErrorMetadata, SdkError},
};
use reqwest::Method;

/// An API and a stage to where they can be called.
type InvokeUrl<'a> = dyn Fn(&str, &str) -> String + 'a;

/// What the script is run against.
pub struct Target<'a> {
    endpoint_url: &'a str,
    invoke_url: Option<Box<InvokeUrl<'a>>>,
}

impl<'a> Target<'a> {
    /// A control plane, and a data plane where `invoke_url` says for an API and a stage.
    pub fn new(endpoint_url: &'a str, invoke_url: impl Fn(&str, &str) -> String + 'a) -> Self {
        Self { endpoint_url, invoke_url: Some(Box::new(invoke_url)) }
    }

    pub fn without_data_plane(endpoint_url: &'a str) -> Self {
        Self { endpoint_url, invoke_url: None }
    }
}

/// An answer of the data plane.
pub struct Invoked {
    pub status: u16,
    /// `x-amzn-ErrorType`, without what follows a colon.
    pub error: Option<String>,
    pub retry_after: Option<String>,
    pub allow_origin: Option<String>,
    pub body: String,
}

/// Makes calls, each once, and keeps what they came to.
pub struct Recorder<'a> {
    /// The control plane. Its client speaks no TLS, so that no call can leave the machine.
    pub aws: Client,
    target: Target<'a>,
    http: reqwest::Client,
    last_status: Arc<AtomicU16>,
    outcomes: Vec<(String, String)>,
}

impl<'a> Recorder<'a> {
    pub fn new(target: Target<'a>) -> Self {
        let last_status = Arc::default();
        let limit = Duration::from_secs(20);
        let conf = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .endpoint_url(target.endpoint_url)
            .region(Region::new("us-east-1"))
            .credentials_provider(
                Credentials::builder().access_key_id("test").secret_access_key("test").provider_name("test").build(),
            )
            .retry_config(RetryConfig::disabled())
            .timeout_config(TimeoutConfig::builder().operation_timeout(limit).build())
            .interceptor(KeepStatus(Arc::clone(&last_status)))
            .build();
        let http = reqwest::Client::builder().no_proxy().timeout(limit).build().unwrap();
        Self { aws: Client::from_conf(conf), target, http, last_status, outcomes: Vec::new() }
    }

    /// Steps and what they came to, in their order.
    pub fn outcomes(self) -> Vec<(String, String)> {
        self.outcomes
    }

    /// A step that looks at nothing but the status and the error's code.
    pub async fn call<O, E: ProvideErrorMetadata>(
        &mut self,
        step: &str,
        call: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    ) {
        self.look(step, call, |_| String::new()).await;
    }

    /// A step that looks at the answer, too.
    pub async fn look<O, E: ProvideErrorMetadata, S: ToString>(
        &mut self,
        step: &str,
        call: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
        see: impl FnOnce(&O) -> S,
    ) {
        let answer = self.make(call).await;
        let seen = answer.as_ref().map(|answer| see(answer).to_string()).unwrap_or_default();
        self.write(step, answer.as_ref().err(), &seen);
    }

    /// What a step needs before it and is no step itself.
    pub async fn prepare<O, E: ProvideErrorMetadata>(
        &mut self,
        what: &str,
        call: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    ) -> O {
        let made = self.make(call).await;
        made.unwrap_or_else(|error| panic!("cannot prepare {what}: {error:?} {}", self.status()))
    }

    /// A step of the data plane.
    pub async fn invoke(&mut self, step: &str, stage: &Invocation<'_>, see: impl FnOnce(&Invoked) -> String) {
        let outcome = match self.ask(stage).await {
            Some(answer) => {
                let error = answer.error.as_deref();
                written(answer.status, Some(error.unwrap_or_default()).filter(|error| !error.is_empty()), &see(&answer))
            }
            None => "no data plane".to_owned(),
        };
        self.outcomes.push((step.to_owned(), outcome));
    }

    /// A call of the data plane that is no step itself.
    pub async fn ask(&self, call: &Invocation<'_>) -> Option<Invoked> {
        let base = self.target.invoke_url.as_ref()?(call.api, call.stage);
        let mut request = self.http.request(call.method.clone(), format!("{base}{}", call.path));
        if call.method == Method::POST {
            request = request.json(&serde_json::json!({"model": "model-1", "messages": []}));
        }
        if let Some(key) = call.key {
            request = request.header("x-api-key", key);
        }
        let answer = request.send().await.unwrap();
        let header = |name: &str| Some(answer.headers().get(name)?.to_str().unwrap().to_owned());
        let error = header("x-amzn-errortype").map(|error| error.split(':').next().unwrap().to_owned());
        let status = answer.status().as_u16();
        let (retry_after, allow_origin) = (header("retry-after"), header("access-control-allow-origin"));
        Some(Invoked { status, error, retry_after, allow_origin, body: answer.text().await.unwrap() })
    }

    async fn make<O, E: ProvideErrorMetadata>(
        &mut self,
        call: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    ) -> Result<O, Option<String>> {
        self.last_status.store(0, Ordering::Relaxed);
        call.await.map_err(|error| error.code().map(str::to_owned))
    }

    fn status(&self) -> u16 {
        self.last_status.load(Ordering::Relaxed)
    }

    fn write(&mut self, step: &str, error: Option<&Option<String>>, seen: &str) {
        let outcome = match (self.status(), error) {
            (0, _) => "no answer".to_owned(),
            // The SDK's parser is strict: a number written as text is none.
            (status @ 200..300, Some(_)) => format!("{status} unparsable"),
            (status, error) => written(status, error.and_then(|code| code.as_deref()), seen),
        };
        self.outcomes.push((step.to_owned(), outcome));
    }
}

/// What a list answers that is asked for one entry of several.
pub fn one_at_a_time(entries: usize, position: Option<&str>) -> &'static str {
    match (entries, position) {
        (1, Some(_)) => "one, and where to go on",
        (1, None) => "one",
        (_, None) => "all at once",
        (_, Some(_)) => "several, and where to go on",
    }
}

fn written(status: u16, error: Option<&str>, seen: &str) -> String {
    let mut outcome = status.to_string();
    if let Some(error) = error {
        outcome.push_str(&format!(" {error}"));
    }
    if !seen.is_empty() {
        outcome.push_str(&format!(": {seen}"));
    }
    outcome
}

/// A call of the data plane.
#[derive(Clone)]
pub struct Invocation<'a> {
    pub api: &'a str,
    pub stage: &'a str,
    pub method: Method,
    pub path: &'a str,
    pub key: Option<&'a str>,
}

/// Keeps the status of each answer, which the SDK's outputs don't have.
#[derive(Debug)]
struct KeepStatus(Arc<AtomicU16>);

impl Intercept for KeepStatus {
    fn name(&self) -> &'static str {
        "KeepStatus"
    }

    fn read_before_deserialization(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.store(context.response().status().as_u16(), Ordering::Relaxed);
        Ok(())
    }
}
