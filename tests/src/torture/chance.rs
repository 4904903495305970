//! Chance that can be repeated: SplitMix64 from a seed.

/// A generator of numbers that look random.
#[derive(Debug)]
pub struct Chance(u64);

impl Chance {
    /// `TOLLGATE_SEED`, else another one in each process.
    #[must_use]
    pub fn seed() -> u64 {
        #[expect(clippy::disallowed_methods, reason = "the run's seed comes from its environment")]
        let given = std::env::var("TOLLGATE_SEED").ok().and_then(|text| text.parse().ok());
        given.unwrap_or_else(|| u64::from(std::process::id()))
    }

    /// The numbers that follow from a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound
    }

    /// A place in something that has `length` of them.
    pub(crate) fn place(&mut self, length: usize) -> usize {
        usize::try_from(self.below(length as u64)).unwrap_or_default()
    }

    /// One of two.
    pub(crate) fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    /// Sixteen bytes, for an id.
    pub(crate) fn bytes(&mut self) -> [u8; 16] {
        (u128::from(self.number()) << 64 | u128::from(self.number())).to_be_bytes()
    }
}
