//! Laws of quota and throttle.

use api_types::{AdmissionId, Period, Quota, QuotaStatus, Throttle};
use futures_util::future::join_all;

use super::{
    World,
    cast::{at, burst, daily, fresh, later, noon, plan},
};
use crate::{Admission, Refusal, UsedUp};

/// Of 200 requests at once on a quota of 10, exactly 10 are admitted.
pub async fn parallel_requests_are_admitted_exactly_to_the_quota(world: World) {
    let caller = world.caller_on(plan("ten", daily(10), None), noon()).await;
    assert_eq!(world.at_once(&caller.presented, 200, noon()).await, 10);
    assert_eq!(world.used(&caller.presented, noon()).await, (10, 10));
}

/// Twenty keys of twenty owners have a quota each, also when all ask at once.
pub async fn parallel_keys_do_not_share_a_quota(world: World) {
    world.apply(vec![plan("five", daily(5), None)], noon()).await;
    let mut callers = Vec::new();
    for owner in 0..20 {
        callers.push(world.caller(owner, "five", noon()).await);
    }
    let admitted = join_all(callers.iter().map(|caller| world.at_once(&caller.presented, 25, noon()))).await;
    assert_eq!(admitted, vec![5; 20]);
}

/// What is refused is not counted as used.
pub async fn refused_requests_cost_nothing(world: World) {
    let caller = world.caller_on(plan("two", daily(2), None), noon()).await;
    assert_eq!(world.use_up(&caller.presented, 10, noon()).await, 2);
    for _ in 0..5 {
        world.refused(&caller.presented, noon()).await;
    }
    assert_eq!(world.used(&caller.presented, noon()).await, (2, 2));
}

/// Without a quota only the throttle refuses.
pub async fn an_unlimited_plan_has_no_quota(world: World) {
    let caller = world.caller_on(plan("free", Quota::Unlimited, None), noon()).await;
    assert_eq!(world.at_once(&caller.presented, 300, noon()).await, 300);
    let status = world.status(&caller.presented, noon()).await;
    assert_eq!(status.quota, QuotaStatus::Unlimited);
}

/// Over the burst a request is refused and not counted.
pub async fn the_throttle_refuses_without_counting(world: World) {
    let caller = world.caller_on(plan("slow", daily(100), burst(3)), noon()).await;
    assert_eq!(world.at_once(&caller.presented, 50, noon()).await, 3);
    let refusal = world.refused(&caller.presented, noon()).await;
    let Refusal::Throttle { retry_after, quota, .. } = refusal else { panic!("{refusal:?}") };
    assert!(retry_after.as_secs() > 9_000, "{retry_after:?}");
    assert!(matches!(quota, Some(QuotaStatus::Limited { used: 3, remaining: 97, .. })), "{quota:?}");
    assert_eq!(world.used(&caller.presented, noon()).await, (3, 100));
}

/// Tokens come back at the rate, up to the burst, and the refusal says when the next one is there.
pub async fn tokens_come_back_at_the_rate(world: World) {
    let throttle = Some(Throttle { rate: 2.0, burst: 4 });
    let caller = world.caller_on(plan("slow", daily(100), throttle), noon()).await;
    assert_eq!(world.use_up(&caller.presented, 9, noon()).await, 4);
    let refusal = world.refused(&caller.presented, noon()).await;
    let Refusal::Throttle { retry_after, .. } = refusal else { panic!("{refusal:?}") };
    assert_eq!(retry_after.as_millis(), 500);
    assert_eq!(world.use_up(&caller.presented, 9, later(noon(), 1)).await, 2);
    assert_eq!(world.use_up(&caller.presented, 9, later(noon(), 60)).await, 4);
}

/// The quota's refusals leave the bucket as it is.
pub async fn a_refusal_by_the_quota_takes_no_token(world: World) {
    let caller = world.caller_on(plan("p", daily(1), burst(3)), noon()).await;
    assert_eq!(world.use_up(&caller.presented, 20, noon()).await, 1);
    for _ in 0..9 {
        assert!(matches!(world.refused(&caller.presented, noon()).await, Refusal::Quota { .. }));
    }
    // 2 of 3 tokens are left, for a limit that lets them be used.
    world.apply(vec![plan("p", daily(100), burst(3))], noon()).await;
    assert_eq!(world.use_up(&caller.presented, 20, noon()).await, 2);
}

/// A bucket that was emptied under a slow throttle fills at the rate of the one that took its place.
pub async fn a_changed_throttle_locks_nobody_out(world: World) {
    let slow = Some(Throttle { rate: 0.001, burst: 5 });
    let caller = world.caller_on(plan("p", daily(100), slow), noon()).await;
    assert_eq!(world.use_up(&caller.presented, 9, noon()).await, 5);
    let quick = Some(Throttle { rate: 2.0, burst: 2 });
    world.apply(vec![plan("p", daily(100), quick)], noon()).await;
    world.refused(&caller.presented, noon()).await;
    assert_eq!(world.use_up(&caller.presented, 9, later(noon(), 1)).await, 2);
}

