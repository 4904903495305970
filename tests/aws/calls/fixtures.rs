//! What several steps need before them.

use aws_sdk_apigateway::{
    Client,
    operation::{
        create_api_key::builders::CreateApiKeyFluentBuilder, create_usage_plan::builders::CreateUsagePlanFluentBuilder,
        put_integration::builders::PutIntegrationFluentBuilder,
    },
    types::{ApiStage, IntegrationType, Op, PatchOperation, QuotaPeriodType, QuotaSettings, ThrottleSettings},
};

use super::recorder::Recorder;

/// An upstream that nobody calls.
pub const NOWHERE: &str = "http://127.0.0.1:9/";

/// A value of a length that AWS takes, its own for each name.
pub fn value_of(name: &str) -> String {
    format!("{name:-<40}")
}

/// A key to be made, that can be used.
pub fn enabled_key(aws: &Client, name: &str) -> CreateApiKeyFluentBuilder {
    aws.create_api_key().name(name).value(value_of(name)).enabled(true)
}

/// The id of such a key.
pub async fn prepared_key(recorder: &mut Recorder<'_>, name: &str) -> String {
    let make = enabled_key(&recorder.aws, name);
    recorder.prepare(name, make.send()).await.id.unwrap()
}

/// A plan's id.
pub async fn prepared_plan(recorder: &mut Recorder<'_>, plan: CreateUsagePlanFluentBuilder) -> String {
    recorder.prepare("a plan", plan.send()).await.id.unwrap()
}

/// Puts a key on a plan.
pub async fn prepared_on_plan(recorder: &mut Recorder<'_>, plan: &str, key: &str) {
    let attach = recorder.aws.create_usage_plan_key().usage_plan_id(plan).key_id(key).key_type("API_KEY");
    recorder.prepare("a key on a plan", attach.send()).await;
}

pub fn stage(api: &str, name: &str) -> ApiStage {
    ApiStage::builder().api_id(api).stage(name).build()
}

pub fn per_day(limit: i32) -> QuotaSettings {
    QuotaSettings::builder().limit(limit).period(QuotaPeriodType::Day).build()
}

pub fn throttle(rate: f64, burst: i32) -> ThrottleSettings {
    ThrottleSettings::builder().rate_limit(rate).burst_limit(burst).build()
}

pub fn replace(path: &str, value: &str) -> PatchOperation {
    PatchOperation::builder().op(Op::Replace).path(path).value(value).build()
}

/// A REST API with the resource `/chat`.
pub struct Api {
    pub id: String,
    pub root: String,
    pub chat: String,
}

impl Api {
    /// With the resource, and no method.
    pub async fn prepared(recorder: &mut Recorder<'_>, name: &str) -> Self {
        let aws = recorder.aws.clone();
        let api = recorder.prepare(name, aws.create_rest_api().name(name).send()).await;
        let (id, root) = (api.id.unwrap(), api.root_resource_id.unwrap());
        let chat = aws.create_resource().rest_api_id(&id).parent_id(&root).path_part("chat");
        let chat = recorder.prepare("/chat", chat.send()).await.id.unwrap();
        Self { id, root, chat }
    }

    /// With `POST /chat`, which goes to this URI.
    pub async fn with_method(recorder: &mut Recorder<'_>, name: &str, key_required: bool, uri: &str) -> Self {
        let api = Self::prepared(recorder, name).await;
        let aws = recorder.aws.clone();
        let method = aws.put_method().rest_api_id(&api.id).resource_id(&api.chat).http_method("POST");
        recorder.prepare("POST /chat", method.authorization_type("NONE").api_key_required(key_required).send()).await;
        recorder.prepare("POST /chat's integration", api.integration(&aws, uri).send()).await;
        api
    }

    /// What takes `POST /chat` to this URI.
    pub fn integration(&self, aws: &Client, uri: &str) -> PutIntegrationFluentBuilder {
        let integration = aws.put_integration().rest_api_id(&self.id).resource_id(&self.chat).http_method("POST");
        integration.r#type(IntegrationType::HttpProxy).integration_http_method("POST").uri(uri)
    }

    /// With `POST /chat`, and live as the stage `live`.
    pub async fn live(recorder: &mut Recorder<'_>, name: &str) -> Self {
        let api = Self::with_method(recorder, name, true, NOWHERE).await;
        api.go_live(recorder, "live").await;
        api
    }

    /// Makes a deployment, and a stage that points to it.
    pub async fn go_live(&self, recorder: &mut Recorder<'_>, stage: &str) -> String {
        let deployment = self.deployed(recorder).await;
        let make = recorder.aws.create_stage().rest_api_id(&self.id).stage_name(stage).deployment_id(&deployment);
        recorder.prepare(stage, make.send()).await;
        deployment
    }

    pub async fn deployed(&self, recorder: &mut Recorder<'_>) -> String {
        let make = recorder.aws.create_deployment().rest_api_id(&self.id);
        recorder.prepare("a deployment", make.send()).await.id.unwrap()
    }
}
