//! A site at AWS: the control plane of a fake or an emulator, a configuration, the provisioner that makes it there, and
//! the backend over it.

#![allow(dead_code, reason = "each suite uses its part")]

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use access::{RemoteKeys, TimeZone, UsagePlan};
use access_aws::{
    ApiGateway, Control, ControlSettings, Place, Role,
    provision::{Applied, Credential, Event, OperatorKey, ProvisionError, Provisioner, Wanted, Written},
};
use api_types::{InstallationId, Period, Plan, PlanName, Quota, Throttle};

use tests::{aws::FakeAws, wait_until};
use tokio::runtime::Handle;

/// The upstream's credential.
pub const CREDENTIAL: &str = "sk-upstream-sekret-credential";

/// A different value at each call: ids must be unlike, no more.
pub fn fresh() -> [u8; 16] {
    static NEXT: AtomicU64 = AtomicU64::new(1 << 32);
    u128::from(NEXT.fetch_add(1, Ordering::Relaxed)).to_be_bytes()
}

/// The control plane.
pub async fn control(endpoint_url: String, role: Role) -> Control {
    let attempt_timeout = Duration::from_secs(2);
    let settings =
        ControlSettings { region: Some("us-east-1".to_owned()), endpoint_url: Some(endpoint_url), attempt_timeout };
    Control::new(&settings, role).await.unwrap()
}

/// The backend at a control plane over these rows.
pub async fn open(endpoint_url: &str, rows: Arc<dyn RemoteKeys>, place: &Place) -> ApiGateway {
    let control = control(endpoint_url.to_owned(), Role::Server).await;
    let candidate = InstallationId::from_random(fresh());
    ApiGateway::open(control, rows, place.clone(), candidate, Handle::current()).await.unwrap()
}

/// A plan of so many requests a day.
pub fn daily(limit: u64) -> UsagePlan {
    let plan = Plan {
        name: PlanName::parse(&format!("{limit}RequestPerDay")).unwrap(),
        description: format!("{limit} requests per day."),
        quota: Quota::Limited { limit, period: Period::Day, offset: 0 },
        throttle: Some(Throttle { rate: 10.0, burst: 20 }),
        time_zone: None,
    };
    UsagePlan::new(plan, TimeZone::utc()).unwrap()
}

/// The usual configuration: one path for all, which shows most of API Gateway in the fewest calls, and two plans.
pub fn written() -> Written {
    Written {
        api_name: "tollgate".to_owned(),
        stage: "live".to_owned(),
        paths: vec!["/v1/{proxy+}".to_owned()],
        base_url: "https://models.example.com/v1".to_owned(),
        credential: Some(Credential::new(CREDENTIAL)),
        timeout: Duration::from_secs(600),
        plans: vec![daily(10), daily(20)],
        models: Vec::new(),
        default_model: None,
    }
}

/// A provisioner of this configuration at this control plane.
pub async fn provisioner(endpoint_url: &str, written: Written) -> Provisioner {
    let control = control(endpoint_url.to_owned(), Role::Provisioner).await;
    Provisioner::new(control, Wanted::new(written).unwrap())
}

/// Makes all of it.
pub async fn apply(endpoint_url: &str, written: Written) -> Result<Applied, ProvisionError> {
    provisioner(endpoint_url, written).await.apply(None, &mut |_| ()).await
}

/// Makes all of it with a key for the operator.
pub async fn apply_with_key(endpoint_url: &str, written: Written, plan: &str) -> Result<Applied, ProvisionError> {
    let key = OperatorKey::new(plan, [7; 32]);
    provisioner(endpoint_url, written).await.apply(Some(&key), &mut |_| ()).await
}

/// Takes all of it away.
pub async fn destroy(endpoint_url: &str, with_keys: bool) -> Result<(), ProvisionError> {
    provisioner(endpoint_url, written()).await.destroy(with_keys, &mut |_: Event<'_>| ()).await
}

/// What `plan` shows.
pub async fn plan(endpoint_url: &str, written: Written) -> String {
    provisioner(endpoint_url, written).await.preview(None).await.unwrap().to_string()
}

/// Does something while a call hangs, and then lets it go on.
pub async fn while_it_hangs<T>(aws: &FakeAws, act: impl Future<Output = T>, meanwhile: impl FnOnce()) -> T {
    let people = async {
        wait_until("a call hangs", || async { (aws.hanging() > 0).then_some(()) }).await;
        meanwhile();
        aws.release_hanging();
    };
    tokio::join!(act, people).0
}
