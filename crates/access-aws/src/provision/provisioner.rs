//! What `tollgate aws` asks for: a preview, the change itself, and what there is.

use super::{
    Applied, ChangeSet, Event, OperatorKey, ProvisionError, Status, Wanted,
    change::Goal,
    found::{Depth, read},
    run::{Change, Made},
    wanted::surface::Surface,
};
use crate::Control;

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
    pub async fn preview(&self, operator: Option<&OperatorKey>) -> Result<ChangeSet, ProvisionError> {
        self.to_wanted(operator)?.look().await
    }

    /// Makes everything as wanted, whatever it takes. May be stopped anywhere; the next run goes on from there.
    ///
    /// # Errors
    /// As [`preview`](Self::preview), and when a step can't be made; what was made stays.
    pub async fn apply(
        &self,
        operator: Option<&OperatorKey>,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<Applied, ProvisionError> {
        let (made, found) = self.to_wanted(operator)?.reach(None, tell).await?;
        Applied::new(&self.control, &self.wanted, made, &found)
    }

    /// Makes what a preview of the same wishes showed. Where it takes other steps by now, `ask` says whether those shall
    /// be made; after a preview without steps nothing is done.
    ///
    /// # Errors
    /// As [`apply`](Self::apply), and when `ask` said no.
    pub async fn apply_as_shown(
        &self,
        shown: &ChangeSet,
        operator: Option<&OperatorKey>,
        ask: &mut dyn FnMut(&ChangeSet) -> bool,
        tell: &mut dyn FnMut(Event<'_>),
    ) -> Result<Applied, ProvisionError> {
        if shown.is_empty() {
            return Applied::new(&self.control, &self.wanted, Made::default(), &shown.found);
        }
        let (made, found) = self.to_wanted(operator)?.reach(Some((shown, ask)), tell).await?;
        Applied::new(&self.control, &self.wanted, made, &found)
    }

    /// What there is, with its keys, and whether it is as configured. Makes reads only.
    ///
    /// # Errors
    /// When it can't be read.
    pub async fn status(&self) -> Result<Status, ProvisionError> {
        let found = read(&self.control, &self.wanted, Depth::Keys).await?;
        Ok(Status::new(&self.wanted, found, &self.control))
    }

    /// What [`destroy`](Self::destroy) would take away. Makes reads only.
    ///
    /// # Errors
    /// When it can't be read, or people's keys would go and `with_keys` isn't set.
    pub async fn preview_destroy(&self, with_keys: bool) -> Result<ChangeSet, ProvisionError> {
        self.change(Goal::Nothing { with_keys }).look().await
    }

    /// Takes away exactly what is ours. May be stopped anywhere; the next run goes on from there.
    ///
    /// # Errors
    /// As [`preview_destroy`](Self::preview_destroy), and when a step can't be made.
    pub async fn destroy(&self, with_keys: bool, tell: &mut dyn FnMut(Event<'_>)) -> Result<(), ProvisionError> {
        self.change(Goal::Nothing { with_keys }).reach(None, tell).await.map(drop)
    }

    fn to_wanted<'a>(&'a self, operator: Option<&'a OperatorKey>) -> Result<Change<'a>, ProvisionError> {
        if let Some(operator) = operator {
            let names: Vec<&str> = self.wanted.plans.iter().map(|plan| plan.plan().name.as_str()).collect();
            if !names.contains(&operator.plan()) {
                let (plan, configured) = (operator.plan().to_owned(), names.join(", "));
                return Err(ProvisionError::NoSuchPlan { plan, configured });
            }
            self.control.hide(operator.value().reveal());
        }
        Ok(self.change(Goal::Wanted(operator)))
    }

    fn change<'a>(&'a self, goal: Goal<'a>) -> Change<'a> {
        Change { control: &self.control, wanted: &self.wanted, surface: Surface::of(&self.wanted), goal }
    }
}
