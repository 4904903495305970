//! A new key that the gate in front of the model doesn't know everywhere yet: how long it is waited for, and the looking
//! after it.

use api_types::Timestamp;
use leptos::prelude::*;

use crate::browser;

/// What to know meanwhile.
pub(crate) const TAKES: &str = "A new key can take up to two minutes to work.";

/// How long after the first try a request is tried again by itself, in seconds: as long as an activation takes.
const PATIENCE_SECONDS: u64 = 120;

/// The pause where the server names none, in seconds.
const USUAL_PAUSE_SECONDS: u64 = 10;

/// How often the page looks whether a key became active.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(5);

/// When a request is tried again; `None`: it has been tried for long enough.
pub(crate) fn next_try(first: Timestamp, now: Timestamp, retry_after: Option<u64>) -> Option<Timestamp> {
    let pause = retry_after.unwrap_or(USUAL_PAUSE_SECONDS).clamp(1, PATIENCE_SECONDS + 1);
    let later = |time: Timestamp, seconds: u64| Some(time.as_millisecond() + 1000 * i64::try_from(seconds).ok()?);
    let next = later(now, pause)?;
    (next <= later(first, PATIENCE_SECONDS)?).then(|| Timestamp::from_millisecond(next).ok()).flatten()
}

/// Whole seconds until then, never more than there are.
pub(crate) fn seconds_until(then: Timestamp, now: Timestamp) -> u64 {
    u64::try_from((then.as_millisecond() - now.as_millisecond() + 999) / 1000).unwrap_or(0)
}

/// What the reader is told while a request waits for its key; 0 seconds is a try under way.
pub(crate) fn waiting(seconds: u64) -> String {
    match seconds {
        0 => "Your key is being activated… trying again now".to_owned(),
        seconds => format!("Your key is being activated… trying again in {seconds} s"),
    }
}

/// Looks again and again while something is being activated and the page is before somebody's eyes.
pub(crate) fn look_while(activating: Memo<bool>, look: Callback<()>) {
    Effect::new(move |_| {
        if !activating.get() {
            return;
        }
        let look = move || {
            if browser::is_visible() {
                look.run(());
            }
        };
        if let Ok(looking) = set_interval_with_handle(look, LOOK_EVERY) {
            on_cleanup(move || looking.clear());
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_request_is_tried_again_until_two_minutes_after_its_first_try() {
        assert_eq!(next_try(at(0), at(0), Some(10)), Some(at(10)));
        assert_eq!(next_try(at(0), at(110), Some(10)), Some(at(120)));
        assert_eq!(next_try(at(0), at(111), Some(10)), None);
        assert_eq!(next_try(at(0), at(0), Some(121)), None);
    }

    #[test]
    fn an_odd_pause_neither_hammers_nor_breaks() {
        assert_eq!(next_try(at(0), at(5), None), Some(at(15)));
        assert_eq!(next_try(at(0), at(5), Some(0)), Some(at(6)));
        assert_eq!(next_try(at(0), at(5), Some(u64::MAX)), None);
    }

    #[test]
    fn seconds_are_counted_down_to_the_try() {
        let then = at(10);
        let millisecond = |ms| Timestamp::from_millisecond(ms).unwrap();
        let left: Vec<_> = [0, 1, 8_999, 9_000, 9_001, 10_000, 12_000]
            .into_iter()
            .map(|ms| seconds_until(then, millisecond(ms)))
            .collect();
        assert_eq!(left, [10, 10, 2, 1, 1, 0, 0]);
        assert_eq!(waiting(10), "Your key is being activated… trying again in 10 s");
    }
}
