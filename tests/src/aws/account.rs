//! One AWS account's API Gateway in one region: all that the control plane writes and the data plane reads.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{
    clock::Clock,
    limits::{Quota, Throttle},
    meter::Meter,
};

/// AWS's own example number.
pub(crate) const ACCOUNT_ID: &str = "123456789012";

/// Everything that exists.
#[derive(Debug, Default)]
pub(crate) struct Account {
    pub(crate) keys: BTreeMap<String, Key>,
    pub(crate) plans: BTreeMap<String, Plan>,
    pub(crate) apis: BTreeMap<String, RestApi>,
    /// By plan and key.
    pub(crate) meters: BTreeMap<(String, String), Meter>,
    /// New and re-enabled keys wait for their activation.
    pub(crate) holds_activation: bool,
    clock: Clock,
    drawn: u64,
}

impl Account {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, ..Self::default() }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// As AWS's: lower-case letters and digits, in no order.
    pub(crate) fn new_id(&mut self, length: usize) -> String {
        self.draw(length, b"abcdefghijklmnopqrstuvwxyz0123456789")
    }

    pub(crate) fn new_value(&mut self) -> String {
        self.draw(40, b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
    }

    fn draw(&mut self, length: usize, alphabet: &[u8]) -> String {
        let mut text = String::new();
        while text.len() < length {
            self.drawn += 1;
            let bytes = Sha256::digest(self.drawn.to_be_bytes());
            text.extend(bytes.iter().map(|&byte| char::from(alphabet[usize::from(byte) % alphabet.len()])));
        }
        text.truncate(length);
        text
    }

    /// The plan through which a key may call a stage: it has one at most.
    pub(crate) fn plan_of(&self, key: &str, api: &str, stage: &str) -> Option<&Plan> {
        self.plans.values().find(|plan| plan.keys.contains(key) && plan.has_stage(api, stage))
    }

    /// Removes a key from everywhere.
    pub(crate) fn forget_key(&mut self, id: &str) -> bool {
        for plan in self.plans.values_mut() {
            plan.keys.remove(id);
        }
        self.meters.retain(|(_, key), _| key != id);
        self.keys.remove(id).is_some()
    }

    pub(crate) fn forget_plan(&mut self, id: &str) -> bool {
        self.meters.retain(|(plan, _), _| plan != id);
        self.plans.remove(id).is_some()
    }

    /// AWS drops a deleted stage from the plans without a word; `None` for every stage of the API.
    pub(crate) fn forget_stage(&mut self, api: &str, stage: Option<&str>) {
        let is_it = |found: &ApiStage| found.api == api && stage.is_none_or(|stage| found.stage == stage);
        self.plans.values_mut().for_each(|plan| plan.stages.retain(|found| !is_it(found)));
    }
}

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// AWS's id.
    pub id: String,
    /// What a caller presents.
    pub value: String,
    /// As given.
    pub name: Option<String>,
    /// As given.
    pub description: Option<String>,
    /// As given.
    pub customer_id: Option<String>,
    /// What the control plane says.
    pub enabled: bool,
    /// Whether the data plane knows it already.
    pub active: bool,
    /// By the fake's clock.
    pub created: Timestamp,
    /// By the fake's clock.
    pub updated: Timestamp,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

/// A usage plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    /// AWS's id.
    pub id: String,
    /// As given.
    pub name: String,
    /// As given.
    pub description: Option<String>,
    /// A product's code on AWS Marketplace.
    pub product_code: Option<String>,
    /// What it applies to.
    pub stages: Vec<ApiStage>,
    /// For each key.
    pub throttle: Option<Throttle>,
    /// For each key.
    pub quota: Option<Quota>,
    /// The ids of its keys.
    pub keys: BTreeSet<String>,
    /// By the fake's clock.
    pub created: Timestamp,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl Plan {
    /// Whether it applies to this stage.
    #[must_use]
    pub fn has_stage(&self, api: &str, stage: &str) -> bool {
        self.stages.iter().any(|found| found.api == api && found.stage == stage)
    }
}

/// A stage that a plan applies to.
#[derive(Debug, Clone, PartialEq)]
pub struct ApiStage {
    /// The REST API's id.
    pub api: String,
    /// The stage's name.
    pub stage: String,
    /// Throttles of single methods, by `/path/METHOD`, kept but not enforced.
    pub method_throttles: BTreeMap<String, Throttle>,
}

/// A REST API.
#[derive(Debug, Clone, Default)]
pub struct RestApi {
    /// AWS's id.
    pub id: String,
    /// The members of `GetRestApi`'s answer apart from `id`, `rootResourceId` and `tags`.
    pub fields: Map<String, Value>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
    /// The id of `/`.
    pub root: String,
    /// What a deployment would put live.
    pub surface: Surface,
    /// By id.
    pub deployments: BTreeMap<String, Deployment>,
    /// By name.
    pub stages: BTreeMap<String, Stage>,
}

/// What a deployment takes a snapshot of.
#[derive(Debug, Clone, Default)]
pub struct Surface {
    /// By id.
    pub resources: BTreeMap<String, Resource>,
    /// Those that somebody put, by response type, as `GetGatewayResponse` answers.
    pub gateway_responses: BTreeMap<String, Map<String, Value>>,
}

/// A part of the path.
#[derive(Debug, Clone)]
pub struct Resource {
    /// AWS's id.
    pub id: String,
    /// The id of what it is under; none for `/`.
    pub parent: Option<String>,
    /// Such as `chat` or `{proxy+}`; empty for `/`.
    pub part: String,
    /// Such as `/v1/{proxy+}`.
    pub path: String,
    /// By HTTP method, as `GetMethod` answers.
    pub methods: BTreeMap<String, Map<String, Value>>,
}

/// A snapshot that stages point to.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// AWS's id.
    pub id: String,
    /// As given.
    pub description: Option<String>,
    /// By the fake's clock.
    pub created: Timestamp,
    /// What is live on its stages.
    pub surface: Surface,
}

/// A name under which a deployment can be called.
#[derive(Debug, Clone)]
pub struct Stage {
    /// As in the URL.
    pub name: String,
    /// The deployment that is live.
    pub deployment: String,
    /// The members of `GetStage`'s answer apart from these and `tags`.
    pub fields: Map<String, Value>,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}
