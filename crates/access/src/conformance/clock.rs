//! Laws of periods: which requests count together.

use api_types::{Period, Throttle};
use futures_util::future::join_all;

use super::{
    World,
    cast::{at, daily, later, per, plan, plan_in},
};
use crate::{Admission, Pass};

/// A quota is whole again in the first instant of the next period, and not before.
pub async fn the_last_instant_and_the_first_are_two_periods(world: World) {
    let last = at("2026-12-31T23:59:59.999999999Z");
    let first = at("2027-01-01T00:00:00Z");
    let caller = world.caller_on(plan("p", daily(3), None), at("2026-12-31T00:00:00Z")).await;
    assert_eq!(world.use_up(&caller.presented, 9, at("2026-12-31T00:00:00Z")).await, 3);
    world.refused(&caller.presented, last).await;
    assert_eq!(world.use_up(&caller.presented, 9, first).await, 3);
}

/// A day of 23 hours and one of 25 are one day each.
pub async fn days_with_a_clock_change_are_one_period(world: World) {
    let caller = world.caller_on(plan_in("Europe/Berlin", "p", daily(2), None), at("2026-03-28T12:00:00Z")).await;
    for (first, last, next) in [
        ("2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"),
        ("2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"),
    ] {
        assert_eq!(world.use_up(&caller.presented, 9, at(first)).await, 2);
        world.refused(&caller.presented, at(last)).await;
        assert_eq!(world.use_up(&caller.presented, 9, at(next)).await, 2);
    }
}

/// A weekly quota is whole again on Monday.
pub async fn a_week_starts_on_monday(world: World) {
    let caller = world.caller_on(plan("p", per(2, Period::Week), None), at("2026-11-17T00:00:00Z")).await;
    assert_eq!(world.use_up(&caller.presented, 9, at("2026-11-17T00:00:00Z")).await, 2);
    world.refused(&caller.presented, at("2026-11-22T23:59:59Z")).await;
    assert_eq!(world.use_up(&caller.presented, 9, at("2026-11-23T00:00:00Z")).await, 2);
}

/// A monthly quota is whole again on day 1.
pub async fn a_month_starts_on_day_one(world: World) {
    let caller = world.caller_on(plan("p", per(2, Period::Month), None), at("2027-02-14T00:00:00Z")).await;
    assert_eq!(world.use_up(&caller.presented, 9, at("2027-02-14T00:00:00Z")).await, 2);
    world.refused(&caller.presented, at("2027-02-28T23:59:59Z")).await;
    assert_eq!(world.use_up(&caller.presented, 9, at("2027-03-01T00:00:00Z")).await, 2);
}

/// When the clock is set back, the period that it names counts on from its kept count.
pub async fn a_clock_set_back_counts_on(world: World) {
    let (friday, saturday) = (at("2026-11-20T12:00:00Z"), at("2026-11-21T12:00:00Z"));
    let caller = world.caller_on(plan("p", daily(3), None), friday).await;
    world.granted(&caller.presented, friday).await;
    world.granted(&caller.presented, friday).await;
    assert_eq!(world.use_up(&caller.presented, 9, saturday).await, 3);
    assert_eq!(world.use_up(&caller.presented, 9, friday).await, 1);
    world.refused(&caller.presented, saturday).await;
}

/// When the clock is set back, a bucket that is empty fills at its rate from there.
pub async fn a_clock_set_back_locks_nobody_out(world: World) {
    let (now, before) = (at("2026-11-21T12:00:00Z"), at("2026-11-21T11:00:00Z"));
    let throttle = Some(Throttle { rate: 1.0, burst: 2 });
    let caller = world.caller_on(plan("p", daily(100), throttle), now).await;
    assert_eq!(world.use_up(&caller.presented, 9, now).await, 2);
    world.refused(&caller.presented, before).await;
    assert_eq!(world.use_up(&caller.presented, 9, later(before, 1)).await, 1);
}

/// The same instant lies in another day elsewhere.
pub async fn the_zone_of_the_plan_decides(world: World) {
    let (evening, night) = (at("2026-11-21T14:59:59Z"), at("2026-11-21T15:00:00Z"));
    world.apply(vec![plan("utc", daily(1), None), plan_in("Asia/Tokyo", "tokyo", daily(1), None)], evening).await;
    let (utc, tokyo) = (world.caller(1, "utc", evening).await, world.caller(2, "tokyo", evening).await);
    for key in [&utc.presented, &tokyo.presented] {
        world.granted(key, evening).await;
    }
    world.refused(&utc.presented, night).await;
    assert_eq!(world.granted(&tokyo.presented, night).await.booking.unwrap().day.to_string(), "2026-11-22");
}

/// Requests of both sides of midnight, mixed and at once, fill both days and no more.
pub async fn parallel_requests_around_midnight_fill_both_days(world: World) {
    let instants = [at("2026-11-21T23:59:59.999Z"), at("2026-11-22T00:00:00Z")];
    let caller = world.caller_on(plan("p", daily(7), None), instants[0]).await;
    let answers = join_all((0..100).map(|n| world.ask(&caller.presented, instants[n % 2]))).await;
    for day in ["2026-11-21", "2026-11-22"] {
        let of_the_day = |pass: &Pass| pass.booking.unwrap().day.to_string() == day;
        let admitted = answers.iter().filter(|answer| matches!(answer, Admission::Granted(pass) if of_the_day(pass)));
        assert_eq!(admitted.count(), 7);
    }
}
