//! How long a first build still takes, about: from what each step has to compile, and how fast it went so far.

use std::time::Duration;

/// What a step has to do when nothing is there yet.
#[derive(Clone, Copy)]
pub(crate) struct Work {
    /// How the step's name begins.
    pub(crate) step: &'static str,
    /// Crates that it compiles.
    pub(crate) crates: usize,
    /// Seconds of one core, measured; only their ratio matters once some of it is done.
    pub(crate) seconds: f64,
}

/// Fewer crates than this are our own ones, compiled anew after a change: no estimate is worth its place.
const WORTH_AN_ESTIMATE: usize = 20;
/// The last crate of a step is the largest, and is linked.
const BEFORE_THE_LAST: f64 = 0.8;
/// Two lanes keep hardly more busy at once.
const CORES_USED: f64 = 2.0;
/// Until then the speed so far says little.
const TO_KNOW_THE_SPEED: f64 = 20.0;

/// A step's crates compiled so far, or that it is done.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Waiting,
    Compiled(usize),
    Done,
}

/// "about 4 minutes left"; nothing where it can't be told.
pub(crate) fn left(works: &[(Work, State)], since: Duration) -> Option<String> {
    let share = |work: &Work, state: State| match state {
        State::Waiting => 0.0,
        State::Compiled(crates) => fraction(crates, work.crates).min(1.0) * BEFORE_THE_LAST,
        State::Done => 1.0,
    };
    let compiled = works.iter().map(|(work, state)| match state {
        State::Waiting => 0,
        State::Compiled(crates) => *crates,
        State::Done => work.crates,
    });
    let is_running = works.iter().any(|(_, state)| matches!(state, State::Compiled(crates) if *crates > 0));
    if !is_running || compiled.sum::<usize>() < WORTH_AN_ESTIMATE {
        return None;
    }
    let all: f64 = works.iter().map(|(work, _)| work.seconds).sum();
    let done: f64 = works.iter().map(|(work, state)| work.seconds * share(work, *state)).sum();
    let since = since.as_secs_f64();
    let speed = if since < TO_KNOW_THE_SPEED || done <= 0.0 { CORES_USED } else { done / since };
    let seconds = (all - done) / speed;
    let minutes = (seconds / 60.0).ceil();
    Some(if seconds < 60.0 { "less than a minute left".to_owned() } else { format!("about {minutes:.0} minutes left") })
}

fn fraction(part: usize, whole: usize) -> f64 {
    let [part, whole] = [part, whole.max(1)].map(|number| u32::try_from(number).unwrap_or(u32::MAX));
    f64::from(part) / f64::from(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORK: Work = Work { step: "build", crates: 100, seconds: 400.0 };

    #[test]
    fn time_left_follows_the_speed_so_far() {
        let told = |state, seconds| left(&[(WORK, state), (WORK, State::Done)], Duration::from_secs(seconds));
        assert_eq!(told(State::Compiled(50), 1).as_deref(), Some("about 2 minutes left"), "by the measured seconds");
        assert_eq!(told(State::Compiled(50), 560).as_deref(), Some("about 4 minutes left"), "a slow machine");
        assert_eq!(told(State::Compiled(100), 300).as_deref(), Some("less than a minute left"));
    }

    #[test]
    fn nothing_is_told_of_a_few_crates_or_when_nothing_compiles() {
        assert_eq!(left(&[(WORK, State::Compiled(19))], Duration::from_secs(60)), None);
        assert_eq!(left(&[(WORK, State::Waiting), (WORK, State::Done)], Duration::from_secs(60)), None);
    }
}