/// Quota spent and bucket empty: the answer names the quota.
pub async fn when_both_refuse_the_answer_is_the_quotas(world: World) {
    let caller = world.caller_on(plan("p", daily(2), burst(2)), noon()).await;
    assert_eq!(world.use_up(&caller.presented, 20, noon()).await, 2);
    let refusal = world.refused(&caller.presented, noon()).await;
    assert!(
        matches!(refusal, Refusal::Quota { used_up: Some(UsedUp { limit: 2, used: 2, period: Period::Day }), .. }),
        "{refusal:?}"
    );
}

/// Asking again by the id of an admission under way answers the same pass.
pub async fn an_admission_asked_for_again_counts_once(world: World) {
    let caller = world.caller_on(plan("p", daily(2), burst(2)), noon()).await;
    let id = AdmissionId::from_random(fresh());
    let first = world.gate.admit(&caller.presented, id, noon()).await.unwrap();
    assert!(matches!(first, Admission::Granted(_)));
    for _ in 0..3 {
        assert_eq!(world.gate.admit(&caller.presented, id, noon()).await.unwrap(), first);
    }
    assert_eq!(world.used(&caller.presented, noon()).await, (1, 2));
    assert_eq!(world.use_up(&caller.presented, 9, noon()).await, 1);
}

/// Asking again by the id of one that was spent doesn't count it twice.
pub async fn a_spent_admission_counts_once_too(world: World) {
    let caller = world.caller_on(plan("p", daily(5), None), noon()).await;
    let id = AdmissionId::from_random(fresh());
    let Admission::Granted(pass) = world.gate.admit(&caller.presented, id, noon()).await.unwrap() else {
        panic!("not admitted")
    };
    world.gate.settle(&pass, super::cast::ANSWERED, noon()).await.unwrap();
    world.gate.admit(&caller.presented, id, noon()).await.unwrap();
    assert_eq!(world.used(&caller.presented, noon()).await, (1, 5));
}

/// Asking twenty times at once by one id counts once.
pub async fn an_admission_asked_for_in_parallel_counts_once(world: World) {
    let caller = world.caller_on(plan("p", daily(5), None), noon()).await;
    let id = AdmissionId::from_random(fresh());
    let answers = join_all((0..20).map(|_| world.gate.admit(&caller.presented, id, noon()))).await;
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]), "{answers:?}");
    assert_eq!(world.used(&caller.presented, noon()).await, (1, 5));
}

/// A pass carries its key, plan, day, and the quota with itself counted.
pub async fn a_pass_tells_what_is_left(world: World) {
    let caller = world.caller_on(plan("p", daily(3), None), noon()).await;
    for used in 1..=3 {
        let pass = world.granted(&caller.presented, noon()).await;
        let (holder, booking) = (pass.holder.unwrap(), pass.booking.unwrap());
        assert_eq!((holder.key, holder.plan_name.as_str()), (caller.key, "p"));
        assert_eq!(booking.day.to_string(), "2026-11-21");
        let quota = booking.quota;
        let told =
            matches!(quota, QuotaStatus::Limited { used: n, remaining, .. } if n == used && remaining == 3 - used);
        assert!(told, "{quota:?}");
    }
}

/// A refusal by the quota says when the next period starts.
pub async fn a_refusal_tells_when_to_come_back(world: World) {
    let caller = world.caller_on(plan("p", daily(1), None), noon()).await;
    world.granted(&caller.presented, noon()).await;
    let refusal = world.refused(&caller.presented, noon()).await;
    let Refusal::Quota { reset_at: Some(reset_at), ref holder, .. } = refusal else { panic!("{refusal:?}") };
    assert_eq!((reset_at, holder.as_ref().unwrap().key), (at("2026-11-22T00:00:00Z"), caller.key));
    world.granted(&caller.presented, reset_at).await;
}

/// A key may ask about itself as often as it likes.
pub async fn inspecting_costs_nothing(world: World) {
    let caller = world.caller_on(plan("p", daily(2), burst(2)), noon()).await;
    for _ in 0..10 {
        let status = world.status(&caller.presented, noon()).await;
        assert_eq!((status.id, status.plan_name.as_str(), status.throttle), (caller.key, "p", burst(2)));
    }
    assert_eq!(world.use_up(&caller.presented, 9, noon()).await, 2);
    assert_eq!(world.used(&caller.presented, noon()).await, (2, 2));
}

/// A gate that can decide says that it is ready.
pub async fn a_ready_gate_says_so(world: World) {
    world.gate.ready().await.unwrap();
}
