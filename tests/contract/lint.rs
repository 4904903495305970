//! Redocly's linter finds nothing in the document, by its recommended rules and without an exception.

use std::{fs, process::Command};

use serde_json::Value;
use tempfile::TempDir;
use tests::{ServerSetup, TestServer, redocly_dir};

/// Lints what `tollgate openapi` prints with these arguments.
async fn is_clean(arguments: &[&str]) {
    let (status, printed) = TestServer::run(&ServerSetup::bare(), arguments).await;
    assert!(status.success(), "{printed}");
    let folder = TempDir::new().unwrap();
    let document = folder.path().join("openapi.json");
    fs::write(&document, &printed).unwrap();
    let found = lint(&document, folder.path());
    let totals = &found["totals"];
    assert_eq!(
        (&totals["errors"], &totals["warnings"], &totals["ignored"]),
        (&0.into(), &0.into(), &0.into()),
        "{found:#}"
    );
}

fn lint(document: &std::path::Path, folder: &std::path::Path) -> Value {
    let installed = redocly_dir();
    let node = installed.join("bin/node");
    let mut linter = Command::new(&node);
    linter
        .arg(installed.join("node_modules/@redocly/cli/bin/cli.js"))
        .args(["lint", "--extends=recommended", "--format=json"])
        .arg(document)
        // No configuration of the machine's, no news and no statistics.
        .current_dir(folder)
        .env_clear()
        .env("HOME", folder)
        .env("REDOCLY_TELEMETRY", "off")
        .env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
    let output = linter.output().unwrap_or_else(|e| panic!("{}: {e}", node.display()));
    let (said, complaints) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    serde_json::from_str(&said).unwrap_or_else(|e| panic!("{e}: {said}{complaints}"))
}

#[tokio::test]
async fn the_document_keeps_the_recommended_rules() {
    is_clean(&["openapi"]).await;
}

#[tokio::test]
async fn its_variant_in_openapi_3_0_keeps_them_too() {
    is_clean(&["openapi", "--version", "3.0"]).await;
}

#[test]
fn the_linter_finds_what_is_wrong() {
    let folder = TempDir::new().unwrap();
    let document = folder.path().join("openapi.json");
    fs::write(&document, r#"{"openapi": "3.1.0", "info": {"title": "x", "version": "1"}, "paths": {"/x": {}}}"#)
        .unwrap();
    let found = lint(&document, folder.path());
    assert_ne!(found["totals"]["errors"], 0, "{found:#}");
}
