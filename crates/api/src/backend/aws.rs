//! Opens Amazon API Gateway as the backend, and keeps what is known of it fresh.

use std::{sync::Arc, time::Duration};

use access::{RemoteKeys, UpstreamHead};
use access_aws::{ApiGateway, Control, ControlSettings, Keyless, Place, Role};
use anyhow::Context as _;
use api_types::InstallationId;
use proxy::Failure;
use tokio::{
    runtime::Handle,
    task::JoinHandle,
    time::{MissedTickBehavior, interval, timeout},
};

use crate::{
    ambient,
    config::{AwsConfig, BaseUrl, Config, Seconds},
    upstream_choice::{Answers, UpstreamChoice},
};

/// How long a start waits for the first answer of AWS before it goes on without.
const FIRST_READING: Duration = Duration::from_secs(5);

/// Making and deploying an API takes AWS longer than the server's calls do.
const PROVISIONERS_PATIENCE: Seconds = Seconds::of(20);

/// The control plane as it is configured.
///
/// # Errors
/// When no region is set, or its address is a remote one without TLS.
pub async fn control(config: &Config, role: Role) -> anyhow::Result<Control> {
    config.aws.check_endpoint()?;
    let patience = match role {
        Role::Server => config.aws.request_timeout.0,
        Role::Provisioner => config.aws.request_timeout.0.max(PROVISIONERS_PATIENCE.0),
    };
    let settings = ControlSettings {
        region: config.aws.region.clone(),
        endpoint_url: config.aws.endpoint_url.as_ref().map(|url| url.as_str().to_owned()),
        attempt_timeout: patience,
    };
    Ok(Control::new(&settings, role).await?)
}

/// Opens it; asks AWS nothing.
pub(super) async fn open(rows: Arc<dyn RemoteKeys>, config: &Config) -> anyhow::Result<ApiGateway> {
    let api_id = config.aws.api_id.clone().context("aws.api_id is not set")?;
    let place = Place { api_id, stage: config.aws.stage.clone() };
    let control = control(config, Role::Server).await?;
    let candidate = InstallationId::from_random(ambient::random());
    let gateway = ApiGateway::open(control, rows, place, candidate, Handle::current()).await?;
    gateway.order_plans(config.plans.iter().map(|plan| plan.plan().name.clone()).collect());
    Ok(gateway)
}

/// Reads the plans once: what is there, in words.
pub(super) async fn try_it(config: &Config) -> anyhow::Result<String> {
    let api_id = config.aws.api_id.clone().context("aws.api_id is not set")?;
    let place = Place { api_id, stage: config.aws.stage.clone() };
    let plans = access_aws::plan_names(&control(config, Role::Server).await?, &place).await?;
    if plans.is_empty() {
        anyhow::bail!(
            "no usage plan is attached to stage {} of API {}: check aws.api_id and aws.stage, or run `tollgate aws apply`",
            place.stage,
            place.api_id
        );
    }
    Ok(format!("API Gateway {}, stage {}, plans {}", place.api_id, place.stage, plans.join(", ")))
}

/// Asks the stage for its models without a key: what it says tells whether `aws.invoke_url` is right, and whether the
/// stage asks for keys at all.
pub(super) async fn try_stage(config: &Config) -> anyhow::Result<String> {
    let url = config.aws.invoke_url.as_ref().context("aws.invoke_url is not set")?;
    match ask_without_a_key(config).await? {
        // Where there is no such API or stage, API Gateway says the same: there the address itself has to be right. What
        // lies beside the stage's paths would tell nothing: some stages ask for a key there too.
        Keyless::AsksOrIsNoStage if leads_elsewhere(url, &config.aws) => anyhow::bail!(
            "{} answers as API Gateway does where there is no such stage: it isn't the address of stage {} of API {}; \
             check aws.invoke_url, aws.api_id and aws.stage",
            url.as_str(),
            config.aws.stage,
            config.aws.api_id.as_deref().unwrap_or_default(),
        ),
        Keyless::Asks | Keyless::AsksOrIsNoStage => Ok(format!("{} asks for a key, as it should", url.as_str())),
        Keyless::NoSuchPath => anyhow::bail!(
            "{} leads to a stage of API Gateway without GET /models: aws.invoke_url must end in the /v1 of aws.paths",
            url.as_str()
        ),
        Keyless::Elsewhere => anyhow::bail!("{} does not answer as API Gateway does", url.as_str()),
    }
}

/// Whether this is an address that API Gateway, or an emulator of it, gave a stage, and not the one of ours. A domain of
/// one's own names neither API nor stage.
fn leads_elsewhere(url: &BaseUrl, aws: &AwsConfig) -> bool {
    let parts: Vec<&str> = url.as_str().split(['/', '.']).collect();
    let names = |part: &str| parts.contains(&part);
    names("execute-api") && !(names(&aws.stage) && aws.api_id.as_deref().is_some_and(names))
}

async fn ask_without_a_key(config: &Config) -> anyhow::Result<Keyless> {
    let upstream = UpstreamChoice::new(config)?;
    let Answers::Server(client) = upstream.for_worker().answers else { anyhow::bail!("aws.invoke_url is not set") };
    let url = upstream.describe();
    match proxy::models(&client, None, None).await {
        Ok(_) => anyhow::bail!(
            "{url} answers without a key, so that no usage plan holds: its methods must require one (apiKeyRequired)"
        ),
        Err(failure) => {
            let Failure::Status { status, headers, text, .. } = &failure else { anyhow::bail!("{url}: {failure}") };
            let headers: Vec<_> =
                headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))).collect();
            match Keyless::of(UpstreamHead { status: status.as_u16(), headers: &headers }, text.as_deref()) {
                Keyless::Elsewhere => anyhow::bail!("{url}: {failure}"),
                said => Ok(said),
            }
        }
    }
}

/// What it is, for people at start.
pub(super) fn describe(config: &Config) -> String {
    let api = config.aws.api_id.as_deref().unwrap_or_default();
    let url = config.aws.invoke_url.as_ref().map(BaseUrl::as_str).unwrap_or_default();
    format!("aws (API Gateway {api}, stage {}, {url})", config.aws.stage)
}

/// Reads plans and keys again every so often, and sweeps; ends when dropped.
pub(super) struct Upkeep {
    gateway: ApiGateway,
    every: Duration,
    task: Option<JoinHandle<()>>,
}

impl Upkeep {
    /// Not begun yet.
    pub(super) fn of(gateway: ApiGateway, every: Duration) -> Self {
        Self { gateway, every, task: None }
    }

    /// Begins with a first reading, and waits for it a while: without AWS the server starts all the same, and
    /// `/readyz` says why it isn't ready.
    pub(super) async fn start(&mut self) {
        let (gateway, every) = (self.gateway.clone(), self.every);
        let (read, first) = tokio::sync::oneshot::channel();
        self.task = Some(Handle::current().spawn(async move {
            let mut ticks = interval(every);
            ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            ticks.tick().await;
            // The gateway tells its failures itself, once.
            let _ = gateway.refresh(ambient::now()).await;
            let _ = read.send(());
            loop {
                if let Err(error) = gateway.sweep(ambient::now()).await {
                    tracing::warn!(%error, "the sweep of unfinished keys stopped; it goes on with the next");
                }
                ticks.tick().await;
                let _ = gateway.refresh(ambient::now()).await;
            }
        }));
        let _ = timeout(FIRST_READING, first).await;
    }
}

impl Drop for Upkeep {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}
