//! Plans as a test writes them into the server's configuration.

use jiff::{Timestamp, tz::TimeZone};

/// One `[[plans]]` entry; times of day never decide a test, see [`calm_time_zone`].
#[derive(Debug, Clone)]
pub struct PlanSpec {
    name: String,
    quota: String,
    throttle: Option<(f64, u32)>,
}

impl PlanSpec {
    /// `limit` requests a day, as fast as they come.
    #[must_use]
    pub fn daily(name: &str, limit: u64) -> Self {
        Self::limited(name, limit, "DAY", 0)
    }

    /// `limit` requests per `period`, `offset` fewer in the first.
    #[must_use]
    pub fn limited(name: &str, limit: u64, period: &str, offset: u32) -> Self {
        let quota = format!("{{limit = {limit}, period = \"{period}\", offset = {offset}}}");
        Self { name: name.to_owned(), quota, throttle: None }
    }

    /// No quota, as fast as they come.
    #[must_use]
    pub fn unlimited(name: &str) -> Self {
        Self { name: name.to_owned(), quota: "\"unlimited\"".to_owned(), throttle: None }
    }

    /// The same, at most `rate` a second after a burst.
    #[must_use]
    pub fn throttled(mut self, rate: f64, burst: u32) -> Self {
        self.throttle = Some((rate, burst));
        self
    }

    /// The entry as an inline TOML table.
    #[must_use]
    pub fn to_toml(&self) -> String {
        let throttle = self
            .throttle
            .map_or_else(String::new, |(rate, burst)| format!(", throttle = {{rate = {rate:?}, burst = {burst}}}"));
        format!(
            "{{name = \"{}\", description = \"{0}, for tests\", time_zone = \"{}\", quota = {}{throttle}}}",
            self.name,
            calm_time_zone(),
            self.quota
        )
    }
}

/// UTC, unless its midnight is near: then a zone where it isn't, so that no period ends while a test runs.
#[must_use]
pub fn calm_time_zone() -> &'static str {
    #[expect(clippy::disallowed_methods, reason = "the server under test runs by the real clock")]
    let now = Timestamp::now().to_zoned(TimeZone::UTC);
    if (1..22).contains(&now.hour()) { "UTC" } else { "Asia/Tokyo" }
}
