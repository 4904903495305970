//! Making a value in API Gateway and attaching it to its plan; found again when a reply was lost, and undone when a step
//! fails.

use std::time::Duration;

use access::{Intent, IntentKind, RemoteChange};
use api_types::{PlanName, Timestamp};
use zeroize::Zeroizing;

use super::names::ValueName;
use crate::{
    action::{CREATE_API_KEY, CREATE_USAGE_PLAN_KEY, GET_API_KEYS},
    control::PAGE,
    error::{AwsError, ErrorKind},
    gateway::{known::stage_plans::StagePlan, shared::Shared},
    usage_plans,
};

/// What API Gateway calls the kind of key that a usage plan takes.
const KEY_TYPE: &str = "API_KEY";

/// How soon a value just made is known where it is to be attached.
const KNOWN_SOON: Duration = Duration::from_secs(1);

/// A value to be made.
pub(crate) struct ToMake {
    pub(crate) name: ValueName,
    pub(crate) value: Zeroizing<String>,
    pub(crate) plan: StagePlan,
    pub(crate) enabled: bool,
    /// What is left of the period's quota, where the owner has used some already.
    pub(crate) remaining: Option<u64>,
}

/// A value that was made.
pub(crate) struct Made {
    /// API Gateway's id for it.
    pub(crate) id: String,
    /// Whether API Gateway knows what is left.
    pub(crate) is_told: bool,
}

/// A value could not be made.
pub(crate) struct Unmade {
    pub(crate) error: AwsError,
    /// What is left there: the id of a key, or that there may be one.
    left: Left,
}

enum Left {
    Nothing,
    Perhaps,
    Key(String),
}

impl Unmade {
    /// Whether the plan is gone from API Gateway.
    pub(crate) fn is_plan_gone(&self) -> bool {
        self.error.action == CREATE_USAGE_PLAN_KEY && self.error.is_not_found() && self.error.names("Usage Plan")
    }
}

impl Shared {
    /// Makes a value and attaches it: two calls, and a third where a part of the quota is used already.
    pub(crate) async fn make(&self, new: &ToMake) -> Result<Made, Unmade> {
        let id = self.create_value(new).await?;
        let attached = self.attach(&new.plan, &id).await;
        if let Err(error) = attached {
            return Err(Unmade { error, left: Left::Key(id) });
        }
        let Some(remaining) = new.remaining else { return Ok(Made { id, is_told: true }) };
        let told = self.set_remaining(&new.plan, &id, remaining).await;
        if let Err(error) = &told {
            // API Gateway's quotas are best effort; the key is good.
            tracing::warn!(key = %new.name.key, %error, "what was used before could not be carried over yet");
        }
        Ok(Made { id, is_told: told.is_ok() })
    }

    async fn create_value(&self, new: &ToMake) -> Result<String, Unmade> {
        let name = new.name.text(self.installation);
        let plan_name: &PlanName = &new.plan.plan.plan().name;
        let created = self
            .control
            .call(CREATE_API_KEY, |client| {
                let mut create = client.create_api_key().name(&name).value(new.value.as_str()).enabled(new.enabled);
                for (tag, value) in new.name.tags(self.installation, plan_name) {
                    create = create.tags(tag, value);
                }
                create.send()
            })
            .await;
        let error = match created {
            Ok(key) => match key.id() {
                Some(id) => return Ok(id.to_owned()),
                None => AwsError::without_id(CREATE_API_KEY),
            },
            Err(error) => error,
        };
        // "API Key already exists" to a value of 256 random bits: an earlier try of ours, whose reply was lost.
        // What the last try came to tells nothing of one before it whose reply was lost, but for what would have stopped
        // that too.
        let is_refused = matches!(
            error.kind,
            ErrorKind::BadRequest
                | ErrorKind::Denied
                | ErrorKind::BadCredentials
                | ErrorKind::NoCredentials
                | ErrorKind::NoRegion
        );
        if is_refused {
            return Err(Unmade { error, left: Left::Nothing });
        }
        match self.find(&name).await {
            Ok(Some(id)) => Ok(id),
            Ok(None) | Err(_) => Err(Unmade { error, left: Left::Perhaps }),
        }
    }

    /// Finds a value by its name.
    pub(crate) async fn find(&self, name: &str) -> Result<Option<String>, AwsError> {
        let found =
            self.control.call(GET_API_KEYS, |client| client.get_api_keys().name_query(name).limit(PAGE).send()).await?;
        let mut exact = found.items().iter().filter(|key| key.name() == Some(name));
        Ok(exact.next().and_then(|key| key.id()).map(str::to_owned))
    }

    /// Attaches a value to its plan. A value just made may not be known everywhere yet, and is tried again.
    pub(crate) async fn attach(&self, plan: &StagePlan, id: &str) -> Result<(), AwsError> {
        match self.attach_once(plan, id).await {
            Err(error) if error.is_not_found() && error.names("API Key") => {
                tokio::time::sleep(KNOWN_SOON).await;
                self.attach_once(plan, id).await
            }
            attached => attached,
        }
    }

    async fn attach_once(&self, plan: &StagePlan, id: &str) -> Result<(), AwsError> {
        let attached = self
            .control
            .call(CREATE_USAGE_PLAN_KEY, |client| {
                client.create_usage_plan_key().usage_plan_id(&plan.id).key_id(id).key_type(KEY_TYPE).send()
            })
            .await;
        match attached {
            Ok(_) => Ok(()),
            // Already attached, or a lost reply: what is there counts.
            Err(error) if error.may_be_done() || error.kind == ErrorKind::Conflict => {
                match usage_plans::list(&self.control, Some(id)).await {
                    Ok(plans) if plans.iter().any(|at| at.id() == Some(&plan.id)) => Ok(()),
                    _ => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Takes away what a failed making left, and its intent; what can't be taken away now is the sweeper's.
    pub(crate) async fn undo(&self, intent: Intent, unmade: Unmade, now: Timestamp) -> AwsError {
        let Unmade { error, left } = unmade;
        let done = match &left {
            Left::Nothing => true,
            Left::Perhaps => false,
            Left::Key(id) => self.delete_value(id).await.is_ok(),
        };
        let mut change = RemoteChange::default();
        if done {
            change.done = vec![intent.operation];
        } else {
            let remote_id = if let Left::Key(id) = left { Some(id) } else { None };
            change.intents = vec![Intent { kind: IntentKind::Remove, remote_id, due_at: now, ..intent }];
        }
        if let Err(error) = self.rows.change_remote(change).await {
            tracing::warn!(%error, "an undone key's intent stays; the sweeper looks at it");
        }
        error
    }
}
