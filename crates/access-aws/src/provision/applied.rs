//! What `apply` came to.

use super::{
    error::ProvisionError,
    found::Found,
    region::invoke_url,
    run::Made,
    wanted::{Credential, Wanted},
};
use crate::control::Control;

/// What `apply` came to.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Steps that were made.
    pub steps: usize,
    /// The API's id.
    pub api_id: String,
    /// The region.
    pub region: String,
    /// The address of the stage, with the `/v1` that clients' base URLs end in; `None` at an emulator, which has
    /// addresses of its own.
    pub invoke_url: Option<String>,
    /// The operator's key, if it was made: to be shown once.
    pub operator_key: Option<Credential>,
    /// The id of the operator's key, if one was asked for and was there already.
    pub known_operator_key: Option<String>,
}

impl Applied {
    /// From what was made, and what there is.
    pub(crate) fn new(control: &Control, wanted: &Wanted, made: Made, found: &Found) -> Result<Self, ProvisionError> {
        let api = found.api.as_ref().ok_or(ProvisionError::Vanished("the REST API"))?;
        let known = found.operator_key.as_ref().filter(|_| made.operator_key.is_none());
        Ok(Self {
            steps: made.steps,
            api_id: api.id.clone(),
            region: control.region().to_owned(),
            invoke_url: invoke_url(control, &api.id, &wanted.stage),
            known_operator_key: known.map(|key| key.id.clone()),
            operator_key: made.operator_key,
        })
    }
}
