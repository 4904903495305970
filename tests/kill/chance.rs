//! Chance that can be repeated: SplitMix64 from a seed.

/// A generator of numbers that look random.
pub(crate) struct Chance(u64);

impl Chance {
    /// `TOLLGATE_SEED`, else another one in each process.
    pub(crate) fn seed() -> u64 {
        #[expect(clippy::disallowed_methods, reason = "the run's seed comes from its environment")]
        let given = std::env::var("TOLLGATE_SEED").ok().and_then(|text| text.parse().ok());
        given.unwrap_or_else(|| u64::from(std::process::id()))
    }

    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}
