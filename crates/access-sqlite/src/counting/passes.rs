//! Passes by their attempt: those under way, and a bounded memory of those that were spent.
//!
//! Asking again with an attempt that is under way, or was spent a short while ago, answers its pass and counts
//! nothing. One that was given back is forgotten: asking again is a new request, so that it is charged once either way.

use std::collections::{HashMap, VecDeque};

use access::Pass;
use api_types::{AdmissionId, Date};

/// So many spent passes are remembered.
const SPENT_KEPT: usize = 4_096;

/// The row of a subscription.
pub(crate) type SubscriptionRow = i64;

/// A pass under way.
#[derive(Debug, Clone)]
pub(crate) struct OpenPass {
    /// As the caller got it.
    pub(crate) pass: Pass,
    /// Who is charged.
    pub(crate) subscription: SubscriptionRow,
    /// The day it is booked on.
    pub(crate) day: Date,
    /// The period it is booked in: first day, and first day of the next.
    pub(crate) period: (Date, Date),
    /// The one asker that it was granted to; `None` once several asked.
    pub(crate) asker: Option<u64>,
}

/// All passes that are known.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    open: HashMap<AdmissionId, OpenPass>,
    spent: HashMap<AdmissionId, Pass>,
    order: VecDeque<AdmissionId>,
}

impl Attempts {
    /// The pass of an attempt, if it may be answered again.
    pub(crate) fn again(&mut self, attempt: AdmissionId) -> Option<&Pass> {
        if let Some(open) = self.open.get_mut(&attempt) {
            open.asker = None;
            return Some(&open.pass);
        }
        self.spent.get(&attempt)
    }

    /// A pass under way.
    pub(crate) fn get(&self, attempt: AdmissionId) -> Option<&OpenPass> {
        self.open.get(&attempt)
    }

    /// A pass begins.
    pub(crate) fn begin(&mut self, open: OpenPass) {
        self.open.insert(open.pass.id, open);
    }

    /// A pass ends; the caller decides whether it is remembered.
    pub(crate) fn end(&mut self, attempt: AdmissionId) -> Option<OpenPass> {
        self.open.remove(&attempt)
    }

    /// Remembers a pass that was spent, and forgets the oldest.
    pub(crate) fn remember(&mut self, pass: Pass) {
        if self.order.len() >= SPENT_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.spent.remove(&oldest);
        }
        self.order.push_back(pass.id);
        self.spent.insert(pass.id, pass);
    }

    /// A pass that was never granted after all.
    pub(crate) fn forget(&mut self, attempt: AdmissionId) -> Option<OpenPass> {
        self.spent.remove(&attempt);
        self.open.remove(&attempt)
    }
}
