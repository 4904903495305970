//! The files of `packaging/`, each judged by the program that will read it, or by a linter where that can't run here; and
//! the server in the surroundings that they promise it.
#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]
#![cfg(target_os = "linux")]

mod container;
mod dashboard;
mod unit;

use std::{
    os::unix::fs::chown,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;
use tests::packaging_tool;

/// A user whom no other program on the machine runs as; the image's.
const NOBODY: u32 = 65_532;

/// A folder of that user's.
fn nobodys_folder() -> TempDir {
    let dir = TempDir::new().unwrap();
    chown(dir.path(), Some(NOBODY), Some(NOBODY)).expect("root runs this test");
    dir
}

/// A file of the repository.
fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path)
}

/// Runs a program to its end, which must be a good one. Returns what it said.
fn passes(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{command:?} ended with {}: {said}", output.status);
    said
}

#[test]
fn the_chart_renders_what_kubernetes_takes_and_refuses_what_would_go_wrong() {
    let chart = source("packaging/helm/tollgate");
    let said = passes(Command::new(packaging_tool("python")).arg(source("tests/packaging/chart.py")).arg(chart));
    assert!(said.contains("checked"), "{said}");
}

#[test]
fn yaml_is_written_cleanly() {
    let rules = "{extends: default, rules: {line-length: {max: 125}, document-start: disable, \
                 comments: {min-spaces-from-content: 1}, brackets: {max-spaces-inside: 0}}}";
    let mut lint = Command::new(packaging_tool("yamllint"));
    lint.args(["--strict", "-d", rules]).arg(source("packaging/container"));
    passes(lint.arg(source("packaging/helm/tollgate/Chart.yaml")).arg(source("packaging/helm/tollgate/values.yaml")));
}
