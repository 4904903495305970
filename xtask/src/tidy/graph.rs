//! Rules about who depends on whom, read from `cargo metadata`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use super::finding::Finding;
use super::map::{self, Ours, Row};
use super::never::{NEVER_IN_SERVER, NOWHERE, PURE, RUSTLS_PROVIDERS};
use crate::workspace;

/// A package of the resolved graph, as far as the rules look at it.
#[derive(Debug, Default)]
struct Package {
    name: String,
    version: String,
    manifest: String,
    ours: bool,
    /// Named in its Cargo.toml: name, and whether for tests only.
    named: Vec<(String, bool)>,
    /// Ids of what it is built with, tests aside.
    uses: Vec<String>,
    features: Vec<String>,
}

type Graph = BTreeMap<String, Package>;

pub(super) fn check() -> Result<Vec<Finding>> {
    let graph = read()?;
    let rows = map::read(workspace::root())?;
    let mut findings = check_edges(&graph, &rows);
    findings.extend(check_rows(&graph, &rows));
    findings.extend(check_walls(&graph, &rows));
    findings.extend(check_purity(&graph));
    findings.extend(check_server(&graph));
    findings.extend(check_bindgen(&graph));
    Ok(findings)
}

fn read() -> Result<Graph> {
    let mut command =
        workspace::cargo(&["metadata", "--locked", "--format-version", "1", "--filter-platform", &host()?]);
    // As a release has them: what its features bring is held to the rules too.
    command.args(["--features", "api/aws,api/embed-page"]);
    let output = command.stdin(Stdio::null()).output().context("cannot start cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata failed:\n{}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    let metadata: Value = serde_json::from_slice(&output.stdout).context("cargo metadata printed no JSON")?;
    parse(&metadata).context("cargo metadata printed something else than expected")
}

fn host() -> Result<String> {
    let output = workspace::command("rustc").arg("-vV").output().context("cannot start rustc")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("`rustc -vV` names no host")
}

fn parse(metadata: &Value) -> Option<Graph> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let members: BTreeSet<&str> = metadata["workspace_members"].as_array()?.iter().filter_map(Value::as_str).collect();
    let mut graph = Graph::new();
    for package in metadata["packages"].as_array()? {
        let id = text(&package["id"])?;
        let named = package["dependencies"].as_array()?.iter();
        let named = named.filter_map(|dependency| Some((text(&dependency["name"])?, dependency["kind"] == "dev")));
        let package = Package {
            name: text(&package["name"])?,
            version: text(&package["version"])?,
            manifest: text(&package["manifest_path"])?,
            ours: members.contains(id.as_str()),
            named: named.collect(),
            ..Package::default()
        };
        graph.insert(id, package);
    }
    for node in metadata["resolve"]["nodes"].as_array()? {
        let Some(package) = graph.get_mut(node["id"].as_str()?) else { continue };
        package.features = node["features"].as_array()?.iter().filter_map(text).collect();
        for dependency in node["deps"].as_array()? {
            let mut kinds = dependency["dep_kinds"].as_array()?.iter();
            if kinds.any(|kind| kind["kind"] != "dev") {
                package.uses.push(text(&dependency["pkg"])?);
            }
        }
    }
    Some(graph)
}

fn ours(graph: &Graph) -> impl Iterator<Item = &Package> {
    graph.values().filter(|package| package.ours)
}

fn check_edges(graph: &Graph, rows: &[Row]) -> Vec<Finding> {
    let names: BTreeSet<&str> = ours(graph).map(|package| package.name.as_str()).collect();
    let mut findings = Vec::new();
    for package in ours(graph) {
        let Some(row) = rows.iter().find(|row| row.name == package.name) else {
            let what = format!("the crate {} isn't in the table of {}", package.name, map::PLACE);
            findings.push(package.finding("name", what, "add it with what it may use"));
            continue;
        };
        let Ours::Only(allowed) = &row.may_use else { continue };
        for (name, for_tests) in &package.named {
            // A backend's tests run the conformance suite.
            let conformance = *for_tests && (name == "access" || *name == package.name);
            if names.contains(name.as_str()) && !allowed.contains(name) && !conformance {
                let what = format!("{} must not depend on {name}", package.name);
                findings.push(package.finding(name, what, "remove the dependency; the table is in crates/README.md"));
            }
        }
    }
    findings
}

