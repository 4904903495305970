//! What a usage plan allows: so fast, and so much in a period.

/// A token bucket's measures.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Throttle {
    /// Requests per second.
    pub rate: f64,
    /// Requests at once.
    pub burst: u32,
}

/// So many requests in each period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Requests.
    pub limit: u32,
    /// Subtracted from the limit in the first period.
    pub offset: u32,
    /// Starts anew at 00:00 UTC; AWS doesn't say when.
    pub period: Period,
}

impl Quota {
    /// So many a day.
    #[must_use]
    pub fn per_day(limit: u32) -> Self {
        Self { limit, offset: 0, period: Period::Day }
    }
}

/// A quota's period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// `DAY`
    Day,
    /// `WEEK`
    Week,
    /// `MONTH`
    Month,
}
