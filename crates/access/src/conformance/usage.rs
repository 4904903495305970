//! Laws of the usage listing.

use api_types::{Date, Period, QuotaStatus, UsageDay, limits::USAGE_MAX_DAYS};

use super::{
    World,
    cast::{ANSWERED, FAILED, daily, later, noon, per, plan, plan_in},
};
use crate::PresentedKey;

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// One row for each day, both ends included, in order, also where nothing happened.
pub async fn each_day_is_listed_also_without_requests(world: World) {
    let caller = world.caller_on(plan("p", daily(9), None), noon()).await;
    world.granted(&caller.presented, noon()).await;
    let usage = world.registry.usage(caller.account, caller.key, day("2026-11-19"), day("2026-11-22")).await.unwrap();
    let shown: Vec<_> = usage.iter().map(|row| (row.date.to_string(), row.used)).collect();
    let expected = [("2026-11-19", 0), ("2026-11-20", 0), ("2026-11-21", 1), ("2026-11-22", 0)];
    assert_eq!(shown, expected.map(|(date, used)| (date.to_owned(), used)));
    let none = world.registry.usage(caller.account, caller.key, day("2026-11-22"), day("2026-11-21")).await.unwrap();
    assert!(none.is_empty());
}

/// A day tells what was charged, refused and given back, at once and in the plan's own days.
pub async fn a_day_lists_used_refused_and_returned(world: World) {
    let caller = world.caller_on(plan_in("Asia/Tokyo", "p", daily(3), None), noon()).await;
    let today = day("2026-11-21");
    let pass = world.granted(&caller.presented, noon()).await;
    world.gate.settle(&pass, FAILED, noon()).await.unwrap();
    for _ in 0..3 {
        let pass = world.granted(&caller.presented, noon()).await;
        world.gate.settle(&pass, ANSWERED, noon()).await.unwrap();
    }
    for _ in 0..2 {
        world.refused(&caller.presented, noon()).await;
    }
    let evening = later(noon(), 6 * 3_600);
    let pass = world.granted(&caller.presented, evening).await;
    world.gate.settle(&pass, ANSWERED, evening).await.unwrap();
    let usage = world.registry.usage(caller.account, caller.key, today, day("2026-11-22")).await.unwrap();
    let expected = [
        UsageDay { date: today, used: 3, refused: 2, returned: 1, limit: Some(3) },
        UsageDay { date: day("2026-11-22"), used: 1, refused: 0, returned: 0, limit: Some(3) },
    ];
    assert_eq!(usage, expected);
}

/// A day has a limit only where the plan counts by day.
pub async fn the_limit_stands_at_daily_plans_only(world: World) {
    let plans = vec![
        plan("day", daily(9), None),
        plan("week", per(9, Period::Week), None),
        plan("free", api_types::Quota::Unlimited, None),
    ];
    world.apply(plans, noon()).await;
    let account = world.sign_up(1, noon()).await;
    for (name, limit) in [("day", Some(9)), ("week", None), ("free", None)] {
        let key = world.key_for(account, name, None, noon()).await.unwrap().key;
        let usage = world.registry.usage(account.0, key, day("2026-11-21"), day("2026-11-21")).await.unwrap();
        assert_eq!(usage.iter().map(|row| row.limit).collect::<Vec<_>>(), [limit]);
    }
}

/// However long the range, a listing is bounded.
pub async fn usage_is_bounded_in_days(world: World) {
    let caller = world.caller_on(plan("p", daily(9), None), noon()).await;
    let usage = world.registry.usage(caller.account, caller.key, Date::MIN, Date::MAX).await.unwrap();
    assert!(usage.len() <= usize::try_from(USAGE_MAX_DAYS).unwrap(), "{}", usage.len());
}

/// A key says when a request with it was last admitted, to the minute, in both places; refusals are no use, and a key made
/// anew on the same plan was never used.
pub async fn a_key_tells_its_last_use(world: World) {
    let caller = world.caller_on(plan("p", daily(2), None), noon()).await;
    let told = async |key: &PresentedKey, now| {
        let listed = world.registry.keys(caller.account, now).await.unwrap()[0].last_used_at;
        assert_eq!(world.status(key, now).await.last_used_at, listed);
        listed
    };
    assert_eq!(told(&caller.presented, noon()).await, None);
    world.granted(&caller.presented, later(noon(), 119)).await;
    assert_eq!(told(&caller.presented, later(noon(), 119)).await, Some(later(noon(), 60)));
    world.granted(&caller.presented, later(noon(), 300)).await;
    world.refused(&caller.presented, later(noon(), 600)).await;
    assert_eq!(told(&caller.presented, later(noon(), 600)).await, Some(later(noon(), 300)));
    // Also where the next period has counted nothing yet.
    assert_eq!(told(&caller.presented, later(noon(), 86_400)).await, Some(later(noon(), 300)));
    world.registry.revoke_key(caller.account, caller.key, later(noon(), 700)).await.unwrap();
    let again = world.key_for((caller.account, caller.owner), "p", None, later(noon(), 700)).await.unwrap();
    assert_eq!(told(&again.presented, later(noon(), 700)).await, None);
}

/// The list of keys shows each quota as the gate counts it.
pub async fn listed_keys_show_what_is_used(world: World) {
    let caller = world.caller_on(plan("p", daily(9), None), noon()).await;
    world.granted(&caller.presented, noon()).await;
    world.granted(&caller.presented, noon()).await;
    let told = world.status(&caller.presented, noon()).await.quota;
    let listed = &world.registry.keys(caller.account, noon()).await.unwrap()[0];
    assert_eq!(listed.quota, told);
    assert!(matches!(told, QuotaStatus::Limited { limit: 9, used: 2, remaining: 7, .. }), "{told:?}");
    let tomorrow = &world.registry.keys(caller.account, later(noon(), 86_400)).await.unwrap()[0];
    assert!(matches!(tomorrow.quota, QuotaStatus::Limited { used: 0, .. }), "{:?}", tomorrow.quota);
}
