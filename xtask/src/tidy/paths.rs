//! Every path that a comment or a document names is there: what was moved or renamed is told of by its new name.

use std::fs;
use std::path::{Path, PathBuf};

use super::finding::Finding;

/// Endings of names that are paths of this repository.
const ENDINGS: [&str; 9] = [".rs", ".md", ".toml", ".tsv", ".sql", ".css", ".html", ".mjs", ".py"];
/// Files of those who run Tollgate, and of a client.
const OF_OTHERS: [&str; 3] = ["tollgate.toml", "_base_client.py", "_streaming.py"];

pub(super) fn check(root: &Path, files: &[PathBuf]) -> Vec<Finding> {
    let names: Vec<String> = files
        .iter()
        .map(|file| format!("/{}", file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/")))
        .collect();
    let mut findings = Vec::new();
    for (file, name) in files.iter().zip(&names) {
        let is_rust = name.ends_with(".rs");
        // What has happened is told by the names of its time.
        if !is_rust && (!name.ends_with(".md") || name == "/CHANGELOG.md") {
            continue;
        }
        let Ok(text) = fs::read_to_string(file) else { continue };
        for (line, path) in named(&text, is_rust) {
            if !names.iter().any(|name| is_named(name, &path)) {
                findings.push(Finding {
                    file: name[1..].to_owned(),
                    line,
                    what: format!("`{path}` isn't there"),
                    fix: "name what is, or leave it out".to_owned(),
                });
            }
        }
    }
    findings
}

/// The paths in comments, or in a document outside its examples, with their lines.
fn named(text: &str, is_rust: bool) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let mut is_example = false;
    for (index, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let told = if is_rust { line.strip_prefix("//") } else { Some(line) };
        let Some(told) = told.map(|told| told.trim_start_matches(['/', '!', ' '])) else { continue };
        if told.starts_with("```") {
            is_example = !is_example;
        }
        if is_example {
            continue;
        }
        let quoted = told.split('`').skip(1).step_by(2).filter(|word| is_folder(word));
        let words = told.split(|c: char| c.is_whitespace() || "`()[]<>\"'“”,;|".contains(c)).map(bare);
        let files = words.filter(|word| is_file(word));
        found.extend(files.chain(quoted).map(|path| (index + 1, path.to_owned())));
    }
    found
}

/// Without the full stop or the colon of the sentence.
fn bare(word: &str) -> &str {
    word.trim_end_matches(['.', ':', '?', '!'])
}

fn of_path(c: char) -> bool {
    c.is_ascii_alphanumeric() || "_-./*".contains(c)
}

fn is_file(word: &str) -> bool {
    let has_name = ENDINGS.iter().any(|ending| word.strip_suffix(ending).is_some_and(|name| !name.is_empty()));
    has_name && !word.starts_with('/') && word.chars().all(of_path) && !OF_OTHERS.iter().any(|own| word.ends_with(own))
}

fn is_folder(word: &str) -> bool {
    word.ends_with('/') && word.len() > 1 && !word.starts_with('/') && word.chars().all(of_path)
}

/// Whether a file is what a path means: its last parts, `*` for any letters, or a folder that it lies in.
fn is_named(file: &str, path: &str) -> bool {
    let path = path.trim_start_matches("./").trim_start_matches("../");
    if path.ends_with('/') {
        return file.contains(&format!("/{path}"));
    }
    match path.split_once('*') {
        None => file.ends_with(&format!("/{path}")),
        Some((start, end)) => {
            let middle = file.strip_suffix(end).and_then(|file| file.rsplit_once(&format!("/{start}")));
            middle.is_some_and(|(_, middle)| !middle.contains('/'))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_in_comments_and_outside_examples() {
        let rust = "//! See `a/b.rs` and c.md.\nlet x = \"d.rs\"; // not e.rs\n/// `rooms/`: x.toml\n";
        let found = |text, is_rust| named(text, is_rust).into_iter().map(|(line, path)| format!("{line} {path}"));
        assert!(found(rust, true).eq(["1 a/b.rs", "1 c.md", "3 x.toml", "3 rooms/"]));
        let document = "[a](docs/a.md) `/v1/` https://x.rs/y.html ./tollgate.toml\n```sh\ncat b.py\n```\n";
        assert!(found(document, false).eq(["1 docs/a.md"]));
    }

    #[test]
    fn a_path_means_a_file_by_its_end() {
        let file = "/crates/a/src/read_plans.rs";
        for path in ["read_plans.rs", "src/read_plans.rs", "read*.rs", "a/src/", "../crates/a/src/read_plans.rs"] {
            assert!(is_named(file, path), "{path}");
        }
        for path in ["plans.rs", "b/src/", "read*.md", "src*.rs"] {
            assert!(!is_named(file, path), "{path}");
        }
    }
}
