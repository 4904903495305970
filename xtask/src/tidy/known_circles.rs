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
    // An account's deletion ends its sessions; a session looks its account up.
    &["crates/access-sqlite/src/sql/sessions.rs", "crates/access-sqlite/src/store/accounts.rs"],
    // The store opens the desk and its queue; those know the store's own types.
    &[
        "crates/access-sqlite/src/lib.rs",
        "crates/access-sqlite/src/reader.rs",
        "crates/access-sqlite/src/sql/open.rs",
        "crates/access-sqlite/src/store/state_owners.rs",
        "crates/access-sqlite/src/writer/purge.rs",
        "crates/access-sqlite/src/writer/queue.rs",
        "crates/access-sqlite/src/writer/state.rs",
        "crates/access-sqlite/src/writer/thread.rs",
    ],
    // What was seen is told to the ledger, which has the state that was seen.
    &["crates/access-sqlite/src/counting/keys_seen.rs", "crates/access-sqlite/src/counting/ledger.rs"],
];
