//! What a batch of decisions changed: on this list until it is written, or undone.

use access::OpenPass;
use api_types::{AdmissionId, Date};

use super::rows::SubscriptionRowId;

/// One change, to be undone if it can't be written.
#[derive(Debug)]
pub(super) enum Change {
    /// A subscription's charges change, or its block. Comes before the others of it.
    Touched(SubscriptionRowId),
    /// A pass began, charged to this subscription on this day.
    Granted(AdmissionId, SubscriptionRowId, Date),
    /// A pass ended and was given back.
    Returned(Box<OpenPass<SubscriptionRowId>>),
    /// A refusal was counted that stands on the batch's charges.
    Refused(SubscriptionRowId, Date),
}

/// The batch that is being decided, and the days that wait to be written, refusals of earlier batches among them.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) changes: Vec<Change>,
    pub(super) days: Vec<(SubscriptionRowId, Date)>,
}
