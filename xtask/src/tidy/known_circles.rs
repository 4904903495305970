//! Circles between files that are there today. The list can only get shorter: an entry whose circle is gone, or has become
//! another one, fails `cargo xtask tidy`.

/// Each entry is the files of one circle, sorted.
pub(super) const KNOWN: &[&[&str]] = &[
    // The gateway's parts take the gateway itself, which starts them.
    &[
        "crates/access-aws/src/gateway/carry.rs",
        "crates/access-aws/src/gateway/make.rs",
        "crates/access-aws/src/gateway/mod.rs",
        "crates/access-aws/src/gateway/plans.rs",
        "crates/access-aws/src/gateway/refresh.rs",
        "crates/access-aws/src/gateway/rotate.rs",
        "crates/access-aws/src/gateway/stage_link.rs",
        "crates/access-aws/src/gateway/sweep.rs",
        "crates/access-aws/src/gateway/uses.rs",
    ],
];
