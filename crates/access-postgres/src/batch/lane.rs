//! A lane: takes batch after batch, one transaction at a time, and answers when it is written.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use access::{Admission, Charge, OpenPass, StoreError};
use api_types::{AdmissionId, Date, Timestamp};
use deadpool_postgres::ClientWrapper;
use tokio::{
    runtime::Handle,
    time::{sleep, timeout},
};

use super::{
    decision::{AnotherKey, Deciding, Granted, keys_of},
    lease::Lease,
    lost_reply,
    queue::{Ask, Batch, GiveBack},
    shared::Shared,
    transaction::{self, Commit, Read},
};
use crate::{
    error::Failure,
    sql::{columns::SubscriptionRowId, plans::Plans, subscriptions::Subscription},
};

/// A batch that was undone for another's sake, or met a connection that had died, is tried so often.
const TRIES: u32 = 4;
/// Pause before it is asked again what became of a commit, or before a charge is given back once more.
const PAUSE: Duration = Duration::from_millis(250);

/// One of several that work at once.
pub(crate) struct Lane {
    shared: Arc<Shared>,
    /// Its row's id.
    id: [u8; 16],
    /// Its last batch's.
    number: i64,
    /// Whether its row is known to be there.
    is_registered: bool,
}

/// What was decided.
struct Decided {
    /// By subscription, the answers to its asks; `None`: others hold its row.
    answers: Vec<Option<Vec<Answer>>>,
    /// The passes that were granted.
    granted: HashMap<AdmissionId, OpenPass<SubscriptionRowId>>,
}

/// The answer to an ask.
enum Answer {
    Admission(Result<Admission, StoreError>),
    /// A refusal, and the day that it is counted on.
    Refused(Admission, Date),
    Charge(Charge),
}

impl Lane {
    /// A lane with an id that nobody else has.
    pub(crate) fn new(shared: Arc<Shared>, id: [u8; 16]) -> Self {
        Self { shared, id, number: 0, is_registered: false }
    }

    /// Works until the queue is closed and empty.
    pub(crate) async fn run(mut self) {
        while let Some(Batch { asks, is_hot }) = self.shared.queue.next().await {
            let ids: Vec<_> = asks.iter().map(|(id, _)| *id).collect();
            let undone = self.decide(asks, is_hot).await;
            self.shared.queue.done(is_hot, &ids, undone);
        }
    }

    /// Decides a batch and answers. What comes back was left out, since others held its rows.
    async fn decide(
        &mut self,
        mut asks: Vec<(SubscriptionRowId, Vec<Ask>)>,
        is_hot: bool,
    ) -> Vec<(SubscriptionRowId, Vec<Ask>)> {
        for tries in 1.. {
            asks.iter_mut().for_each(|(_, asks)| asks.retain(Ask::is_wanted));
            asks.retain(|(_, asks)| !asks.is_empty());
            if asks.is_empty() {
                break;
            }
            match self.attempt(&asks, is_hot).await {
                Ok(decided) => return self.answer(asks, decided),
                Err(failure) if tries < TRIES && failure.may_pass() => {
                    tracing::debug!(%failure, "a batch of admissions is tried again");
                }
                Err(failure) => {
                    self.refuse(asks, &failure.store_error("admit"));
                    break;
                }
            }
        }
        Vec::new()
    }

    /// One transaction: written, or nothing to write. After an error nothing is written, unless that couldn't be found
    /// out before the process ended.
    async fn attempt(&mut self, asks: &[(SubscriptionRowId, Vec<Ask>)], is_hot: bool) -> Result<Decided, Failure> {
        let shared = Arc::clone(&self.shared);
        let client = self.client().await?;
        let begun = timeout(shared.patience, read(&shared, &client, asks, is_hot)).await;
        let (read, plans) = begun.unwrap_or(Err(Failure::TooSlow))?;
        let sums = with_sums(&client, deciding(&read, &plans), asks, read.now);
        let mut deciding = timeout(shared.patience, sums).await.unwrap_or(Err(Failure::TooSlow))?;
        let decided = self.decide_all(&read, &mut deciding, asks, is_hot);
        // In the order of their ids, in which their days are written.
        let changed: Vec<&Deciding<'_>> =
            deciding.values().flatten().filter(|deciding| deciding.is_changed()).collect();
        if changed.is_empty() {
            transaction::end(client, shared.patience).await;
            return Ok(decided);
        }
        self.number += 1;
        let commit = transaction::commit(&client, &self.id, self.number, &changed);
        match timeout(shared.patience, commit).await.unwrap_or(Commit::Lost(Failure::TooSlow)) {
            Commit::Written => {
                client.give_back();
                Ok(decided)
            }
            Commit::Undone(failure) => {
                self.is_registered = false;
                Err(failure)
            }
            Commit::Lost(failure) => {
                drop(client);
                match self.was_written(&failure).await {
                    Some(true) => Ok(decided),
                    Some(false) => Err(failure),
                    None => Err(Failure::Unknown),
                }
            }
        }
    }

