//! The table of crates/README.md: which crate of ours may depend on which, and which crates of others one of ours has for
//! itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Where the table stands.
pub(super) const PLACE: &str = "crates/README.md";
const HEAD: &str = "| crate | what it is for | may depend on (ours) | the only crate with |";
/// A cell without anything.
const NOTHING: &str = "–";

/// A line of the table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) may_use: Ours,
    /// Crates of others that no other crate of ours may name; a `*` at the end stands for any ending.
    pub(super) alone_with: Vec<String>,
    pub(super) line: usize,
}

/// Crates of ours that may be depended on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ours {
    Only(BTreeSet<String>),
    /// Tests see the whole, and may have what others have for themselves.
    Any,
}

pub(super) fn read(root: &Path) -> Result<Vec<Row>> {
    let text = fs::read_to_string(root.join(PLACE)).with_context(|| format!("cannot read {PLACE}"))?;
    parse(&text)
}

fn parse(text: &str) -> Result<Vec<Row>> {
    let mut lines = text.lines().enumerate().skip_while(|(_, line)| *line != HEAD).skip(2);
    let mut rows: Vec<Row> = Vec::new();
    for (index, line) in lines.by_ref().take_while(|(_, line)| line.starts_with('|')) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [name, _, may_use, alone_with] = cells.as_slice() else { bail!("{PLACE}:{}: not four cells", index + 1) };
        let name = name.trim_matches('`').trim_start_matches("../").to_owned();
        let may_use = match *may_use {
            "any" => Ours::Any,
            "all above" => Ours::Only(rows.iter().map(|row| row.name.clone()).collect()),
            NOTHING => Ours::Only(BTreeSet::new()),
            some => Ours::Only(some.split(", ").map(str::to_owned).collect()),
        };
        let alone_with = alone_with.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        rows.push(Row { name, may_use, alone_with, line: index + 1 });
    }
    if rows.is_empty() {
        bail!("{PLACE} has no table that begins with: {HEAD}");
    }
    Ok(rows)
}

/// Whether a name of the table means this crate.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => name == pattern,
    }
}

#[cfg(test)]
pub(super) fn of(rows: &[&str]) -> Vec<Row> {
    parse(&format!("{HEAD}\n|---|---|---|---|\n{}\n", rows.join("\n"))).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_says_what_may_be_used_and_what_is_its_own() {
        let rows = of(&[
            "| `sse` | events; pure | – | – |",
            "| `types` | the wire | sse | – |",
            "| `api` | HTTP | all above | `actix-web`, `jwt*` |",
            "| `../tests` | all | any | – |",
        ]);
        let only = |names: &[&str]| Ours::Only(names.iter().map(|name| (*name).to_owned()).collect());
        assert_eq!(rows[0].may_use, only(&[]));
        assert_eq!(rows[1].may_use, only(&["sse"]));
        assert_eq!(rows[2].may_use, only(&["sse", "types"]));
        assert_eq!(rows[2].alone_with, ["actix-web", "jwt*"]);
        assert_eq!((rows[3].name.as_str(), &rows[3].may_use, rows[3].line), ("tests", &Ours::Any, 6));
    }

    #[test]
    fn a_text_without_the_table_is_refused() {
        assert!(parse("# The map\n").is_err());
    }
}
