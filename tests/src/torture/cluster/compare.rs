//! The books of a round against what Postgres has counted, once everything is up.

use std::time::Duration;

use tokio::time::timeout;

use super::{
    super::finding,
    books::{Books, Sums, Tallies},
    figures::ClusterFigures,
    floor::{Floor, REPLICAS, Told},
    holder::Holder,
    load::give_back,
    trouble::Trouble,
};
use crate::wait::found;

/// Far longer than charges that nobody waited for take to be given back, once everything is up.
const AT_REST_WITHIN: Duration = Duration::from_secs(20);

/// Every subscription has the sums of its period beside it: they are what its days add up to.
const SUMS_THAT_DIFFER: &str = "SELECT count(*) FROM tollgate.subscriptions WHERE period_start IS NOT NULL
    AND (used, returned) <>
        (SELECT coalesce(sum(days.used), 0)::bigint, coalesce(sum(days.returned), 0)::bigint
         FROM tollgate.usage_days AS days
         WHERE days.subscription = subscriptions.id AND day >= period_start AND day < period_end)";

impl Floor {
    /// For each holder: the count is what was received, and no more than kills took beside it; nobody was refused while
    /// there was room; and what the count says is so at every replica.
    pub(super) async fn compare_books(&mut self, tallies: Vec<Tallies>, trouble: &Trouble) {
        for (mut holder, tallies) in std::mem::take(&mut self.holders).into_iter().zip(tallies) {
            let before = holder.books;
            let sums = self.take_in(&mut holder, &tallies, trouble).await;
            let Some(counted) = self.counted(&holder, trouble).await else { continue };
            let Books { cut, .. } = holder.books;
            let (received, quota) = (holder.books.received(), holder.key.quota);
            let wrong = |what: &str| {
                let name = &holder.name;
                let now = holder.books;
                finding(&format!(
                    "{name}: {what}: {counted} counted, {now:?}, before {trouble:?} {before:?}, then {sums:?}"
                ));
            };
            let figures = &mut self.figures.figures;
            // A return that a kill took may have made room.
            let passed = holder.books.at_least().max(counted);
            if passed > quota {
                wrong("past the quota");
                figures.over_admitted += passed - quota;
            }
            let is_wrong = !holder.books.allows(counted);
            if is_wrong {
                if counted < received {
                    wrong("received and not counted");
                    figures.uncounted += received - counted;
                } else {
                    wrong("counted and not received");
                    figures.wrong_totals += counted - received - cut;
                }
            }
            // All that may have been counted when somebody was refused, and was given back since.
            let given_back: u64 = sums.iter().map(|sums| sums.returned + sums.open_returns() + sums.in_vain()).sum();
            let refused: u64 = sums.iter().map(|sums| sums.refused).sum();
            if refused > 0 && counted + given_back < quota {
                wrong("refused with room left");
                figures.under_admitted += refused;
            }
            self.try_limit(&mut holder, counted).await;
            // One that is never used up makes room after a while.
            if !is_wrong && holder.books.received() + holder.books.cut < quota && self.chance.below(8) > 0 {
                self.holders.push(holder);
            } else {
                self.close(&holder, counted);
            }
        }
    }

    /// Takes in what a holder's askers were told, and gives back what could not be given back during the trouble.
    async fn take_in(&mut self, holder: &mut Holder, tallies: &Tallies, trouble: &Trouble) -> Vec<Sums> {
        let mut all = Vec::new();
        for (place, tally) in tallies.iter().enumerate() {
            let was_killed = trouble.killed().contains(&place);
            let (replica, mut unsettled) = (&self.replicas[place], tally.take_unsettled());
            while !was_killed && let Some(pass) = unsettled.pop() {
                give_back(replica.store(), pass, replica.skew(), tally).await;
                unsettled.extend(tally.take_unsettled());
            }
            let sums = tally.sums();
            holder.books.take_in(&sums, was_killed);
            let figures = &mut self.figures.figures;
            figures.requests += sums.sent;
            figures.refused += sums.refused;
            figures.turned_away += sums.failed + sums.unknown;
            figures.returned += sums.returned;
            figures.cut += if was_killed { sums.in_vain() } else { 0 };
            self.figures.left += sums.left;
            all.push(sums);
        }
        all
    }

