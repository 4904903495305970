//! The committed table: which law is run on which backend.

use std::fmt::Write;

use api_types::Promises;

use super::LAWS;

const TABLE: &str = include_str!("../../conformance.tsv");

/// What the table must say of a law: `run`, or `skipped` where the backend doesn't promise it.
#[must_use]
pub fn table_line(law: &super::Law, promises: Promises) -> &'static str {
    if law.needs.met_by(promises) { "run" } else { "skipped" }
}

/// Compares a backend's column of `conformance.tsv` with its promises; the text tells the right one.
///
/// # Errors
/// The rows that differ.
pub fn check_table(backend: &str, promises: Promises) -> Result<(), String> {
    let mut lines = TABLE.lines().filter(|line| !line.starts_with('#'));
    let column = lines.next().and_then(|head| head.split('\t').position(|name| name == backend));
    let Some(column) = column else { return Err(format!("conformance.tsv has no column {backend:?}")) };
    let rows: Vec<Vec<&str>> = lines.map(|line| line.split('\t').collect()).collect();
    let mut wrong = String::new();
    for law in LAWS {
        let expected = table_line(law, promises);
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
