//! What a run is asked for, and what it finds of each proxy.

use std::time::Duration;

use crate::figure::Figure;

/// How long all takes.
#[derive(Debug, Clone, Copy)]
pub struct Rounds {
    /// How often each takes its turn.
    pub count: usize,
    /// How long a turn is.
    pub turn: Duration,
    /// Divides each work's number of connections.
    pub connections_divisor: usize,
    /// Divides the number of keys in the large store.
    pub keys_divisor: u64,
}

/// What was measured of one proxy at one work.
#[derive(Debug, Default)]
pub struct Measured {
    /// The proxy's name.
    pub name: &'static str,
    /// Requests answered per second.
    pub per_second: Figure,
    /// Microseconds of processor time of the proxy per request; nothing where there is no proxy.
    pub processor_us: Figure,
    /// Median of the time to an answer, in microseconds.
    pub p50_us: Figure,
    /// What 99 of 100 answers don't take longer than, in microseconds.
    pub p99_us: Figure,
}
