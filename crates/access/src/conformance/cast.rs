//! Who plays in a law: accounts, callers with a key, plans and instants, all made of numbers.

use std::sync::atomic::{AtomicU64, Ordering};

use api_types::{
    AccountId, AdmissionId, Email, KeyId, KeyStatus, Period, Plan, PlanName, Quota, QuotaStatus, SubscriptionId,
    Throttle, Timestamp,
};
use futures_util::future::join_all;

use super::World;
use crate::{
    Account, Admission, CreateKeyError, End, Inspection, KeySecret, NewKey, OwnerDigest, Pass, PasswordHash, Phase,
    PresentedKey, Refusal, TimeZone, UpstreamHead, UsagePlan, Verdict,
};

/// A different value at each call: ids must be unlike, no more.
pub(super) fn fresh() -> [u8; 16] {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    u128::from(NEXT.fetch_add(1, Ordering::Relaxed)).to_be_bytes()
}

/// An instant by its text.
pub(super) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Noon of the day on which most laws play; a Saturday.
pub(super) fn noon() -> Timestamp {
    at("2026-11-21T12:00:00Z")
}

/// Some seconds later.
pub(super) fn later(now: Timestamp, seconds: i64) -> Timestamp {
    Timestamp::from_millisecond(now.as_millisecond() + seconds * 1_000).unwrap()
}

/// A plan's name.
pub(super) fn name(text: &str) -> PlanName {
    PlanName::parse(text).unwrap()
}

/// A plan of UTC.
pub(super) fn plan(text: &str, quota: Quota, throttle: Option<Throttle>) -> UsagePlan {
    plan_in("UTC", text, quota, throttle)
}

/// A plan of a zone.
pub(super) fn plan_in(zone: &str, text: &str, quota: Quota, throttle: Option<Throttle>) -> UsagePlan {
    let zone: TimeZone = zone.parse().unwrap();
    let plan = Plan { name: name(text), description: format!("The plan {text}."), quota, throttle, time_zone: None };
    UsagePlan::new(plan, zone).unwrap()
}

/// So many per period.
pub(super) fn per(limit: u64, period: Period) -> Quota {
    Quota::Limited { limit, period, offset: 0 }
}

/// So many per day.
pub(super) fn daily(limit: u64) -> Quota {
    per(limit, Period::Day)
}

/// Tokens that never come back within a law.
pub(super) fn burst(burst: u32) -> Option<Throttle> {
    Some(Throttle { rate: 0.0001, burst })
}

/// The upstream failed before its head: given back.
pub(super) const FAILED: End = End { phase: Phase::Sent, status: Some(503), caller_left: false };
/// The answer went out: spent.
pub(super) const ANSWERED: End = End { phase: Phase::FirstByte, status: Some(200), caller_left: false };

/// An account about to sign up and its owner's digest, by a number.
#[must_use]
pub fn account_of(owner: u8, now: Timestamp) -> (Account, OwnerDigest) {
    let account = Account::new(
        AccountId::from_random(fresh()),
        Email::parse(&format!("owner{owner}@example.com")).unwrap(),
        PasswordHash::from_phc(format!("$argon2id$v=19$m=8,t=1,p=1$owner{owner}")),
        now,
    );
    (account, OwnerDigest([owner; 32]))
}

/// An account with a key, or about to have one.
#[derive(Debug)]
pub struct Caller {
    /// Who calls.
    pub account: AccountId,
    /// The digest of the account's address.
    pub owner: OwnerDigest,
    /// Which key of the account it is.
    pub key: KeyId,
    /// The key's value, as it is presented.
    pub presented: PresentedKey,
}

/// A key of this id, as made and as presented.
pub(super) fn secret(id: KeyId) -> (KeySecret, PresentedKey) {
    let mut random = [0; 32];
    random[16..].copy_from_slice(&fresh());
    let presented = PresentedKey::parse(&KeySecret::new(id, random).reveal()).unwrap();
    (KeySecret::new(id, random), presented)
}

impl World {
    /// Signs an owner up.
    pub(super) async fn sign_up(&self, owner: u8, now: Timestamp) -> (AccountId, OwnerDigest) {
        let (account, digest) = account_of(owner, now);
        let id = account.id;
        self.accounts.create_account(account).await.unwrap();
        (id, digest)
    }

