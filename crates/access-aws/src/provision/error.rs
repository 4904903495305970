//! Why the provisioner couldn't do what it was asked, in one line that says what to do.

use crate::{AwsError, ErrorKind};

/// Why `plan`, `apply`, `status` or `destroy` failed. Whatever was done stays, and the next run goes on from there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProvisionError {
    /// A call failed.
    #[error(transparent)]
    Aws(#[from] AwsError),
    /// Identity is by tags, so there must be one.
    #[error(
        "{} REST APIs have the tags managed-by=tollgate and tollgate:api={api_name}: {}; delete or retag all but the one \
         that is used",
        ids.len(),
        ids.join(" and ")
    )]
    SeveralApis {
        /// The configured name.
        api_name: String,
        /// AWS's ids.
        ids: Vec<String>,
    },
    /// The operator's key shall be on a plan that isn't configured.
    #[error("--operator-key {plan:?}: no such plan; configured are {configured}")]
    NoSuchPlan {
        /// What was asked for.
        plan: String,
        /// The names that there are.
        configured: String,
    },
    /// People's keys would go.
    #[error(
        "people's keys on these usage plans: {keys}; {}. Add --with-keys to delete them, and with them their owners' access",
        if *begun {
            "they were made meanwhile and stay, as does their plan; `tollgate aws apply` makes again what is gone already"
        } else {
            "nothing was destroyed"
        }
    )]
    KeysInUse {
        /// How many.
        keys: usize,
        /// Whether it was found only after other things had gone.
        begun: bool,
    },
    /// What is there differs from what was shown, and whoever was asked didn't agree.
    #[error("stopped: {}", if *begun { "nothing more was changed" } else { "nothing was changed" })]
    NotAgreed {
        /// Whether some steps were made.
        begun: bool,
    },
    /// What was written doesn't read back.
    #[error("after the last step this still differs: {}; someone else may be changing it, run it again", left.join("; "))]
    Unsettled {
        /// The lines of the steps that are left.
        left: Vec<String>,
    },
    /// Things that should be there by now aren't.
    #[error("{0} isn't there any more; someone else may be changing the API, run it again")]
    Vanished(&'static str),
}

impl ProvisionError {
    /// The same, with whether other things had gone before.
    pub(crate) fn after(self, begun: bool) -> Self {
        match self {
            Self::KeysInUse { keys, .. } => Self::KeysInUse { keys, begun },
            other => other,
        }
    }

    /// Whether looking again tells more: a reply was lost, or someone was quicker.
    pub(crate) fn is_worth_a_look(&self) -> bool {
        use ErrorKind::{ConcurrentModification, Conflict, NoAnswer, NotFound};
        match self {
            Self::Aws(error) => {
                matches!(error.kind, NoAnswer | Conflict | NotFound | ConcurrentModification)
                    || error.is_still_on_stages()
            }
            Self::Vanished(_) | Self::Unsettled { .. } => true,
            _ => false,
        }
    }
}
