//! What was told to those who asked, by holder and replica, for one round; and what follows for the count.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use access::Pass;

/// What the askers of one holder at one replica were told. Written between two points at which a task can be ended, so
/// that what isn't here was under way.
#[derive(Debug, Default)]
pub(super) struct Tally {
    sent: AtomicU64,
    granted: AtomicU64,
    refused: AtomicU64,
    unknown: AtomicU64,
    failed: AtomicU64,
    left: AtomicU64,
    giving_back: AtomicU64,
    returned: AtomicU64,
    kept: AtomicU64,
    /// Passes whose charge could not be given back yet.
    unsettled: Mutex<Vec<Pass>>,
}

/// What may be told or begun.
#[derive(Debug, Clone, Copy)]
pub(super) enum Event {
    Sent,
    Granted,
    Refused,
    Unknown,
    Failed,
    /// Dropped before the answer.
    Left,
    GivingBack,
    Returned,
    /// The charge stays, since the period's bound on returns is reached.
    Kept,
}

impl Tally {
    pub(super) fn note(&self, event: Event) {
        let counter = match event {
            Event::Sent => &self.sent,
            Event::Granted => &self.granted,
            Event::Refused => &self.refused,
            Event::Unknown => &self.unknown,
            Event::Failed => &self.failed,
            Event::Left => &self.left,
            Event::GivingBack => &self.giving_back,
            Event::Returned => &self.returned,
            Event::Kept => &self.kept,
        };
        counter.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn cannot_settle_yet(&self, pass: Pass) {
        self.unsettled.lock().expect("no holder panics").push(pass);
    }

    pub(super) fn take_unsettled(&self) -> Vec<Pass> {
        std::mem::take(&mut *self.unsettled.lock().expect("no holder panics"))
    }

    /// The round's sums, once nobody asks any more.
    pub(super) fn sums(&self) -> Sums {
        let read = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        Sums {
            sent: read(&self.sent),
            granted: read(&self.granted),
            refused: read(&self.refused),
            unknown: read(&self.unknown),
            failed: read(&self.failed),
            left: read(&self.left),
            giving_back: read(&self.giving_back),
            returned: read(&self.returned),
            kept: read(&self.kept),
        }
    }
}

/// A tally at rest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums {
    pub(super) sent: u64,
    pub(super) granted: u64,
    pub(super) refused: u64,
    pub(super) unknown: u64,
    pub(super) failed: u64,
    pub(super) left: u64,
    giving_back: u64,
    pub(super) returned: u64,
    kept: u64,
}

impl Sums {
    /// Requests that ended with the replica.
    pub(super) fn cut(&self) -> u64 {
        self.sent - self.granted - self.refused - self.unknown - self.failed - self.left
    }

    /// Charges of which only the replica knew that they were to be given back; it does so in its own time.
    pub(super) fn in_vain(&self) -> u64 {
        self.cut() + self.failed + self.left
    }

    /// Returns of which nobody knows what became.
    pub(super) fn open_returns(&self) -> u64 {
        self.giving_back - self.returned - self.kept
    }
}

/// A round's tallies of a holder, by replica.
pub(super) type Tallies = Vec<Arc<Tally>>;

/// What is known of a count, over all rounds.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Books {
    /// Requests that went on upstream.
    pub(super) granted: u64,
    /// Of these, given back.
    pub(super) returned: u64,
    /// Requests that a kill took from a replica before their charge was told, or given back.
    pub(super) cut: u64,
    /// Returns that a kill took.
    pub(super) open_returns: u64,
}

impl Books {
    /// Takes in what was told at one replica, which may have been killed since.
    pub(super) fn take_in(&mut self, sums: &Sums, was_killed: bool) {
        self.granted += sums.granted;
        self.returned += sums.returned;
        if was_killed {
            self.cut += sums.in_vain();
            self.open_returns += sums.open_returns();
        }
    }

    /// Requests that the upstream received and whose charge stays.
    pub(super) fn received(&self) -> u64 {
        self.granted - self.returned
    }

    /// The same, if every return that a kill took was made.
    pub(super) fn at_least(&self) -> u64 {
        self.received().saturating_sub(self.open_returns)
    }

    /// What the count may be: all that was received, and of what kills took no more than that.
    pub(super) fn allows(&self, counted: u64) -> bool {
        (self.at_least()..=self.received() + self.cut).contains(&counted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(events: &[Event]) -> Sums {
        let tally = Tally::default();
        events.iter().for_each(|event| tally.note(*event));
        tally.sums()
    }

    #[test]
    fn only_a_kill_leaves_doubt_about_a_count() {
        use Event::{Failed, GivingBack, Granted, Left, Returned, Sent};
        let sums = told(&[Sent, Granted, Sent, Granted, GivingBack, Returned, Sent, Failed, Sent, Left]);
        let mut books = Books::default();
        books.take_in(&sums, false);
        assert_eq!([0, 1, 2].map(|counted| books.allows(counted)), [false, true, false]);
        // One under way, and a return too.
        let sums = told(&[Sent, Granted, GivingBack, Sent]);
        books.take_in(&sums, true);
        assert_eq!([0, 1, 2, 3, 4].map(|counted| books.allows(counted)), [false, true, true, true, false]);
    }
}
