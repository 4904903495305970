//! Laws of plans: listing them, changing them, leaving them out.

use api_types::{Period, Plan, Quota};

use super::{
    World,
    cast::{at, daily, later, name, noon, per, plan, plan_in},
};
use crate::{CreateKeyError, UsagePlan};

/// Plans are listed as configured: in order, with all they promise, and with their zone where the backend keeps to it.
pub async fn plans_are_listed_in_order(world: World) {
    let monthly = Quota::Limited { limit: 1000, period: Period::Month, offset: 2 };
    let configured = vec![
        plan("zeta", monthly, Some(api_types::Throttle { rate: 10.0, burst: 5 })),
        plan_in("Asia/Tokyo", "alpha", daily(10), None),
        plan("free", Quota::Unlimited, None),
    ];
    world.apply(configured.clone(), noon()).await;
    let is_zone_known = world.registry.promises().reset_known;
    let shown = |plan: &UsagePlan| {
        let zone = plan.plan().time_zone.clone().filter(|_| is_zone_known);
        Plan { time_zone: zone, ..plan.plan().clone() }
    };
    let shown: Vec<_> = configured.iter().map(shown).collect();
    assert_eq!(world.registry.plans().await.unwrap(), shown);
    world.apply(configured.into_iter().rev().collect(), noon()).await;
    assert_eq!(world.registry.plans().await.unwrap(), shown.into_iter().rev().collect::<Vec<_>>());
}

/// More is allowed; what was used stays used.
pub async fn a_raised_limit_keeps_usage(world: World) {
    let caller = world.caller_on(plan("p", daily(3), None), noon()).await;
    assert_eq!(world.use_up(&caller.presented, 9, noon()).await, 3);
    world.apply(vec![plan("p", daily(5), None)], noon()).await;
    assert_eq!(world.used(&caller.presented, noon()).await, (3, 5));
    assert_eq!(world.use_up(&caller.presented, 9, noon()).await, 2);
}

/// Less is allowed; who is over it waits for the next period.
pub async fn a_lowered_limit_keeps_usage(world: World) {
    let caller = world.caller_on(plan("p", daily(5), None), noon()).await;
    for _ in 0..4 {
        world.granted(&caller.presented, noon()).await;
    }
    world.apply(vec![plan("p", daily(2), None)], noon()).await;
    assert_eq!(world.used(&caller.presented, noon()).await, (4, 2));
    world.refused(&caller.presented, noon()).await;
    assert_eq!(world.use_up(&caller.presented, 9, later(noon(), 86_400)).await, 2);
}

/// When the period changes, the new one counts the days that lie in it.
pub async fn another_period_starts_at_the_sum_of_its_days(world: World) {
    let (sunday, thursday) = (at("2026-11-15T12:00:00Z"), at("2026-11-19T12:00:00Z"));
    let caller = world.caller_on(plan("p", daily(4), None), sunday).await;
    assert_eq!(world.use_up(&caller.presented, 3, sunday).await, 3);
    assert_eq!(world.use_up(&caller.presented, 2, thursday).await, 2);
    world.granted(&caller.presented, noon()).await;
    world.apply(vec![plan("p", per(10, Period::Week), None)], noon()).await;
    assert_eq!(world.used(&caller.presented, noon()).await, (3, 10));
    world.apply(vec![plan("p", per(10, Period::Month), None)], noon()).await;
    assert_eq!(world.used(&caller.presented, noon()).await, (6, 10));
    world.apply(vec![plan("p", daily(4), None)], noon()).await;
    assert_eq!(world.used(&caller.presented, noon()).await, (1, 4));
}

/// The offset is subtracted in the period in which the subscription began.
pub async fn the_offset_lowers_the_first_period_only(world: World) {
    let quota = Quota::Limited { limit: 5, period: Period::Month, offset: 2 };
    let caller = world.caller_on(plan("p", quota, None), noon()).await;
    assert_eq!(world.use_up(&caller.presented, 9, noon()).await, 3);
    assert_eq!(world.use_up(&caller.presented, 9, at("2026-12-01T00:00:00Z")).await, 5);
}

/// A plan that left the configuration is reported, serves its keys, and is not on offer.
pub async fn a_plan_left_out_serves_but_takes_no_new_keys(world: World) {
    let caller = world.caller_on(plan("old", daily(3), None), noon()).await;
    world.granted(&caller.presented, noon()).await;
    assert_eq!(world.apply(vec![plan("new", daily(9), None)], noon()).await, [name("old")]);
    world.granted(&caller.presented, noon()).await;
    assert_eq!(world.used(&caller.presented, noon()).await, (2, 3));
    assert_eq!(world.registry.plans().await.unwrap().len(), 1);
    let account = world.sign_up(2, noon()).await;
    let refused = world.key_for(account, "old", None, noon()).await.unwrap_err();
    assert!(matches!(refused, CreateKeyError::UnknownPlan), "{refused:?}");
}

/// A plan that comes back is as any other, with its counts.
pub async fn a_plan_that_comes_back_takes_keys_again(world: World) {
    let caller = world.caller_on(plan("p", daily(3), None), noon()).await;
    world.granted(&caller.presented, noon()).await;
    world.apply(Vec::new(), noon()).await;
    assert!(world.apply(vec![plan("p", daily(3), None)], noon()).await.is_empty());
    let other = world.caller(2, "p", noon()).await;
    assert_eq!(world.use_up(&other.presented, 9, noon()).await, 3);
    assert_eq!(world.used(&caller.presented, noon()).await, (1, 3));
}

/// Leaving out a plan that nobody took is no news.
pub async fn a_plan_that_nobody_is_on_is_not_reported(world: World) {
    world.apply(vec![plan("a", daily(3), None), plan("b", daily(3), None)], noon()).await;
    assert!(world.apply(vec![plan("b", daily(3), None)], noon()).await.is_empty());
}
