//! The provisioner: makes, in an AWS account, the API that the configuration asks for, and takes it away again.
//!
//! [`Wanted`] is what the configuration says. [`Provisioner`] reads what there is ([`read`]), compares ([`diff`], pure)
//! and carries out the steps ([`apply`]) at the rates that AWS allows ([`Control`]). What it owns it knows by tags alone
//! ([`crate::marks`]); it keeps no state of its own. So it can be stopped anywhere and started again.

mod apply;
mod credential;
mod destroy;
mod diff;
mod diff_method;
mod diff_plans;
mod error;
mod execute;
mod execute_method;
mod execute_plan;
mod found;
mod operator_key;
mod plan;
mod policy;
mod read;
mod read_plans;
mod read_surface;
mod refusals;
mod route;
#[cfg(test)]
mod samples;
mod status;
mod step;
mod surface;
mod template;
mod wanted;
mod warnings;

pub use apply::Applied;
pub use credential::Credential;
pub use destroy::Destruction;
pub use error::ProvisionError;
pub use operator_key::OperatorKey;
pub use plan::Plan;
pub use policy::policy;
pub use status::Status;
pub use template::template;
pub use wanted::{Wanted, WantedError, Written};

use self::{
    apply::Goal,
    read::{Depth, read},
    surface::Surface,
};
use crate::Control;

/// What happens during `apply` and `destroy`, for whoever waits.
#[derive(Debug)]
pub enum Event<'a> {
    /// A step begins.
    Step {
        /// Counted from 1; begins anew after [`Event::LooksAgain`].
        number: usize,
        /// How many there are.
        of: usize,
        /// What it does.
        line: &'a str,
    },
    /// A call failed in a way that may mean that it was done; what there is is read again.
    LooksAgain(&'a ProvisionError),
}

/// The provisioner of one API.
#[derive(Debug)]
pub struct Provisioner {
    control: Control,
    wanted: Wanted,
}

impl Provisioner {
    /// A provisioner that makes its calls through this control plane.
    #[must_use]
    pub fn new(control: Control, wanted: Wanted) -> Self {
        wanted.credential.iter().for_each(|credential| control.hide(credential.reveal()));
        Self { control, wanted }
    }

    /// What shall be there.
    #[must_use]
    pub fn wanted(&self) -> &Wanted {
        &self.wanted
    }

    /// The steps from what there is to what is wanted. Makes reads only.
    ///
    /// # Errors
    /// When it can't be read, there are several APIs with our tags, or the operator key's plan isn't configured.
    pub async fn plan(&self, operator: Option<&OperatorKey>) -> Result<Plan, ProvisionError> {
        Ok(self.goal(operator)?.look().await?.1)
    }

    /// Makes everything as wanted, whatever it takes. May be stopped anywhere; the next run goes on from there.
    ///
    /// # Errors
    /// As [`plan`](Self::plan), and when a step can't be made; what was made stays.
    pub async fn apply(
        &self,
        operator: Option<&OperatorKey>,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<Applied, ProvisionError> {
        self.goal(operator)?.reach(None, &mut |_| true, tell).await
    }

    /// Makes what a plan of the same wishes showed. Where it takes other steps by now, `ask` says whether those shall be
    /// made; after a plan without steps nothing is done.
    ///
    /// # Errors
    /// As [`apply`](Self::apply), and when `ask` said no.
    pub async fn apply_as_shown(
        &self,
        shown: &Plan,
        operator: Option<&OperatorKey>,
        ask: &mut dyn FnMut(&Plan) -> bool,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<Applied, ProvisionError> {
        self.goal(operator)?.reach(Some(shown), ask, tell).await
    }

    /// What there is, with its keys, and whether it is as configured. Makes reads only.
    ///
    /// # Errors
    /// When it can't be read.
    pub async fn status(&self) -> Result<Status, ProvisionError> {
        let found = read(&self.control, &self.wanted, Depth::All).await?;
        Ok(Status::new(&self.wanted, found, &self.control))
    }

    /// What [`destroy`](Self::destroy) would take away. Makes reads only.
    ///
    /// # Errors
    /// When it can't be read, or people's keys would go and `with_keys` isn't set.
    pub async fn destruction(&self, with_keys: bool) -> Result<Destruction, ProvisionError> {
        destroy::look(&self.control, &self.wanted, with_keys).await
    }

    /// Takes away exactly what is ours. May be stopped anywhere; the next run goes on from there.
    ///
    /// # Errors
    /// As [`destruction`](Self::destruction), and when a step can't be made.
    pub async fn destroy(&self, with_keys: bool, tell: &mut dyn FnMut(Event<'_>)) -> Result<(), ProvisionError> {
        destroy::destroy(&self.control, &self.wanted, with_keys, tell).await
    }

    fn goal<'a>(&'a self, operator: Option<&'a OperatorKey>) -> Result<Goal<'a>, ProvisionError> {
        if let Some(operator) = operator {
            let names: Vec<&str> = self.wanted.plans.iter().map(|plan| plan.plan().name.as_str()).collect();
            if !names.contains(&operator.plan()) {
                let (plan, configured) = (operator.plan().to_owned(), names.join(", "));
                return Err(ProvisionError::NoSuchPlan { plan, configured });
            }
            self.control.hide(operator.value().reveal());
        }
        Ok(Goal { control: &self.control, wanted: &self.wanted, surface: Surface::of(&self.wanted), operator })
    }
}

/// What AWS's names begin with in this region (IAM user guide, "Amazon Resource Names").
fn partition(region: &str) -> &'static str {
    match region {
        _ if region.starts_with("cn-") => "aws-cn",
        _ if region.starts_with("us-gov-") => "aws-us-gov",
        _ if region.starts_with("us-isob-") => "aws-iso-b",
        _ if region.starts_with("us-iso-") => "aws-iso",
        _ if region.starts_with("eusc-") => "aws-eusc",
        _ => "aws",
    }
}

/// Where a stage answers, with the `/v1` that clients' base URLs end in; `None` at an emulator, which has addresses of its
/// own.
fn invoke_url(api_id: &str, control: &Control, stage: &str) -> Option<String> {
    (!control.is_local()).then(|| aws_url(api_id, control.region(), stage))
}

fn aws_url(api_id: &str, region: &str, stage: &str) -> String {
    let domain = match partition(region) {
        "aws-cn" => "amazonaws.com.cn",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-eusc" => "amazonaws.eu",
        _ => "amazonaws.com",
    };
    format!("https://{api_id}.execute-api.{region}.{domain}/{stage}/v1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_answers_in_the_domain_of_its_partition() {
        assert_eq!(aws_url("a1", "us-east-1", "live"), "https://a1.execute-api.us-east-1.amazonaws.com/live/v1");
        assert_eq!(aws_url("a1", "cn-north-1", "live"), "https://a1.execute-api.cn-north-1.amazonaws.com.cn/live/v1");
    }
}
