//! Folders whose files name themselves and a few crates only, so that what they hold can move.

use std::fs;
use std::path::{Path, PathBuf};

use super::finding::Finding;
use super::never::{PURE_FOLDERS, PureFolder};
use super::rust_file::RustFile;

pub(super) fn check(root: &Path, files: &[PathBuf]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let name = file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        for rule in PURE_FOLDERS.iter().filter(|rule| name.starts_with(rule.folder)) {
            findings.extend(fs::read_to_string(file).iter().flat_map(|text| judge(rule, &name, text)));
        }
    }
    findings
}

fn judge(rule: &PureFolder, name: &str, text: &str) -> Vec<Finding> {
    let file = RustFile::read(text);
    let own = Path::new(rule.folder).file_name().and_then(|own| own.to_str()).unwrap_or_default();
    let is_inside = |path: &[String]| match path.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["crate", folder, ..] => *folder == own,
        ["super", "super", ..] => false,
        [first, ..] => {
            let is_crate = first.starts_with(|c: char| c.is_ascii_lowercase()) && !file.bindings.contains_key(*first);
            let is_here = matches!(*first, "super" | "self") || file.children.iter().any(|child| child == first);
            !is_crate || is_here || rule.may_name.contains(first)
        }
        [] => true,
    };
    let outside = file.named.iter().filter(|named| !is_inside(&named.path));
    let finding = |path: String, line| Finding {
        file: name.to_owned(),
        line,
        what: format!("{} must not name {path}: {}", rule.folder, rule.why),
        fix: "take it as an argument, or do it outside".to_owned(),
    };
    outside.map(|named| finding(named.path.join("::"), named.line)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_pure_folder_names_outside_itself_is_found() {
        let rule = PureFolder { folder: "a/src/pure", may_name: &["std"], why: "it moves" };
        let text = "mod part;\nuse std::{fmt, mem};\nuse crate::{pure::A, other::B};\nuse super::C;\npub use part::D;\n\
                    fn f() { mem::take(x); A::new(); driver::open(); super::super::g() }\n";
        let found: Vec<String> = judge(&rule, "a/src/pure/b.rs", text).iter().map(Finding::to_string).collect();
        let wanted = ["3: a/src/pure must not name crate::other::B", "6: a/src/pure must not name driver::open"];
        assert!(wanted.iter().zip(&found).all(|(wanted, found)| found.contains(wanted)), "{found:?}");
        assert_eq!(found.len(), 3, "{found:?}");
    }
}
