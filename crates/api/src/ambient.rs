//! The edge's clock and randomness: the only place that reads them; all below takes them as arguments.

use api_types::Timestamp;

/// The time now, in whole milliseconds: what a store keeps of it is then what was meant.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the edge that reads the clock")]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// Random bytes from the operating system: for what must stay secret.
///
/// # Panics
/// When the operating system has none, which it documents as impossible once booted; a predictable secret would be
/// worse than a stop.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the edge that draws randomness")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// Random bytes for an id that is no secret, of which every request takes some: of this thread's own generator, ChaCha
/// that the operating system seeds, since each question to it is a system call.
///
/// # Panics
/// As [`random`], when the thread's generator is made or seeded anew.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "this is the edge that draws randomness")]
pub fn random_id() -> [u8; 16] {
    rand::random()
}