    /// Makes a key for an account.
    pub(super) async fn key_for(
        &self,
        (account, owner): (AccountId, OwnerDigest),
        plan_name: &str,
        max_keys: Option<u32>,
        now: Timestamp,
    ) -> Result<Caller, CreateKeyError> {
        let key = KeyId::from_random(fresh());
        let (secret, presented) = secret(key);
        let subscription = SubscriptionId::from_random(fresh());
        let plan_name = name(plan_name);
        let new = NewKey { secret: &secret, account, owner, plan_name, subscription, max_keys, call: None, now };
        self.registry.create_key(new).await?;
        Ok(Caller { account, owner, key, presented })
    }

    /// An owner who signs up and takes a key.
    pub(super) async fn caller(&self, owner: u8, plan_name: &str, now: Timestamp) -> Caller {
        let account = self.sign_up(owner, now).await;
        self.key_for(account, plan_name, None, now).await.unwrap()
    }

    /// One plan, and one caller on it.
    pub(super) async fn caller_on(&self, plan: UsagePlan, now: Timestamp) -> Caller {
        let name = plan.plan().name.to_string();
        self.apply(vec![plan], now).await;
        self.caller(1, &name, now).await
    }

    /// One request; where the upstream has its say too, with what the gate makes of its answer.
    pub(super) async fn ask(&self, key: &PresentedKey, now: Timestamp) -> Admission {
        let admission = self.gate.admit(key, AdmissionId::from_random(fresh()), now).await.unwrap();
        let (Admission::Granted(pass), Some(stage)) = (&admission, &self.stage) else { return admission };
        let answer = stage(key.clone(), now).await;
        let verdict = match answer.status {
            200..=299 => Verdict::Upstream,
            _ => {
                let headers: Vec<_> = answer.headers.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
                self.gate.judge(key, UpstreamHead { status: answer.status, headers: &headers }, now)
            }
        };
        let phase = if verdict == Verdict::Upstream { Phase::FirstByte } else { Phase::Sent };
        let end = End { phase, status: Some(answer.status), caller_left: false };
        self.gate.settle(pass, end, now).await.unwrap();
        match verdict {
            Verdict::Upstream => admission,
            Verdict::Unknown => Admission::Unknown,
            Verdict::Refused(refusal) => Admission::Refused(refusal),
            other => panic!("{other:?}"),
        }
    }

    /// What a key may learn about itself, if it is good.
    pub(super) async fn status(&self, key: &PresentedKey, now: Timestamp) -> KeyStatus {
        match self.gate.inspect(key, now).await.unwrap() {
            Inspection::Known(status) => status,
            other => panic!("{other:?}"),
        }
    }

    /// One request that must be admitted.
    pub(super) async fn granted(&self, key: &PresentedKey, now: Timestamp) -> Pass {
        match self.ask(key, now).await {
            Admission::Granted(pass) => pass,
            other => panic!("not admitted: {other:?}"),
        }
    }

    /// One request that must be refused.
    pub(super) async fn refused(&self, key: &PresentedKey, now: Timestamp) -> Refusal {
        match self.ask(key, now).await {
            Admission::Refused(refusal) => refusal,
            other => panic!("not refused: {other:?}"),
        }
    }

    /// Whether a key opens nothing.
    pub(super) async fn is_unknown(&self, key: &PresentedKey, now: Timestamp) -> bool {
        let admission = self.ask(key, now).await;
        let is_unknown = admission == Admission::Unknown;
        match self.gate.inspect(key, now).await.unwrap() {
            Inspection::Elsewhere => {}
            told => assert_eq!(told == Inspection::Unknown, is_unknown, "{told:?} {admission:?}"),
        }
        is_unknown
    }

    /// Asks until it is refused, at most so often: how many were admitted.
    pub(super) async fn use_up(&self, key: &PresentedKey, most: u32, now: Timestamp) -> u32 {
        let mut admitted = 0;
        for _ in 0..most {
            match self.ask(key, now).await {
                Admission::Granted(_) => admitted += 1,
                _ => break,
            }
        }
        admitted
    }

    /// Asks so often at once: how many were admitted.
    pub(super) async fn at_once(&self, key: &PresentedKey, requests: u32, now: Timestamp) -> usize {
        let answers = join_all((0..requests).map(|_| self.ask(key, now))).await;
        answers.iter().filter(|answer| matches!(answer, Admission::Granted(_))).count()
    }

    /// What a key says is used of its limit.
    pub(super) async fn used(&self, key: &PresentedKey, now: Timestamp) -> (u64, u64) {
        match self.status(key, now).await.quota {
            QuotaStatus::Limited { limit, used, remaining, .. } => {
                assert_eq!(remaining, limit.saturating_sub(used));
                (used, limit)
            }
            QuotaStatus::Unlimited => panic!("unlimited"),
        }
    }
}
