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
    &["crates/access-sqlite/src/accounts.rs", "crates/access-sqlite/src/sessions.rs"],
    // The store opens the desk and its queue; those know the store's own types.
    &[
        "crates/access-sqlite/src/desk.rs",
        "crates/access-sqlite/src/lib.rs",
        "crates/access-sqlite/src/open.rs",
        "crates/access-sqlite/src/purge.rs",
        "crates/access-sqlite/src/queue.rs",
        "crates/access-sqlite/src/reader.rs",
        "crates/access-sqlite/src/state_owners.rs",
        "crates/access-sqlite/src/writer.rs",
    ],
    // What was seen is told to the ledger, which has the state that was seen.
    &["crates/access-sqlite/src/keys_seen.rs", "crates/access-sqlite/src/ledger.rs"],
    // The outermost layer asks `cors`, which asks the layer what is the data plane.
    &["crates/api/src/answers.rs", "crates/api/src/cors.rs"],
    // The commands print through the command line, which starts them.
    &["crates/api/src/aws_command.rs", "crates/api/src/check.rs", "crates/api/src/cli.rs"],
    // A section's own checks tell the error of the loader, which reads the sections.
    &["crates/api/src/config/aws.rs", "crates/api/src/config/load.rs", "crates/api/src/config/mod.rs"],
    // The number of choices depends on the call, which is defined beside the body.
    &["crates/proxy/src/body.rs", "crates/proxy/src/choices.rs"],
    // A followed answer's rest is read away, by the type of its source.
    &["crates/proxy/src/followed.rs", "crates/proxy/src/leftover.rs"],
    // The pages take announcer and clock from the frame that shows them.
    &[
        "frontend/src/app.rs",
        "frontend/src/pages/account.rs",
        "frontend/src/pages/dashboard.rs",
        "frontend/src/pages/playground.rs",
    ],
    // Plans' and quotas' sentences share figures.
    &["frontend/src/plan_text.rs", "frontend/src/reset_time.rs"],
    // A meter counts by a plan's quota; the account has the meters.
    &["tests/src/aws/account.rs", "tests/src/aws/meter.rs"],
    // A request that can't be read is refused; a list in pages reads the request.
    &["tests/src/aws/answer.rs", "tests/src/aws/request.rs"],
    // Tags of all kinds are looked up in one place, and checked by it.
    &[
        "tests/src/aws/control/apis.rs",
        "tests/src/aws/control/deployments.rs",
        "tests/src/aws/control/keys.rs",
        "tests/src/aws/control/methods.rs",
        "tests/src/aws/control/plans.rs",
        "tests/src/aws/control/resources.rs",
        "tests/src/aws/control/stages.rs",
        "tests/src/aws/control/tags.rs",
    ],
    // Parts of a call take the call, which hands itself on to them.
    &[
        "tests/src/aws/data_plane/admission.rs",
        "tests/src/aws/data_plane/integration.rs",
        "tests/src/aws/data_plane/mod.rs",
        "tests/src/aws/data_plane/refusal.rs",
    ],
    // A setup starts a server, which keeps its setup.
    &["tests/src/server.rs", "tests/src/setup.rs"],
];
