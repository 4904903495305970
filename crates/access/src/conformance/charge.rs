//! Laws of fair charge: what is given back, where to, and how often.

use api_types::{Period, Quota};
use futures_util::future::join_all;

use super::{
    World,
    cast::{ANSWERED, FAILED, at, burst, daily, later, noon, per, plan},
};
use crate::{Charge, End, Phase};

/// Every end of a request is charged as [`End::charge`] says.
pub async fn each_end_is_charged_by_the_rule(world: World) {
    let caller = world.caller_on(plan("p", daily(10_000), None), noon()).await;
    let mut expected = 0;
    for phase in [Phase::NotSent, Phase::Sent, Phase::Accepted, Phase::FirstByte] {
        for status in [None, Some(200), Some(302), Some(400), Some(401), Some(404), Some(429), Some(500), Some(503)] {
            for caller_left in [false, true] {
                let end = End { phase, status, caller_left };
                let pass = world.granted(&caller.presented, noon()).await;
                world.gate.settle(&pass, end, noon()).await.unwrap();
                expected += u64::from(end.charge() == Charge::Spent);
                assert_eq!(world.used(&caller.presented, noon()).await.0, expected, "{end:?}");
            }
        }
    }
}

/// Ending a pass a second time changes nothing, whatever is said.
pub async fn a_pass_is_returned_once(world: World) {
    let caller = world.caller_on(plan("p", daily(5), None), noon()).await;
    let (kept, pass) = (world.granted(&caller.presented, noon()).await, world.granted(&caller.presented, noon()).await);
    for end in [FAILED, FAILED, ANSWERED] {
        world.gate.settle(&pass, end, noon()).await.unwrap();
        assert_eq!(world.used(&caller.presented, noon()).await, (1, 5));
    }
    for end in [ANSWERED, FAILED] {
        world.gate.settle(&kept, end, noon()).await.unwrap();
        assert_eq!(world.used(&caller.presented, noon()).await, (1, 5));
    }
}

/// A pass that was ended without waiting stays as it was told, whatever is said afterwards.
pub async fn what_was_settled_at_once_stays(world: World) {
    let caller = world.caller_on(plan("p", daily(5), None), noon()).await;
    for (end, expected, used) in
        [(ANSWERED, Charge::Spent, 1), (FAILED, Charge::Returned, 1), (ANSWERED, Charge::Spent, 2)]
    {
        let pass = world.granted(&caller.presented, noon()).await;
        let charge = match world.gate.settle_at_once(&pass, end) {
            Some(charge) => charge,
            None => world.gate.settle(&pass, end, noon()).await.unwrap(),
        };
        assert_eq!(charge, expected);
        for again in [FAILED, ANSWERED] {
            world.gate.settle(&pass, again, noon()).await.unwrap();
            assert_eq!(world.used(&caller.presented, noon()).await, (used, 5));
        }
    }
}

/// Twenty ends of one pass at once return it once.
pub async fn parallel_ends_return_once(world: World) {
    let caller = world.caller_on(plan("p", daily(5), None), noon()).await;
    let _kept = world.granted(&caller.presented, noon()).await;
    let pass = world.granted(&caller.presented, noon()).await;
    let ended = join_all((0..20).map(|_| world.gate.settle(&pass, FAILED, noon()))).await;
    let returned = ended.into_iter().filter(|charge| charge.as_ref().unwrap() == &Charge::Returned).count();
    assert_eq!(returned, 1);
    assert_eq!(world.used(&caller.presented, noon()).await, (1, 5));
}

/// A request admitted yesterday and returned today makes room yesterday, not today.
pub async fn a_return_goes_to_its_own_period(world: World) {
    let (before, after) = (at("2026-11-21T23:59:59Z"), at("2026-11-22T00:00:01Z"));
    let caller = world.caller_on(plan("p", daily(2), None), before).await;
    let pass = world.granted(&caller.presented, before).await;
    world.granted(&caller.presented, before).await;
    assert_eq!(world.use_up(&caller.presented, 9, after).await, 2);
    world.gate.settle(&pass, FAILED, after).await.unwrap();
    world.refused(&caller.presented, after).await;
    assert_eq!(world.used(&caller.presented, before).await, (1, 2));
}

/// A charge given back can be used.
pub async fn a_return_makes_room_again(world: World) {
    let caller = world.caller_on(plan("p", daily(1), None), noon()).await;
    let pass = world.granted(&caller.presented, noon()).await;
    world.refused(&caller.presented, noon()).await;
    world.gate.settle(&pass, FAILED, noon()).await.unwrap();
    world.granted(&caller.presented, noon()).await;
    world.refused(&caller.presented, noon()).await;
}

/// After as many returns in a period as the quota is large, further ones are spent; the next period starts anew.
pub async fn returns_are_bounded_by_the_quota(world: World) {
    let caller = world.caller_on(plan("p", per(3, Period::Week), None), noon()).await;
    for now in [noon(), later(noon(), 7 * 86_400)] {
        let mut charges = Vec::new();
        while let crate::Admission::Granted(pass) = world.ask(&caller.presented, now).await {
            charges.push(world.gate.settle(&pass, FAILED, later(now, 60)).await.unwrap());
            assert!(charges.len() < 100, "endless free tries");
        }
        assert_eq!(charges, [[Charge::Returned; 3], [Charge::Spent; 3]].concat());
    }
}

/// Where there is no quota there is nothing to bound.
pub async fn returns_are_unbounded_without_a_quota(world: World) {
    let caller = world.caller_on(plan("p", Quota::Unlimited, None), noon()).await;
    for _ in 0..50 {
        let pass = world.granted(&caller.presented, noon()).await;
        world.gate.settle(&pass, FAILED, noon()).await.unwrap();
    }
    let day = noon().to_zoned(jiff::tz::TimeZone::UTC).date();
    let usage = world.registry.usage(caller.account, caller.key, day, day).await.unwrap();
    assert_eq!((usage[0].used, usage[0].returned), (0, 50));
}

/// Requests that fail are throttled like others.
pub async fn a_return_gives_no_token_back(world: World) {
    let caller = world.caller_on(plan("p", daily(100), burst(3)), noon()).await;
    for _ in 0..3 {
        let pass = world.granted(&caller.presented, noon()).await;
        world.gate.settle(&pass, FAILED, noon()).await.unwrap();
    }
    assert!(matches!(world.refused(&caller.presented, noon()).await, crate::Refusal::Throttle { .. }));
}

/// A request under way when its key was revoked is still given back to the owner's count.
pub async fn a_pass_of_a_revoked_key_is_still_settled(world: World) {
    let caller = world.caller_on(plan("p", daily(5), None), noon()).await;
    let pass = world.granted(&caller.presented, noon()).await;
    world.granted(&caller.presented, noon()).await;
    world.registry.revoke_key(caller.account, caller.key, noon()).await.unwrap();
    world.gate.settle(&pass, FAILED, noon()).await.unwrap();
    let again = world.key_for((caller.account, caller.owner), "p", None, noon()).await.unwrap();
    assert_eq!(world.used(&again.presented, noon()).await, (1, 5));
}
