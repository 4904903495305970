//! Passes by the ids of their admissions: those under way, and a bounded memory of those that were spent.
//!
//! Asking again for an admission that is under way, or was spent a short while ago, answers its pass and counts
//! nothing. One that was given back is forgotten: asking again is a new request, so that it is charged once either way.

use std::collections::{HashMap, VecDeque};

use api_types::AdmissionId;

use crate::{Pass, Span};

/// So many spent passes are remembered.
const SPENT_KEPT: usize = 4_096;

/// A pass under way. `S` is how the backend knows a subscription.
#[derive(Debug, Clone)]
pub struct OpenPass<S> {
    /// As the caller got it.
    pub pass: Pass,
    /// Who is charged.
    pub subscription: S,
    /// The day it is booked on, and the period.
    pub span: Span,
    /// The one asker that it was granted to; `None` once several asked.
    pub asker: Option<u64>,
}

/// All passes that are known.
#[derive(Debug)]
pub struct Passes<S> {
    /// Those under way; whoever ends one decides whether it is remembered.
    pub open: HashMap<AdmissionId, OpenPass<S>>,
    spent: HashMap<AdmissionId, Pass>,
    order: VecDeque<AdmissionId>,
}

impl<S> Default for Passes<S> {
    fn default() -> Self {
        Self { open: HashMap::new(), spent: HashMap::new(), order: VecDeque::new() }
    }
}

impl<S> Passes<S> {
    /// The pass of an admission, if it may be answered again.
    pub fn granted_to(&mut self, admission: AdmissionId) -> Option<&Pass> {
        if let Some(open) = self.open.get_mut(&admission) {
            open.asker = None;
            return Some(&open.pass);
        }
        self.spent.get(&admission)
    }

    /// Remembers a pass that was spent, and forgets the oldest.
    pub fn remember(&mut self, pass: Pass) {
        if self.order.len() >= SPENT_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.spent.remove(&oldest);
        }
        self.order.push_back(pass.id);
        self.spent.insert(pass.id, pass);
    }

    /// Whether an admission has a pass that may be answered again.
    #[must_use]
    pub fn has(&self, admission: AdmissionId) -> bool {
        self.open.contains_key(&admission) || self.spent.contains_key(&admission)
    }

    /// A pass that was never granted after all. Whether it was under way.
    pub fn forget(&mut self, admission: AdmissionId) -> bool {
        self.spent.remove(&admission);
        self.open.remove(&admission).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pass(n: usize) -> Pass {
        Pass { id: AdmissionId::from_random((n as u128).to_be_bytes()), holder: None, account: None, booking: None }
    }

    #[test]
    fn the_newest_that_were_spent_are_remembered() {
        let mut passes = Passes::<()>::default();
        (0..=SPENT_KEPT).for_each(|n| passes.remember(pass(n)));
        assert_eq!(passes.granted_to(pass(0).id), None);
        assert!((1..=SPENT_KEPT).all(|n| passes.granted_to(pass(n).id).is_some()));
        assert_eq!((passes.spent.len(), passes.order.len()), (SPENT_KEPT, SPENT_KEPT));
    }
}
