//! Rules about files: how they begin, how long they are, what they are called, what must not be left in them.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::finding::Finding;

/// Lines of a Rust file before its tests: one idea fits.
const MAX_LINES: usize = 400;
/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 7] = ["utils", "util", "helpers", "helper", "manager", "managers", "common"];
/// Marks of unfinished work, put together here so that this file doesn't find itself.
const LEFTOVERS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("to", "do!(")];
const TEXT: [&str; 17] = [
    "rs", "toml", "md", "html", "css", "js", "mjs", "py", "json", "svg", "yml", "yaml", "sh", "sql", "http", "tsv",
    "txt",
];
const SKIPPED: [&str; 5] = ["target", "node_modules", "tollgate-data", ".git", "snapshots"];

/// The repository's files of text.
pub(super) fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    collect(root, &mut files)?;
    files.sort();
    Ok(files)
}

pub(super) fn check(root: &Path, files: &[PathBuf]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        findings.extend(check_name(&name));
        let Ok(text) = fs::read_to_string(file) else { continue };
        findings.extend(check_text(&name, &text));
        if name.ends_with(".rs") {
            findings.extend(check_rust(&name, &text));
        }
    }
    findings
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry.with_context(|| format!("cannot read {}", dir.display()))?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_symlink() || SKIPPED.contains(&name) {
            continue;
        }
        let text = path.extension().and_then(|kind| kind.to_str()).is_some_and(|kind| TEXT.contains(&kind));
        if path.is_dir() {
            collect(&path, files)?;
        } else if text || name == "run" {
            files.push(path);
        }
    }
    Ok(())
}

fn check_name(name: &str) -> Option<Finding> {
    let path = Path::new(name).with_extension("");
    let empty = path.iter().filter_map(|part| part.to_str()).find(|part| EMPTY_NAMES.contains(part))?;
    Some(finding(name, 1, format!("the name `{empty}` says nothing"), "name it after what it holds"))
}

fn check_text(name: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (index, line) in text.lines().enumerate() {
        if line.ends_with([' ', '\t']) {
            findings.push(finding(name, index + 1, "white space at the line's end".to_owned(), "remove it"));
        }
        if let Some(mark) = LEFTOVERS.iter().find(|mark| contains_word(line, mark)) {
            findings.push(finding(
                name,
                index + 1,
                format!("`{mark}` is left"),
                "finish it, or say what is so and why",
            ));
        }
    }
    findings
}

fn check_rust(name: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !text.starts_with("//!") && !text.starts_with("#!") {
        let what = "the file doesn't say what it is for".to_owned();
        findings.push(finding(name, 1, what, "open it with a `//!` sentence"));
    }
    let length = production_lines(text);
    if length > MAX_LINES && !is_test(name) {
        let what = format!("{length} lines before the tests, more than {MAX_LINES}");
        findings.push(finding(name, MAX_LINES + 1, what, "move one of its ideas to a file of its own"));
    }
    for (index, line) in text.lines().enumerate() {
        let module = line.trim().strip_prefix("pub ").unwrap_or(line.trim()).strip_prefix("mod ");
        let module = module.map(|rest| rest.trim_end_matches(['{', ';', ' ']));
        if let Some(module) = module.filter(|module| EMPTY_NAMES.contains(module)) {
            findings.push(finding(
                name,
                index + 1,
                format!("the module's name `{module}` says nothing"),
                "name it after what it holds",
            ));
        }
    }
    findings
}

/// Whether a whole file serves tests: the system's own, a crate's `tests` folder, and the conformance suite.
fn is_test(name: &str) -> bool {
    name.starts_with("tests/") || name.contains("/tests/") || name.starts_with("crates/access/src/conformance")
}

/// Lines before the module of tests.
fn production_lines(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let tests = lines.windows(2).position(|pair| pair[0] == "#[cfg(test)]" && pair[1].starts_with("mod tests"));
    tests.unwrap_or(lines.len())
}

/// Whether `mark` stands in the line as a word of its own.
fn contains_word(line: &str, mark: &str) -> bool {
    let of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(mark).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + mark.len()..].chars().next();
        !before.is_some_and(of_word) && (mark.ends_with('(') || !after.is_some_and(of_word))
    })
}

fn finding(file: &str, line: usize, what: String, fix: &str) -> Finding {
    Finding { file: file.to_owned(), line, what, fix: fix.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_opens_with_what_it_is_for() {
        assert_eq!(check_rust("a.rs", "//! What it is for.\n"), []);
        assert_eq!(check_rust("a.rs", "use std::fs;\n")[0].line, 1);
    }

    #[test]
    fn a_long_file_is_found_but_its_tests_do_not_count() {
        let long = format!("//! x\n{}", "x\n".repeat(MAX_LINES));
        assert!(check_rust("crates/a/src/a.rs", &long)[0].what.contains("401 lines"));
        assert_eq!(check_rust("tests/src/a.rs", &long), []);
        let tested = format!("//! x\n#[cfg(test)]\nmod tests {{\n{}}}\n", "x\n".repeat(MAX_LINES));
        assert_eq!(check_rust("crates/a/src/a.rs", &tested), []);
    }

    #[test]
    fn names_that_say_nothing_are_found_for_files_folders_and_modules() {
        assert!(check_name("crates/a/src/utils.rs").is_some() && check_name("crates/common/src/a.rs").is_some());
        assert!(check_name("crates/a/src/uncommon.rs").is_none());
        assert_eq!(check_rust("a.rs", "//! x\npub mod helpers;\n")[0].line, 2);
    }

    #[test]
    fn leftovers_and_trailing_space_are_found_with_their_line() {
        let text = format!("a \n// {} b\n", LEFTOVERS[0]);
        let lines: Vec<usize> = check_text("a.rs", &text).iter().map(|finding| finding.line).collect();
        assert_eq!(lines, [1, 2]);
        assert_eq!(check_text("a.rs", &format!("MASTO{}N\n", "DO")), []);
    }
}
