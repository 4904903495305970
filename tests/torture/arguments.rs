//! The command line of the long runs.

use std::time::Duration;

use tests::torture::Chance;

/// So many streams at once, unless told.
const STREAMS: usize = 2_000;

/// What to run.
pub(crate) enum Task {
    /// Both floors of one server, for so long.
    Torture { time: Duration, seed: u64 },
    /// A cluster on Postgres, for so long.
    Cluster { time: Duration, seed: u64 },
    /// What a stream costs, with so many open.
    Streams { count: usize },
}

impl Task {
    /// Reads `[cluster] [--minutes N] [--seed N]` or `streams [N]`.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut minutes, mut seed, mut is_cluster) = (1.0, Chance::seed(), false);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--minutes" => minutes = value(&word, words.next())?,
                "--seed" => seed = value(&word, words.next())?,
                "cluster" => is_cluster = true,
                "streams" => {
                    let count = words.next().map_or(Ok(STREAMS), |count| value(&word, Some(count)))?;
                    return Ok(Self::Streams { count });
                }
                _ => {
                    return Err(format!(
                        "unknown argument `{word}`; use cluster, --minutes N, --seed N, or streams [N]"
                    ));
                }
            }
        }
        let time = Duration::try_from_secs_f64(minutes * 60.0).map_err(|_| format!("no time: {minutes} minutes"))?;
        Ok(if is_cluster { Self::Cluster { time, seed } } else { Self::Torture { time, seed } })
    }
}

fn value<T: std::str::FromStr>(name: &str, text: Option<String>) -> Result<T, String> {
    let text = text.ok_or_else(|| format!("{name} needs a number"))?;
    text.parse().map_err(|_| format!("{name} needs a number, not `{text}`"))
}