    /// A connection, with this lane's row behind it.
    async fn client(&mut self) -> Result<Lease, Failure> {
        let client = self.shared.lane_client().await?;
        if !self.is_registered {
            let registered = timeout(self.shared.patience, lost_reply::register(&client, &self.id)).await;
            registered.unwrap_or(Err(Failure::TooSlow))?;
            self.is_registered = true;
        }
        Ok(client)
    }

    /// Finds out what became of the last batch, whose reply was lost; asks until there is an answer. `None`: the process
    /// ends and can't wait any longer.
    async fn was_written(&mut self, failure: &Failure) -> Option<bool> {
        tracing::warn!(%failure, "the reply to a commit was lost; Postgres is asked what became of it");
        self.is_registered = false;
        let mut closed_since = None;
        loop {
            let ask = async {
                let client = self.shared.lane_client().await?;
                let found = lost_reply::was_written(&client, &self.id, self.number).await?;
                client.give_back();
                Ok::<_, Failure>(found)
            };
            if let Ok(Ok(was_written)) = timeout(self.shared.patience, ask).await {
                tracing::info!(was_written, "what became of the commit is known");
                return Some(was_written);
            }
            if self.shared.queue.is_closed()
                && closed_since.get_or_insert_with(Instant::now).elapsed() >= self.shared.patience
            {
                return None;
            }
            sleep(PAUSE).await;
        }
    }

    /// Decides all that was asked, in memory.
    fn decide_all(
        &self,
        read: &Read,
        deciding: &mut BTreeMap<SubscriptionRowId, Result<Deciding<'_>, Failure>>,
        asks: &[(SubscriptionRowId, Vec<Ask>)],
        is_hot: bool,
    ) -> Decided {
        let mut passes = self.shared.passes.lock();
        let mut granted = Granted { known: &mut passes, new: HashMap::new() };
        let mut answers = Vec::with_capacity(asks.len());
        for (id, asks) in asks {
            let nothing = |admission: Result<Admission, StoreError>| {
                let answer = |ask: &Ask| match ask {
                    Ask::Admit(_) => Answer::Admission(admission.clone()),
                    Ask::GiveBack(_) => Answer::Charge(Charge::Spent),
                };
                asks.iter().map(answer).collect()
            };
            let deciding = match deciding.get_mut(id) {
                Some(Ok(deciding)) => deciding,
                Some(Err(failure)) => {
                    answers.push(Some(nothing(Err(StoreError::new("admit", failure)))));
                    continue;
                }
                None => {
                    answers.push(is_hot.then(|| nothing(Ok(Admission::Unknown))));
                    continue;
                }
            };
            let mut of_subscription = Vec::with_capacity(asks.len());
            for ask in asks {
                of_subscription.push(match ask {
                    Ask::GiveBack(give_back) => Answer::Charge(deciding.give_back(give_back)),
                    Ask::Admit(admit) => {
                        let now = admit.now.unwrap_or(read.now);
                        match deciding.admit(admit, read.keys.get(&admit.key), now, &mut granted) {
                            Ok(refused @ Admission::Refused(_)) => {
                                Answer::Refused(refused, deciding.plan.time_zone().day(now))
                            }
                            Ok(admission) => Answer::Admission(Ok(admission)),
                            Err(AnotherKey) => Answer::Admission(Err(StoreError::new("admit", AnotherKey))),
                        }
                    }
                });
            }
            answers.push(Some(of_subscription));
        }
        Decided { answers, granted: granted.new }
    }