    /// What every replica shows as used, once it is what the books allow, since charges that nobody waited for are given
    /// back in the replicas' own time; what it is in the end, if it is never that. `None`, noted, for a key that is lost.
    async fn counted(&mut self, holder: &Holder, trouble: &Trouble) -> Option<u64> {
        let mut counted = None;
        for (place, replica) in self.replicas.iter().enumerate() {
            let (store, key, books) = (replica.store(), &holder.key, &holder.books);
            let settled = found(|| async {
                let counted = key.counted(store, replica.now()).await.ok()?;
                counted.is_none_or(|counted| books.allows(counted)).then_some(counted)
            });
            let last = match timeout(AT_REST_WITHIN, settled).await {
                Ok(Some(counted)) => counted,
                _ => key.counted(store, replica.now()).await.ok().flatten(),
            };
            if last.is_none() {
                finding(&format!("{}: replica {place} has lost the key after {trouble:?}", holder.name));
                self.figures.figures.keys_lost += 1;
                return None;
            }
            counted = last;
            if !last.is_some_and(|counted| books.allows(counted)) {
                break;
            }
        }
        counted
    }

    /// With everything up: each replica admits while there is room, and refuses when there is none.
    async fn try_limit(&mut self, holder: &mut Holder, mut counted: u64) {
        let quota = holder.key.quota;
        for place in 0..REPLICAS {
            let (has_room, name) = (counted < quota, &holder.name);
            match self.ask(place, &holder.key.key).await {
                Told::Granted => {
                    // Where a kill leaves doubt about the count, it may have been more than it is by now.
                    if !has_room && holder.books.cut == 0 {
                        finding(&format!("{name}: replica {place} admits past the quota"));
                        self.figures.figures.over_admitted += 1;
                    }
                    counted += 1;
                    holder.books.granted += 1;
                }
                Told::Refused if !has_room => self.figures.figures.refused += 1,
                Told::Nothing => break,
                told => {
                    finding(&format!("{name}: replica {place} answers {told:?} at {counted} of {quota}"));
                    self.figures.figures.under_admitted += 1;
                }
            }
        }
        self.figures.figures.quotas_spent += u64::from(counted >= quota);
    }

    fn close(&mut self, holder: &Holder, counted: u64) {
        let figures = &mut self.figures.figures;
        figures.admitted += holder.books.granted;
        figures.lost += counted.saturating_sub(holder.books.received());
    }

    /// Closes all books, tries every key that was ever acknowledged, and adds up what Postgres has.
    pub(super) async fn end(mut self) -> ClusterFigures {
        for holder in std::mem::take(&mut self.holders) {
            let counted = self.counted(&holder, &Trouble::Nothing).await.unwrap_or_default();
            self.close(&holder, counted);
        }
        for key in std::mem::take(&mut self.acknowledged) {
            let place = self.chance.place(REPLICAS);
            let replica = &self.replicas[place];
            if !matches!(key.counted(replica.store(), replica.now()).await, Ok(Some(_))) {
                finding(&format!("replica {place} doesn't know {} any more", key.id));
                self.figures.figures.keys_lost += 1;
            }
        }
        let wrong: i64 = self.postgres.beside.query_one(SUMS_THAT_DIFFER, &[]).await.expect("sums").get(0);
        if wrong != 0 {
            finding(&format!("{wrong} subscriptions whose sum isn't that of their days"));
            self.figures.figures.wrong_totals += wrong.unsigned_abs();
        }
        self.figures
    }
}