/// The table promises no crate that isn't there, and nothing as a crate's own that it doesn't use.
fn check_rows(graph: &Graph, rows: &[Row]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut find = |row: &Row, what: String| {
        let fix = "correct the table".to_owned();
        findings.push(Finding { file: map::PLACE.to_owned(), line: row.line, what, fix });
    };
    for row in rows {
        let Some(package) = ours(graph).find(|package| package.name == row.name) else {
            find(row, format!("there is no crate {}", row.name));
            continue;
        };
        for pattern in &row.alone_with {
            if !package.named.iter().any(|(name, _)| map::matches(pattern, name)) {
                find(row, format!("{} doesn't depend on {pattern}", row.name));
            }
        }
    }
    findings
}

/// Crates of others that one crate of ours has for itself, and those that nobody may have. Tests' dependencies are free.
fn check_walls(graph: &Graph, rows: &[Row]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let is_free = |package: &Package| rows.iter().any(|row| row.name == package.name && row.may_use == Ours::Any);
    for package in ours(graph).filter(|package| !is_free(package)) {
        for (name, _) in package.named.iter().filter(|(_, for_tests)| !for_tests) {
            let owner = rows.iter().find(|row| row.alone_with.iter().any(|pattern| map::matches(pattern, name)));
            if let Some(owner) = owner.filter(|owner| owner.name != package.name) {
                let what = format!("{} must not depend on {name}: only {} may", package.name, owner.name);
                findings.push(package.finding(name, what, "remove the dependency; the table is in crates/README.md"));
            }
            if let Some((_, why)) = NOWHERE.iter().find(|(pattern, _)| map::matches(pattern, name)) {
                let what = format!("{} must not depend on {name}: {why}", package.name);
                findings.push(package.finding(name, what, "remove the dependency"));
            }
        }
    }
    findings
}

fn check_purity(graph: &Graph) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in PURE {
        let Some((id, package)) = graph.iter().find(|(_, package)| package.ours && package.name == rule.name) else {
            continue;
        };
        for (below, path) in reachable(graph, id) {
            if rule.never.iter().any(|pattern| map::matches(pattern, &below.name)) {
                let first = path.get(1).map_or(below.name.as_str(), String::as_str);
                let what = format!("{} brings {}: {}", path.join(" → "), below.name, rule.why);
                findings.push(package.finding(first, what, "drop the dependency or its feature"));
            }
        }
    }
    findings
}

fn check_server(graph: &Graph) -> Vec<Finding> {
    let Some((id, server)) = graph.iter().find(|(_, package)| package.ours && package.name == "api") else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (below, path) in reachable(graph, id) {
        let first = path.get(1).map_or(below.name.as_str(), String::as_str);
        if let Some((name, why)) = NEVER_IN_SERVER.iter().find(|(name, _)| *name == below.name) {
            let what = format!("the server gets {name}, {why}: {}", path.join(" → "));
            findings.push(server.finding(first, what, "choose ring by the dependency's features"));
        }
        let providers = below.features.iter().filter(|feature| RUSTLS_PROVIDERS.contains(&feature.as_str())).count();
        if below.name == "rustls" && providers > 1 {
            let what =
                format!("rustls {} has two crypto providers and would panic: {}", below.version, path.join(" → "));
            findings.push(server.finding(first, what, "choose ring alone by the dependencies' features"));
        }
    }
    findings
}

/// rustc refuses a crate named `wasm_bindgen` that claims to be old, and trunk asks the command for the library's version.
fn check_bindgen(graph: &Graph) -> Option<Finding> {
    let library = graph.values().find(|package| package.name == "wasm-bindgen")?;
    let command = ours(graph).find(|package| package.name == "bindgen")?;
    (library.version != command.version).then(|| {
        let what = format!("version {} isn't that of wasm-bindgen in Cargo.lock", command.version);
        command.finding("version", what, &format!("set it to {}", library.version))
    })
}

