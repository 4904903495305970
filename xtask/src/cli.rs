//! The command line: the tasks, their flags, and what they are for.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::tested_backend::TestedBackend;

/// Tasks of this workspace.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
#[command(after_help = "`cargo xtask <task> --help` tells more, with an example.")]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) task: Option<Task>,
}

/// What `cargo xtask` can do.
#[derive(Subcommand)]
pub(crate) enum Task {
    /// Build the page and the server, setting up what is missing, and start the server.
    ///
    /// Needs Rust and a C compiler. Sets up what else is missing, under target/ but for the first: the WASM target (by
    /// rustup), wasm-bindgen (crates.io), and binaryen (npm, when npm is there; the page is a little larger without). A
    /// trunk that is installed bundles the page, if Trunk.toml takes its version; without one xtask does it itself.
    /// The first start compiles all of it and takes minutes; later ones take seconds. Output of each step is kept in
    /// target/tools/log.
    ///
    /// The server works in the current directory: it reads ./tollgate.toml if there is one and keeps its data in
    /// ./tollgate-data. Ctrl-C stops everything.
    ///
    /// Examples:
    ///   cargo xtask run
    ///   cargo xtask run -- --listen 0.0.0.0:8000
    ///   OPENAI_API_KEY=sk-… cargo xtask run
    ///   cargo xtask run -- check
    #[command(verbatim_doc_comment)]
    Run {
        /// Flags for tollgate.
        #[arg(last = true)]
        passed: Vec<String>,
    },
    /// Build the page, the server and the tests, and run every test.
    ///
    /// Runs `cargo nextest` where it is installed, `cargo test` otherwise. The browser tests need Chromium and its
    /// driver, and nginx; others need Caddy, HAProxy and Postgres: installed by apt-get when this runs as root on a
    /// Debian (which starts the proxies and a Postgres as services); otherwise the line to run is printed. The tests
    /// use a Postgres that is started for them, with its data under target/postgres, and stopped at the end. The tests
    /// with other people's SDKs and AWS emulators need Python and curl; the SDKs themselves are installed under
    /// target/sdks, from PyPI and npm, the generators of clients under target/clients, what checks the OpenAPI document
    /// under target/contract, what judges packaging/ under target/packaging, and the emulators under target/aws. The tests with callers who vanish make network
    /// namespaces: they need the command ip, and root. Screenshots of each page are left in target/screenshots.
    ///
    /// Where all tests are run, the end-to-end suite comes once more at the end, on Postgres.
    ///
    /// Examples:
    ///   cargo xtask test
    ///   cargo xtask test --backend postgres
    ///   cargo xtask test -- -p sse
    ///   cargo xtask test -- revoked_key
    #[command(verbatim_doc_comment)]
    Test {
        /// Run the end-to-end suite alone, on this backend.
        #[arg(long, value_name = "BACKEND", value_enum)]
        backend: Option<TestedBackend>,
        /// Arguments for the test runner.
        #[arg(last = true)]
        passed: Vec<String>,
    },
    /// Everything that must hold before a change is merged: formatting, lints, tidy, the OpenAPI check, then test.
    ///
    /// In this order:
    ///   cargo fmt --check
    ///   cargo xtask tidy --no-page
    ///   cargo clippy, native and wasm32, warnings are errors
    ///   cargo check of the server without AWS
    ///   cargo xtask tidy
    ///   cargo xtask openapi --check
    ///   cargo xtask test
    ///
    /// Stops at the first that fails. `.ci/run` calls this.
    ///
    /// Example:
    ///   bash .ci/run
    #[command(verbatim_doc_comment)]
    Ci,
    /// Write openapi/openapi.json, as the server describes itself.
    ///
    /// Examples:
    ///   cargo xtask openapi
    ///   cargo xtask openapi --diff HEAD~1
    #[command(verbatim_doc_comment)]
    Openapi {
        /// Change nothing; fail when the file is stale.
        #[arg(long)]
        check: bool,
        /// Change nothing; tell how the file differs from that of a commit or tag: what breaks a client that was written or
        /// generated for it, and what is merely new. Fails when something breaks; CHANGELOG.md must name it.
        #[arg(long, value_name = "REF", conflicts_with = "check")]
        diff: Option<String>,
    },
    /// Generate a client of the API from openapi/openapi.json, as README.md shows it in use.
    ///
    /// typescript is the types that openapi-typescript makes, for openapi-fetch; hey-api is functions with types, by
    /// @hey-api/openapi-ts; python is a package, by openapi-python-client; rust is a crate, by progenitor. All but rust need
    /// Python; their generators, in the versions that tests/clients pins, are installed under target/clients/tools.
    ///
    /// Examples:
    ///   cargo xtask clients --lang typescript
    ///   cargo xtask clients --lang python --out ../my-program/tollgate-client
    #[command(verbatim_doc_comment)]
    Clients {
        /// Which client.
        #[arg(long)]
        lang: Language,
        /// The client's own folder, target/clients/<LANG> unless told. A client that was generated there before is replaced.
        #[arg(long, value_name = "DIR")]
        out: Option<PathBuf>,
    },
    /// Hold the server against its OpenAPI document with more requests than `test` makes, or with others.
    ///
    /// Schemathesis makes them of the document, valid and not, as somebody anonymous, signed in, and with a key: some
    /// thousands, and the same ones each time, unless told otherwise. Builds and installs what is missing, as `test` does.
    ///
    /// Examples:
    ///   cargo xtask contract --cases 500
    ///   cargo xtask contract --cases 100 --seed 7
    #[command(verbatim_doc_comment)]
    Contract {
        /// How many requests are tried for each operation and way of making them, 40 unless told; fewer may be too few to
        /// get a success from each.
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(40..))]
        cases: Option<u32>,
        /// Makes other requests; the same ones for the same number, but for what answers gave.
        #[arg(long, value_name = "N")]
        seed: Option<u32>,
    },
    /// Hold the rules that neither the compiler nor clippy knows, and list every breach with its file, line and remedy.
    ///
    /// Which crate may depend on which (the table in crates/README.md), one TLS provider, no circles between the files of
    /// one crate, paths in comments and documents that are there, files that open with what they are for, sizes of files
    /// and of the page, names that say nothing, leftovers.
    ///
    /// Example:
    ///   cargo xtask tidy
    #[command(verbatim_doc_comment)]
    Tidy {
        /// Leave out the page's size, which needs a built page.
        #[arg(long)]
        no_page: bool,
    },
    /// Build target/dist/tollgate: one release binary with the page inside, compressed beforehand. It needs no other file.
    ///
    /// Example:
    ///   cargo xtask dist && ./target/dist/tollgate --listen 0.0.0.0:8000
    #[command(verbatim_doc_comment)]
    Dist {
        /// Link the C library into it too, so that it runs on any Linux of this processor, and in an empty container.
        #[arg(long = "static")]
        is_static: bool,
    },
    /// Measure what a request through Tollgate costs, beside nginx, HAProxy, Portkey, LiteLLM and no proxy at all.
    ///
    /// Builds a release and installs Portkey's and LiteLLM's gateways, which takes minutes the first time, then each has its
    /// turns for about four minutes: everything is switched on in Tollgate, and little in the others. The machine's last processor is theirs, the rest is for the load
    /// and the upstream. Prints a table, and leaves it under target/bench, too.
    ///
    /// Examples:
    ///   cargo xtask bench
    ///   cargo xtask bench -- --rounds 9 --seconds 5
    ///   cargo xtask bench admission
    ///   cargo xtask bench cluster
    ///   cargo xtask bench streams
    #[command(verbatim_doc_comment)]
    Bench {
        /// What else to measure.
        what: Option<Measured>,
        /// One short round with the development build: shows that everything starts, answers and is measured.
        #[arg(long, conflicts_with = "what")]
        quick: bool,
        /// Arguments for the benchmark.
        #[arg(last = true)]
        passed: Vec<String>,
    },
    /// Put the limits under torture and print the figures.
    ///
    /// First the store itself, in one process, with the clock as an argument: many times the quota at once, many keys,
    /// periods' boundaries, days with a clock change, the clock set back, limits changed, keys rotated, disabled and
    /// revoked under load, charges given back, restarts; every answer is held against a model. Then the real server in
    /// front of an upstream that always succeeds: kill -9 at random instants, a full disk, a key revoked while it streams;
    /// what the upstream received is compared with what was counted.
    ///
    /// `cluster` puts three replicas of the cluster backend under it instead, on a Postgres of their own: first stores in
    /// one process, each with a clock of its own, then real servers. kill -9 of replicas and of Postgres, links between
    /// them that are cut, silent or slow, or lose the reply to a commit.
    ///
    /// Fails when a figure that must be 0 isn't: over-admitted, refused with room left, received but not counted, keys
    /// lost.
    ///
    /// Examples:
    ///   cargo xtask torture
    ///   cargo xtask torture --minutes 30
    ///   cargo xtask torture cluster --minutes 30
    #[command(verbatim_doc_comment)]
    Torture {
        /// What else to torture.
        what: Option<Tortured>,
        /// How long, 1 unless told; fractions are fine.
        #[arg(long, value_name = "N")]
        minutes: Option<f64>,
        /// Repeats a run's stories; the machine's timing stays its own.
        #[arg(long, value_name = "N")]
        seed: Option<u64>,
    },
    /// For xtask itself.
    #[cfg(feature = "compress")]
    #[command(hide = true)]
    Compress { passed: Vec<String> },
}

/// What `clients` generates.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Language {
    Typescript,
    HeyApi,
    Python,
    Rust,
}

/// What else `bench` measures.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Measured {
    /// What admissions cost on Postgres: over replicas and subscriptions, with Postgres and the load on this machine.
    Cluster,
    /// What an admission costs in the embedded store, on one hot key, over many, and among a million, and at each gate.
    Admission,
    /// What an open stream costs: the server's memory with 2,000 of them (another number after `--`), each with an event a
    /// second, and how soon the upstream sees that a caller left; builds a release.
    Streams,
}

/// What else `torture` tortures.
#[derive(Clone, Copy, clap::ValueEnum)]
pub(crate) enum Tortured {
    /// The cluster backend: replicas on one Postgres.
    Cluster,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_task_has_help_with_an_example() {
        let cli = Cli::command();
        cli.clone().debug_assert();
        for task in cli.get_subcommands().filter(|task| !task.is_hide_set()) {
            let help = task.get_long_about().map(ToString::to_string).unwrap_or_default();
            assert!(help.contains("Example"), "{} has no example", task.get_name());
        }
    }
}