    /// Tells everybody, once all is written.
    fn answer(
        &self,
        asks: Vec<(SubscriptionRowId, Vec<Ask>)>,
        Decided { answers, granted }: Decided,
    ) -> Vec<(SubscriptionRowId, Vec<Ask>)> {
        self.shared.passes.lock().open.extend(granted);
        let mut undone = Vec::new();
        for ((id, asks), answers) in asks.into_iter().zip(answers) {
            let Some(answers) = answers else {
                undone.push((id, asks));
                continue;
            };
            for (ask, answer) in asks.into_iter().zip(answers) {
                match (ask, answer) {
                    (Ask::Admit(admit), Answer::Refused(answer, day)) => {
                        self.shared.refusals.count(id, day);
                        let _ = admit.reply.send(Ok(answer));
                    }
                    (Ask::Admit(admit), Answer::Admission(answer)) => {
                        if matches!(answer, Ok(Admission::Unknown)) {
                            self.shared.subscriptions.lock().pop(&admit.key);
                        }
                        if admit.reply.send(answer).is_err() {
                            self.shared.abandon(admit.admission, admit.asker);
                        }
                    }
                    (Ask::GiveBack(give_back), Answer::Charge(charge)) => {
                        if charge == Charge::Spent && !give_back.abandoned {
                            self.shared.passes.lock().remember(give_back.pass.pass);
                        }
                        if let Some(reply) = give_back.reply {
                            let _ = reply.send(Ok(charge));
                        }
                    }
                    // Each ask has the answer of its kind.
                    _ => {}
                }
            }
        }
        undone
    }

    /// Nothing could be decided: everybody is told, and passes stay open.
    fn refuse(&self, asks: Vec<(SubscriptionRowId, Vec<Ask>)>, error: &StoreError) {
        for (id, ask) in asks.into_iter().flat_map(|(id, asks)| asks.into_iter().map(move |ask| (id, ask))) {
            match ask {
                Ask::Admit(admit) => {
                    let _ = admit.reply.send(Err(error.clone()));
                }
                Ask::GiveBack(GiveBack { pass, abandoned, reply }) => {
                    let open = pass.clone();
                    self.shared.passes.lock().open.insert(pass.pass.id, open);
                    if reply.is_some_and(|reply| reply.send(Err(error.clone())).is_ok()) {
                        continue;
                    }
                    // Nobody asks again, so we do.
                    self.shared.passes.lock().open.remove(&pass.pass.id);
                    let (shared, ask) = (Arc::clone(&self.shared), GiveBack { pass, abandoned, reply: None });
                    Handle::current().spawn(async move {
                        sleep(PAUSE).await;
                        let _ = shared.queue.push(id, Ask::GiveBack(ask));
                    });
                }
            }
        }
    }
}

/// The first journey, and the plans if they changed.
async fn read(
    shared: &Shared,
    client: &ClientWrapper,
    asks: &[(SubscriptionRowId, Vec<Ask>)],
    is_hot: bool,
) -> Result<(Read, Arc<Plans>), Failure> {
    let ids: Vec<_> = asks.iter().map(|(id, _)| *id).collect();
    let keys = keys_of(asks.iter().flat_map(|(_, asks)| asks));
    let read = transaction::begin(client, &ids, &keys, is_hot).await?;
    let plans = shared.plans_of(client, read.plans_version).await?;
    Ok((read, plans))
}

/// The subscriptions that are held, with their plans. One whose plan can't be read fails alone.
fn deciding<'a>(read: &Read, plans: &'a Plans) -> BTreeMap<SubscriptionRowId, Result<Deciding<'a>, Failure>> {
    let deciding = |row: &Subscription| (row.id, plans.get(row.plan).map(|plan| Deciding::new(*row, plan)));
    read.held.iter().map(deciding).collect()
}

/// Reads the sums of periods that are asked about and that no row has beside it: those of a new day, mostly.
async fn with_sums<'a>(
    client: &ClientWrapper,
    mut deciding: BTreeMap<SubscriptionRowId, Result<Deciding<'a>, Failure>>,
    asks: &[(SubscriptionRowId, Vec<Ask>)],
    now: Timestamp,
) -> Result<BTreeMap<SubscriptionRowId, Result<Deciding<'a>, Failure>>, Failure> {
    let mut missing: Vec<(SubscriptionRowId, Date, Date)> = Vec::new();
    for (id, asks) in asks {
        let Some(Ok(deciding)) = deciding.get(id) else { continue };
        for ask in asks {
            let span = match ask {
                Ask::Admit(admit) => deciding.plan.span(admit.now.unwrap_or(now)),
                Ask::GiveBack(give_back) => give_back.pass.span,
            };
            let wanted = (*id, span.start, span.end);
            if !deciding.sums.contains_key(&(span.start, span.end)) && !missing.contains(&wanted) {
                missing.push(wanted);
            }
        }
    }
    let sums = transaction::sums(client, &missing).await?;
    for ((id, start, end), sum) in missing.into_iter().zip(sums) {
        if let Some(Ok(deciding)) = deciding.get_mut(&id) {
            deciding.sums.insert((start, end), sum);
        }
    }
    Ok(deciding)
}