/// All that is built into a package, each with a path that leads there.
fn reachable<'g>(graph: &'g Graph, root: &'g str) -> Vec<(&'g Package, Vec<String>)> {
    let mut found = Vec::new();
    let mut seen = BTreeSet::from([root]);
    let mut waiting = vec![(root, Vec::new())];
    while let Some((id, mut path)) = waiting.pop() {
        let Some(package) = graph.get(id) else { continue };
        path.push(package.name.clone());
        for below in &package.uses {
            if seen.insert(below) {
                waiting.push((below, path.clone()));
            }
        }
        found.push((package, path));
    }
    found
}

impl Package {
    /// A finding at the line of the manifest that begins with `key`.
    fn finding(&self, key: &str, what: String, fix: &str) -> Finding {
        let manifest = Path::new(&self.manifest);
        let text = fs::read_to_string(manifest).unwrap_or_default();
        let line = text
            .lines()
            .position(|line| line.trim().strip_prefix(key).is_some_and(|rest| rest.starts_with([' ', '=', '.'])));
        let file = manifest.strip_prefix(workspace::root()).unwrap_or(manifest).display().to_string();
        Finding { file, line: line.map_or(1, |index| index + 1), what, fix: fix.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, named: &[&str], uses: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            ours: !uses.is_empty() || !named.is_empty(),
            named: named.iter().map(|name| ((*name).to_owned(), false)).collect(),
            uses: uses.iter().map(|id| (*id).to_owned()).collect(),
            ..Package::default()
        }
    }

    fn graph(packages: Vec<Package>) -> Graph {
        packages.into_iter().map(|package| (package.name.clone(), package)).collect()
    }

    fn only_text(findings: Vec<Finding>) -> String {
        let text: Vec<String> = findings.iter().map(Finding::to_string).collect();
        text.join("\n")
    }

    #[test]
    fn an_edge_that_the_table_lacks_is_found() {
        let rows =
            map::of(&["| `api-types` | x | – | – |", "| `access` | x | api-types | – |", "| `proxy` | x | – | – |"]);
        let graph = graph(vec![package("proxy", &["access"], &[]), package("access", &["api-types"], &[])]);
        let text = only_text(check_edges(&graph, &rows));
        assert!(text.contains("proxy must not depend on access") && text.lines().count() == 1, "{text}");
    }

    #[test]
    fn a_crate_that_the_table_lacks_is_found() {
        let text = only_text(check_edges(&graph(vec![package("novel", &["serde"], &[])]), &[]));
        assert!(text.contains("novel isn't in the table"), "{text}");
    }

    #[test]
    fn what_the_table_promises_too_much_is_found() {
        let rows = map::of(&["| `gone` | x | – | – |", "| `api` | x | – | `actix-web` |"]);
        let text = only_text(check_rows(&graph(vec![package("api", &["serde"], &[])]), &rows));
        assert!(
            text.contains("3: there is no crate gone") && text.contains("4: api doesn't depend on actix"),
            "{text}"
        );
    }

    #[test]
    fn a_walled_crate_is_found_outside_its_wall_and_not_inside() {
        let rows = map::of(&["| `store` | x | – | `rusqlite`, `aws-*` |", "| `api` | x | – | – |"]);
        let walled = |name: &str| {
            let graph = graph(vec![package("api", &[name], &[]), package("store", &[name], &[])]);
            only_text(check_walls(&graph, &rows))
        };
        let text = walled("rusqlite");
        assert!(
            text.contains("api must not depend on rusqlite: only store may") && text.lines().count() == 1,
            "{text}"
        );
        assert!(walled("aws-config").contains("only store may"));
        assert!(walled("sqlx-core").contains("can't share a workspace"));
    }

    #[test]
    fn a_runtime_below_access_is_found_with_the_way_to_it() {
        let graph =
            graph(vec![package("access", &["a"], &["a"]), package("a", &[], &["tokio"]), package("tokio", &[], &[])]);
        assert!(only_text(check_purity(&graph)).contains("access → a → tokio"));
    }

    #[test]
    fn a_second_tls_provider_in_the_server_is_found() {
        let mut rustls = package("rustls", &[], &["aws-lc-rs"]);
        rustls.features = vec!["ring".to_owned(), "aws_lc_rs".to_owned()];
        let graph = graph(vec![package("api", &["rustls"], &["rustls"]), rustls, package("aws-lc-rs", &[], &[])]);
        let text = only_text(check_server(&graph));
        assert!(text.contains("two crypto providers") && text.contains("aws-lc-rs, a second TLS provider"), "{text}");
    }
}
