//! The tasks' names, flags and help texts.

/// What `cargo xtask` can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Run,
    Test,
    Ci,
    Openapi,
    Tidy,
    Dist,
    Bench,
    Torture,
}

pub(crate) const OVERVIEW: &str = "\
Tasks of this workspace.

Usage: cargo xtask <task> [flags] [-- flags to pass on]

  run      build the page and the server, setting up what is missing, and start
  test     build everything and run every test
  ci       formatting, lints, tidy, the OpenAPI check, then test
  openapi  write the OpenAPI document from the code (--check: compare only; --diff: what changed since a commit)
  tidy     hold the rules that the compiler doesn't know: who may depend on whom, sizes, names
  dist     one self-contained release binary, the page inside
  bench    what an admission costs (streams: what an open stream costs)
  torture  random stories against the limits, for as long as you like: what was over-admitted or lost

`cargo xtask <task> --help` tells more, with an example.";

impl Task {
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "run" => Self::Run,
            "test" => Self::Test,
            "ci" => Self::Ci,
            "openapi" => Self::Openapi,
            "tidy" => Self::Tidy,
            "dist" => Self::Dist,
            "bench" => Self::Bench,
            "torture" => Self::Torture,
            _ => return None,
        })
    }

    /// The flags of the task's own, before `--`; of those that a value follows, with what that is.
    pub(crate) fn flags(self) -> &'static [&'static str] {
        match self {
            Self::Openapi => &["--check", "--diff REF"],
            Self::Tidy => &["--no-page"],
            Self::Bench => &["streams"],
            Self::Torture => &["--minutes N", "--seed N"],
            _ => &[],
        }
    }

    /// Who gets what stands after `--`.
    pub(crate) fn passes_on(self) -> Option<&'static str> {
        match self {
            Self::Run => Some("the server"),
            Self::Test => Some("the test runner"),
            Self::Bench => Some("the benchmark"),
            _ => None,
        }
    }

    pub(crate) fn help(self) -> &'static str {
        match self {
            Self::Run => {
                "\
Build the page and the server, then start the server.

Usage: cargo xtask run [-- flags for tollgate]

Needs Rust and a C compiler. Sets up what else is missing, under target/ but for the first: the WASM target (by
rustup), wasm-bindgen (crates.io), and binaryen (npm, when npm is there; the page is a little larger without). A trunk
that is installed bundles the page, if Trunk.toml takes its version; without one xtask does it itself.
The first start compiles all of it and takes minutes; later ones take seconds. Output of each step is kept in
target/tools/log.

The server works in the current directory: it reads ./tollgate.toml if there is one and keeps its data in
./tollgate-data. Ctrl-C stops everything.

Examples:
  cargo xtask run
  cargo xtask run -- --listen 0.0.0.0:8000
  OPENAI_API_KEY=sk-… cargo xtask run
  cargo xtask run -- check"
            }
            Self::Test => {
                "\
Build the page, the server and the tests, and run every test.

Usage: cargo xtask test [-- arguments for the test runner]

Runs `cargo nextest` where it is installed, `cargo test` otherwise. The browser tests need Chromium and its driver, and
nginx; others need Caddy: installed by apt-get when this runs as root on a Debian (which starts the two as services);
otherwise the line to run is printed. So do the tests with other people's SDKs and AWS emulators need Python and curl;
the SDKs themselves are installed under target/sdks, from PyPI and npm, and the emulators under target/aws, from PyPI.
The tests with callers who vanish make network namespaces: they need the command ip, and root.
Screenshots of each page are left in target/screenshots.

Examples:
  cargo xtask test
  cargo xtask test -- -p sse
  cargo xtask test -- revoked_key"
            }
            Self::Ci => {
                "\
Everything that must hold before a change is merged, in this order:

  cargo fmt --check
  cargo xtask tidy --no-page
  cargo clippy, native and wasm32, warnings are errors
  cargo check of the server without AWS
  cargo xtask tidy
  cargo xtask openapi --check
  cargo xtask test

Usage: cargo xtask ci

Stops at the first that fails. `.ci/run` calls this.

Example:
  bash .ci/run"
            }
            Self::Openapi => {
                "\
Write openapi/openapi.json, as the server describes itself.

Usage: cargo xtask openapi [--check | --diff REF]

  --check     change nothing; fail when the file is stale
  --diff REF  change nothing; tell how the file differs from that of a commit or tag: what breaks a client that was
              written or generated for it, and what is merely new. Fails when something breaks; CHANGELOG.md must name it

Examples:
  cargo xtask openapi
  cargo xtask openapi --diff HEAD~1"
            }
            Self::Tidy => {
                "\
Hold the rules that neither the compiler nor clippy knows, and list every breach with its file, line and remedy:
which crate may depend on which (the table in crates/README.md), one TLS provider, no circles between the files of one
crate, paths in comments and documents that are there, files that open with what they are for, sizes of files and of the page, names that say nothing, leftovers.

Usage: cargo xtask tidy [--no-page]

  --no-page  leave out the page's size, which needs a built page

Example:
  cargo xtask tidy"
            }
            Self::Dist => {
                "\
Build target/dist/tollgate: one release binary with the page inside, compressed beforehand. It needs no other file.

Usage: cargo xtask dist

Example:
  cargo xtask dist && ./target/dist/tollgate --listen 0.0.0.0:8000"
            }
            Self::Bench => {
                "\
Measure what an admission costs in the embedded store, on one hot key, over many, and among a million.

Usage: cargo xtask bench [streams] [-- arguments for the benchmark]

  streams  measure instead what an open stream costs: the server's memory with 2,000 of them (another number after
           `--`), each with an event a second, and how soon the upstream sees that a caller left; builds a release

Examples:
  cargo xtask bench
  cargo xtask bench streams"
            }
            Self::Torture => {
                "\
Put the limits under torture and print the figures. First the store itself, in one process, with the clock as an
argument: many times the quota at once, many keys, periods' boundaries, days with a clock change, the clock set back,
limits changed, keys rotated, disabled and revoked under load, charges given back, restarts; every answer is held
against a model. Then the real server in front of an upstream that always succeeds: kill -9 at random instants, a full
disk, a key revoked while it streams; what the upstream received is compared with what was counted.

Usage: cargo xtask torture [--minutes N] [--seed N]

  --minutes  how long, 1 unless told; fractions are fine
  --seed     repeats a run's stories; the machine's timing stays its own

Fails when a figure that must be 0 isn't: over-admitted, refused with room left, received but not counted, keys lost.

Examples:
  cargo xtask torture
  cargo xtask torture --minutes 30"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAMES: [&str; 8] = ["run", "test", "ci", "openapi", "tidy", "dist", "bench", "torture"];

    #[test]
    fn every_task_is_listed_and_has_help_with_an_example() {
        for name in NAMES {
            let task = Task::parse(name).unwrap();
            assert!(OVERVIEW.lines().any(|line| line.trim_start().starts_with(name)), "{name} isn't listed");
            assert!(task.help().contains(&format!("Usage: cargo xtask {name}")), "{name} has no usage line");
            assert!(task.help().contains("Example"), "{name} has no example");
            for flag in task.flags() {
                assert!(task.help().contains(flag), "{name} doesn't list {flag}");
            }
        }
    }
}
