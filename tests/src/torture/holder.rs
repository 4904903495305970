//! Somebody with a key in the gate floor's store, and what the model knows of it.

use access::{KeySecret, NewKey, OwnerDigest, Pass, PresentedKey, Registry, Span};
use access_sqlite::SqliteStore;
use api_types::{AccountId, AdmissionId, KeyId, PlanName, SubscriptionId, Timestamp};

use super::{
    chance::Chance,
    model::{Days, Model},
};

/// One request to be asked: an id may come twice, instants may differ.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) key: PresentedKey,
    pub(super) id: AdmissionId,
    pub(super) now: Timestamp,
}

/// A key's holder.
pub(super) struct Holder {
    pub(super) account: AccountId,
    owner: OwnerDigest,
    /// Its plan's place.
    pub(super) plan: usize,
    pub(super) id: KeyId,
    pub(super) key: PresentedKey,
    /// The values before rotations that promised a grace, and when each grace ends.
    pub(super) before: Vec<(PresentedKey, Timestamp)>,
    pub(super) model: Model,
    /// Passes that aren't ended, with the period that each is booked in.
    pub(super) open: Vec<(Pass, Days)>,
}

impl Holder {
    /// Creates a key on a plan.
    pub(super) async fn new(
        store: &SqliteStore,
        chance: &mut Chance,
        account: AccountId,
        (plan, plan_name): (usize, PlanName),
        now: Timestamp,
    ) -> Self {
        let owner = owner_of(account);
        let (id, key) = create(store, chance, (account, owner), plan_name, now).await;
        Self { account, owner, plan, id, key, before: Vec::new(), model: Model::default(), open: Vec::new() }
    }

    /// Creates the next key after the last was revoked.
    pub(super) async fn create_again(
        &mut self,
        store: &SqliteStore,
        chance: &mut Chance,
        plan_name: PlanName,
        now: Timestamp,
    ) {
        (self.id, self.key) = create(store, chance, (self.account, self.owner), plan_name, now).await;
        self.before.clear();
    }

    /// A new value for its key, not yet known to the store.
    pub(super) fn next_secret(&self, chance: &mut Chance) -> (KeySecret, PresentedKey) {
        secret(self.id, chance)
    }

    /// So many requests at one instant, each an admission of its own, a few of them asked twice, some with a value
    /// before a rotation while its grace lasts.
    pub(super) fn asks(&self, chance: &mut Chance, requests: u64, now: Timestamp) -> Vec<Ask> {
        let mut all = Vec::new();
        for _ in 0..requests {
            let in_grace = |until: Timestamp| now.as_second() + 1 < until.as_second();
            let good: Vec<_> = self.before.iter().filter(|(_, until)| in_grace(*until)).map(|(key, _)| key).collect();
            let old = (!good.is_empty() && chance.coin()).then(|| good[chance.below(good.len() as u64) as usize]);
            let key = old.unwrap_or(&self.key).clone();
            let ask = Ask { key, id: AdmissionId::from_random(chance.bytes()), now };
            if chance.below(8) == 0 {
                all.push(ask.clone());
            }
            all.push(ask);
        }
        all
    }

    /// Notes that a pass was granted in a period.
    pub(super) fn granted(&mut self, pass: Pass, span: &Span) {
        self.model.day(pass.booking.expect("a booked pass").day).used += 1;
        self.open.push((pass, (span.start, span.end)));
    }
}

pub(super) fn owner_of(account: AccountId) -> OwnerDigest {
    let text = account.to_string();
    let mut digest = [0; 32];
    digest.iter_mut().zip(text.bytes().rev()).for_each(|(to, from)| *to = from);
    OwnerDigest(digest)
}

pub(super) fn secret(id: KeyId, chance: &mut Chance) -> (KeySecret, PresentedKey) {
    let mut random = [0; 32];
    random[..16].copy_from_slice(&chance.bytes());
    random[16..].copy_from_slice(&chance.bytes());
    let presented = PresentedKey::parse(&KeySecret::new(id, random).reveal()).expect("a key that we made");
    (KeySecret::new(id, random), presented)
}

async fn create(
    store: &SqliteStore,
    chance: &mut Chance,
    (account, owner): (AccountId, OwnerDigest),
    plan_name: PlanName,
    now: Timestamp,
) -> (KeyId, PresentedKey) {
    let id = KeyId::from_random(chance.bytes());
    let (secret, presented) = secret(id, chance);
    let subscription = SubscriptionId::from_random(chance.bytes());
    let new = NewKey { secret: &secret, account, owner, plan_name, subscription, max_keys: None, call: None, now };
    store.create_key(new).await.expect("a key is created");
    (id, presented)
}
