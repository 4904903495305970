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
    // A verb takes the provisioner, which has the verbs; the plan needs what `apply` tells of.
    &[
        "crates/access-aws/src/provision/apply.rs",
        "crates/access-aws/src/provision/destroy.rs",
        "crates/access-aws/src/provision/mod.rs",
        "crates/access-aws/src/provision/plan.rs",
        "crates/access-aws/src/provision/status.rs",
    ],
    // A step holds what the comparison found.
    &["crates/access-aws/src/provision/diff_plans.rs", "crates/access-aws/src/provision/step.rs"],
    // The runner hands steps on to files that go on with the runner.
    &[
        "crates/access-aws/src/provision/execute.rs",
        "crates/access-aws/src/provision/execute_method.rs",
        "crates/access-aws/src/provision/execute_plan.rs",
    ],
    // The reader hands parts on to files that go on with the reader.
    &[
        "crates/access-aws/src/provision/read.rs",
        "crates/access-aws/src/provision/read_plans.rs",
        "crates/access-aws/src/provision/read_surface.rs",
    ],
    // What is wanted carries its warnings, which look at what is wanted.
    &["crates/access-aws/src/provision/wanted.rs", "crates/access-aws/src/provision/warnings.rs"],
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
