//! `cargo xtask tidy`: the rules of this repository that neither the compiler nor clippy knows.

mod circles;
mod finding;
mod graph;
mod map;
mod never;
mod paths;
mod pure_folders;
mod rust_file;
mod sources;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;

use self::finding::Finding;
use crate::progress::Progress;
use crate::{page_size, prepare, workspace};

/// The page's WASM and JS together, brotli-compressed. 1.6 Mbit/s, a slow phone's, loads that in a second.
const MAX_PAGE_BYTES: usize = 300_000;

pub(crate) fn main(with_page: bool) -> Result<ExitCode> {
    let mut findings = all_but_the_page()?;
    if with_page {
        let size = Progress::show(|progress| {
            prepare::page_and(progress, || Ok(()))?;
            page_size::measure(progress)
        })?;
        eprintln!("the page's WASM and JS: {size} bytes brotli-compressed, of at most {MAX_PAGE_BYTES}");
        findings.extend(judge_page(size));
    }
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => {
            eprintln!("tidy: nothing found");
            Ok(ExitCode::SUCCESS)
        }
        found => {
            eprintln!("error: tidy found {found} breaches of the rules; each line says what to do");
            Ok(ExitCode::FAILURE)
        }
    }
}

fn all_but_the_page() -> Result<Vec<Finding>> {
    let mut findings = graph::check()?;
    let files = sources::files(workspace::root())?;
    findings.extend(sources::check(workspace::root(), &files));
    findings.extend(paths::check(workspace::root(), &files));
    let rust: Vec<PathBuf> =
        files.into_iter().filter(|file| file.extension().is_some_and(|kind| kind == "rs")).collect();
    findings.extend(circles::check(workspace::root(), &rust)?);
    findings.extend(pure_folders::check(workspace::root(), &rust));
    findings.sort();
    Ok(findings)
}

fn judge_page(size: usize) -> Option<Finding> {
    (size > MAX_PAGE_BYTES).then(|| Finding {
        file: "frontend/Cargo.toml".to_owned(),
        line: 1,
        what: format!("the page's WASM and JS have {size} bytes, more than {MAX_PAGE_BYTES}"),
        fix: "drop or shrink a dependency (`cargo tree -p frontend`)".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_repository_is_tidy_but_for_the_size_of_the_page() {
        let findings = all_but_the_page().unwrap();
        let text: Vec<String> = findings.iter().map(Finding::to_string).collect();
        assert!(findings.is_empty(), "\n{}", text.join("\n"));
    }

    #[test]
    fn a_page_of_the_limit_passes_and_one_byte_more_does_not() {
        assert_eq!(judge_page(MAX_PAGE_BYTES), None);
        assert!(judge_page(MAX_PAGE_BYTES + 1).is_some());
    }
}
