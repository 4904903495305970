//! `cargo xtask openapi --diff`: what changed in the OpenAPI document since a commit, and what of it breaks clients.

mod change;
mod operations;
mod schemas;

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde_json::Value;

use self::change::Change;
use crate::progress::Progress;
use crate::workspace;

const DOCUMENT: &str = "openapi/openapi.json";

/// Compares with the document of a commit or tag; fails when something breaks.
pub(crate) fn main(reference: &str) -> Result<ExitCode> {
    let old = Progress::show(|progress| {
        let mut show = workspace::command("git");
        show.args(["show", "--end-of-options", &format!("{reference}:{DOCUMENT}")]);
        progress.run(&format!("read the document of {reference}"), show)
    })?;
    let file = workspace::root().join(DOCUMENT);
    let new = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let parse = |text: &str, whose: &str| -> Result<Value> {
        serde_json::from_str(text).with_context(|| format!("{DOCUMENT} of {whose} isn't JSON"))
    };
    let changes = operations::compare(&parse(&old, reference)?, &parse(&new, "this checkout")?);
    let (breaking, others): (Vec<_>, Vec<_>) = changes.into_iter().partition(|change| change.breaks);
    tell(&format!("Breaks clients of {reference}:"), &breaking);
    tell("Breaks nobody:", &others);
    if breaking.is_empty() {
        eprintln!("nothing breaks a client of {reference}");
        return Ok(ExitCode::SUCCESS);
    }
    eprintln!("error: what breaks clients of {reference} ({} in all) must stand in CHANGELOG.md", breaking.len());
    Ok(ExitCode::FAILURE)
}

fn tell(heading: &str, changes: &[Change]) {
    if !changes.is_empty() {
        println!("{heading}");
        changes.iter().for_each(|change| println!("  {change}"));
    }
}
