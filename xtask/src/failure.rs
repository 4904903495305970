//! Known failures: from what a tool printed to one line that says what to do.

/// A mark in a tool's output (lower case), and the line that it earns.
type Known = (&'static [&'static str], &'static str);

const KNOWN: &[Known] = &[
    (
        &["no space left on device", "os error 28", "enospc", "disk quota exceeded"],
        "the disk is full: free about 6 GB (`cargo clean` empties target/) and run this again",
    ),
    (
        &[
            "linker `cc` not found",
            "failed to find tool \"cc\"",
            "is `cc` not installed?",
            "tool not found: failed to find",
        ],
        NO_COMPILER,
    ),
    (
        &[
            "is not supported by the following package",
            "requires rustc 1.",
            "cannot be built because it requires rustc",
        ],
        "this Rust is too old: run `rustup update stable`, then run this again",
    ),
    (
        &["target may not be installed", "can't find crate for `core`"],
        "the WASM target is missing: run `rustup target add wasm32-unknown-unknown`, then run this again",
    ),
    (
        &[
            "could not resolve host",
            "couldn't resolve host",
            "could not resolve hostname",
            "failed to lookup address",
            "couldn't connect to server",
            "could not connect to server",
            "failed to connect to",
            "failed to download from",
            "failed to download file",
            "spurious network error",
            "download of config.json failed",
            "unable to update registry",
            "failed to query replaced source",
            "unable to get packages from source",
            "could not download file",
            "temporary failure resolving",
            "temporary failure in name resolution",
            "failed to establish a new connection",
            "network is unreachable",
            "enotfound",
            "eai_again",
            "econnrefused",
            "etimedout",
        ],
        "no network: the registry can't be reached; check the connection or the proxy settings (HTTPS_PROXY), then run this \
         again",
    ),
    (
        &["signal: 9, sigkill", "sigkill: kill", "out of memory", "cannot allocate memory"],
        "the compiler was killed, most likely for lack of memory: close programs or add swap (2 GB are needed), then run \
         this again",
    ),
];

/// What to say when there is no C compiler.
pub(crate) const NO_COMPILER: &str =
    "there is no C compiler (`cc`): install one (Debian, Ubuntu: apt-get install build-essential), then run this again";

/// The one line for a known failure; `None` when the output itself must be read.
pub(crate) fn explain(output: &str) -> Option<&'static str> {
    let output = output.to_lowercase();
    KNOWN.iter().find(|(marks, _)| marks.iter().any(|mark| output.contains(mark))).map(|(_, line)| *line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_known_failure_gets_its_own_line() {
        let cases = [
            ("error: linker `cc` not found\n  |\n  = note: No such file", "C compiler"),
            ("error occurred in cc-rs: failed to find tool \"cc\": No such file or directory", "C compiler"),
            ("warning: spurious network error (3 tries remaining): [6] Could not resolve hostname", "no network"),
            ("npm error code EAI_AGAIN", "no network"),
            ("NewConnectionError: Failed to establish a new connection: [Errno 111] Connection refused", "no network"),
            ("error: couldn't create a temp dir: No space left on device (os error 28)", "disk is full"),
            ("error: package `x v1` cannot be built because it requires rustc 1.99 or newer", "rustup update"),
            (
                "error[E0463]: can't find crate for `core`\n  = note: the `wasm32` target may not be installed",
                "target add",
            ),
            ("(signal: 9, SIGKILL: kill)", "memory"),
        ];
        for (output, expected) in cases {
            assert!(explain(output).unwrap_or_default().contains(expected), "{output}");
        }
    }

    #[test]
    fn a_mistake_in_the_code_is_not_explained_away() {
        assert_eq!(explain("error[E0308]: mismatched types\n --> src/lib.rs:1:1"), None);
    }
}
