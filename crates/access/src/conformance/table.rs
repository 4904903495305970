//! The committed table: which law is run on which backend.

use std::fmt::Write;

use api_types::Promises;

use super::LAWS;

const TABLE: &str = include_str!("../../conformance.tsv");

/// Compares a backend's column of `conformance.tsv` with its promises; the text tells the right one.
///
/// # Errors
/// The rows that differ.
pub(super) fn check(backend: &str, promises: Promises) -> Result<(), String> {
    let mut lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let column = lines.next().and_then(|head| head.split('\t').position(|name| name == backend));
    let Some(column) = column else { return Err(format!("conformance.tsv has no column {backend:?}")) };
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split('\t').collect()).collect();
    let mut wrong = String::new();
    for law in LAWS {
        let expected = if law.needs.lacking(promises).is_none() { "run" } else { "ignored" };
        let found = rows.iter().find(|row| row.first() == Some(&law.name)).and_then(|row| row.get(column).copied());
        if found != Some(expected) {
            let _ = writeln!(wrong, "{}\t{expected}\t(the table says {found:?})", law.name);
        }
    }
    for row in rows.iter().filter(|row| !LAWS.iter().any(|law| row.first() == Some(&law.name))) {
        let _ = writeln!(wrong, "{row:?} is no law");
    }
    if wrong.is_empty() { Ok(()) } else { Err(format!("conformance.tsv, column {backend}:\n{wrong}")) }
}
