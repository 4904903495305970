//! What a batch of decisions changed: on this list until it is written, or undone.

use access::TokenBucket;
use api_types::{AdmissionId, Date};

use super::{passes::OpenPass, rows::SubscriptionRowId};

/// One change, to be undone if it can't be written.
#[derive(Debug)]
pub(super) enum Change {
    /// A subscription is charged or given back to: its bucket before the batch. Comes before the others of it.
    Touched(SubscriptionRowId, Option<TokenBucket>),
    /// A pass began.
    Granted(AdmissionId),
    /// A pass ended and was given back.
    Returned(Box<OpenPass>),
    /// A refusal was counted that stands on the batch's charges.
    Refused(SubscriptionRowId, Date),
}

/// The batch that is being decided, and the days that wait to be written, refusals of earlier batches among them.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) changes: Vec<Change>,
    pub(super) days: Vec<(SubscriptionRowId, Date)>,
}
