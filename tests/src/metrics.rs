//! `/metrics` read as a scraper reads it.

use crate::TestServer;

/// One scrape.
#[derive(Debug, Clone)]
pub struct Metrics {
    /// As it came.
    pub text: String,
}

impl Metrics {
    /// The value of a series, such as `tollgate_charges_total{outcome="spent"}`; 0 if it isn't there yet.
    ///
    /// # Panics
    /// If its value isn't a number.
    #[must_use]
    pub fn value(&self, series: &str) -> f64 {
        let line = self.text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap_or_else(|e| panic!("{series}: {e}: {value}")))
    }

    /// Every label's name and value.
    #[must_use]
    pub fn labels(&self) -> Vec<(String, String)> {
        let series = self.text.lines().filter(|line| !line.starts_with('#'));
        let labelled = series.filter_map(|line| line.split_once('{')?.1.rsplit_once('}'));
        let pairs = labelled.flat_map(|(labels, _)| labels.split(',')).filter_map(|label| label.split_once('='));
        pairs.map(|(name, value)| (name.to_owned(), value.trim_matches('"').to_owned())).collect()
    }
}

impl TestServer {
    /// Scrapes `/metrics`.
    ///
    /// # Panics
    /// If it doesn't answer.
    pub async fn metrics(&self) -> Metrics {
        Metrics { text: self.anonymous().get("/metrics").send().await.expect(200).text() }
    }

    /// The process's resident memory in bytes.
    ///
    /// # Panics
    /// Where there is no procfs.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// What of it the process allocated, in bytes: the program's own pages, which any request may bring in, left aside.
    ///
    /// # Panics
    /// Where there is no procfs.
    #[must_use]
    pub fn allocated_bytes(&self) -> u64 {
        self.memory("RssAnon:")
    }

    /// The most that [`resident_bytes`](Self::resident_bytes) ever was.
    ///
    /// # Panics
    /// Where there is no procfs.
    #[must_use]
    pub fn peak_bytes(&self) -> u64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, figure: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid())).expect("procfs");
        let line = status.lines().find_map(|line| line.strip_prefix(figure)).expect("a size");
        let kibibytes = line.trim().trim_end_matches(" kB").parse::<u64>();
        kibibytes.expect("a number of kB") * 1024
    }
}
