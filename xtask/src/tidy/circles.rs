//! No circles between the files of one crate: whoever reads a file can read what it builds on first.
//!
//! An export (`pub use`) of a parent is looked through: who names it uses the file that has the thing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::finding::Finding;
use super::rust_file::RustFile;

/// Exports of exports of exports end somewhere.
const MAX_EXPORTS: usize = 16;

/// The modules of one crate; the first is its root.
#[derive(Default)]
struct Crate {
    modules: Vec<Module>,
}

struct Module {
    file: String,
    parent: Option<usize>,
    children: BTreeMap<String, usize>,
    text: RustFile,
}

/// What a path leads to.
#[derive(Clone, Copy)]
enum Target {
    Module(usize),
    /// Something that is written in this module.
    Item(usize),
}

/// Files that use one another, and how.
struct Circle {
    files: BTreeSet<String>,
    uses: Vec<Use>,
}

struct Use {
    file: String,
    line: usize,
    used: String,
}

pub(super) fn check(root: &Path, files: &[PathBuf]) -> Result<Vec<Finding>> {
    let mut circles: Vec<Circle> = Vec::new();
    for crate_root in crate_roots(root, files)? {
        let mut found = Crate::default();
        found.read(root, &crate_root, None)?;
        for circle in found.circles() {
            // A file that several tests share is seen once for each.
            if circles.iter().all(|known| known.files != circle.files) {
                circles.push(circle);
            }
        }
    }
    Ok(circles.iter().filter_map(Circle::finding).collect())
}

/// Files that no `mod` line names: each is the root of a library, a program, a test or a measurement.
fn crate_roots(root: &Path, files: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut roots: BTreeSet<PathBuf> = files.iter().cloned().collect();
    for file in files {
        for child in read(file)?.children {
            if let Some(child) = module_file(file, &child) {
                roots.remove(&child);
            }
        }
    }
    roots.retain(|file| file.starts_with(root));
    Ok(roots.into_iter().collect())
}

fn read(file: &Path) -> Result<RustFile> {
    let text = fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Ok(RustFile::read(&text))
}

/// Where `mod name;` in this file leads.
fn module_file(file: &Path, name: &str) -> Option<PathBuf> {
    let beside = file.parent()?;
    let below = beside.join(file.file_stem()?);
    let places = [&below, beside].map(|dir| [dir.join(format!("{name}.rs")), dir.join(name).join("mod.rs")]);
    places.into_iter().flatten().find(|place| place.is_file())
}

impl Crate {
    fn read(&mut self, root: &Path, file: &Path, parent: Option<usize>) -> Result<usize> {
        let text = read(file)?;
        let name = file.strip_prefix(root).unwrap_or(file).to_string_lossy().replace('\\', "/");
        let index = self.modules.len();
        let children = text.children.clone();
        self.modules.push(Module { file: name, parent, children: BTreeMap::new(), text });
        for child in children {
            if let Some(child_file) = module_file(file, &child) {
                let child_index = self.read(root, &child_file, Some(index))?;
                self.modules[index].children.insert(child, child_index);
            }
        }
        Ok(index)
    }

    /// Follows a path from where it is written.
    fn resolve(&self, from: usize, path: &[String], exports: usize) -> Option<Target> {
        let (first, rest) = path.split_first()?;
        match first.as_str() {
            "crate" => self.walk(0, rest, exports),
            "self" => self.walk(from, rest, exports),
            "super" => self.walk(self.modules[from].parent?, rest, exports),
            _ if self.modules[from].children.contains_key(first) => self.walk(from, path, exports),
            _ => {
                let bound = self.modules[from].text.bindings.get(first).filter(|bound| *bound != path)?;
                self.through(from, bound, rest, exports)
            }
        }
    }

    /// Goes down from a module.
    fn walk(&self, at: usize, path: &[String], exports: usize) -> Option<Target> {
        let module = &self.modules[at];
        let Some((first, rest)) = path.split_first() else { return Some(Target::Module(at)) };
        if first == "super" {
            return self.walk(module.parent?, rest, exports);
        }
        if let Some(child) = module.children.get(first) {
            return self.walk(*child, rest, exports);
        }
        if !module.text.defined.contains(first) {
            if let Some(bound) = module.text.bindings.get(first) {
                return self.through(at, bound, rest, exports);
            }
            for glob in &module.text.globs {
                if let Some(Target::Module(below)) = self.resolve(at, glob, exports)
                    && self.modules[below].text.defined.contains(first)
                {
                    return Some(Target::Item(below));
                }
            }
        }
        Some(Target::Item(at))
    }

    /// Goes on from what a `use` line bound.
    fn through(&self, at: usize, bound: &[String], rest: &[String], exports: usize) -> Option<Target> {
        if exports == MAX_EXPORTS {
            return None;
        }
        match self.resolve(at, bound, exports + 1)? {
            Target::Module(module) => self.walk(module, rest, exports + 1),
            item @ Target::Item(_) => Some(item),
        }
    }

    /// Who uses whom, and on which line first.
    fn uses(&self) -> BTreeMap<(usize, usize), usize> {
        let mut uses = BTreeMap::new();
        for (user, module) in self.modules.iter().enumerate() {
            for named in &module.text.named {
                let Some(Target::Item(used)) = self.resolve(user, &named.path, 0) else { continue };
                if used != user && !(named.is_export && self.is_below(used, user)) {
                    uses.entry((user, used)).or_insert(named.line);
                }
            }
        }
        uses
    }

    fn is_below(&self, module: usize, ancestor: usize) -> bool {
        let parent = |module: &usize| self.modules[*module].parent;
        std::iter::successors(Some(module), parent).any(|above| above == ancestor)
    }

    fn circles(&self) -> Vec<Circle> {
        let uses = self.uses();
        let reached: Vec<BTreeSet<usize>> =
            (0..self.modules.len()).map(|from| reach(from, uses.keys().copied())).collect();
        let together = |one: usize, other: usize| reached[one].contains(&other) && reached[other].contains(&one);
        let mut circles = Vec::new();
        let mut told = BTreeSet::new();
        for (from, all) in reached.iter().enumerate() {
            let inside: BTreeSet<usize> = all.iter().copied().filter(|to| together(from, *to)).collect();
            if inside.len() < 2 || !told.insert(inside.clone()) {
                continue;
            }
            let inner = uses.iter().filter(|((user, used), _)| inside.contains(user) && inside.contains(used));
            let file = |module: &usize| self.modules[*module].file.clone();
            circles.push(Circle {
                files: inside.iter().map(file).collect(),
                uses: inner
                    .map(|((user, used), line)| Use { file: file(user), line: *line, used: file(used) })
                    .collect(),
            });
        }
        circles
    }
}

/// All that is used from here, directly or by way of others.
fn reach(from: usize, uses: impl Iterator<Item = (usize, usize)> + Clone) -> BTreeSet<usize> {
    let mut reached = BTreeSet::new();
    let mut waiting = vec![from];
    while let Some(user) = waiting.pop() {
        let next = uses.clone().filter(|(by, _)| *by == user).map(|(_, used)| used);
        waiting.extend(next.filter(|used| reached.insert(*used)));
    }
    reached
}

impl Circle {
    fn finding(&self) -> Option<Finding> {
        let first = self.uses.first()?;
        let uses = self.uses.iter().map(|inner| format!("{}:{} uses {}", inner.file, inner.line, inner.used));
        Some(Finding {
            file: first.file.clone(),
            line: first.line,
            what: format!("files go in a circle: {}", uses.collect::<Vec<_>>().join(", ")),
            fix: "move what both need to a file of its own, or pass it as an argument".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The circles of a crate of these files, as sets of names.
    fn circles(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::TempDir::new().unwrap();
        let mut paths = Vec::new();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            paths.push(path);
        }
        let roots = crate_roots(folder.path(), &paths).unwrap();
        let mut found = Vec::new();
        for root in roots {
            let mut of_root = Crate::default();
            of_root.read(folder.path(), &root, None).unwrap();
            found.extend(of_root.circles().iter().map(|c| Vec::from_iter(c.files.iter().cloned()).join(" ")));
        }
        found
    }

    #[test]
    fn files_that_use_one_another_are_found_by_way_of_others_too() {
        let files = [
            ("lib.rs", "mod a;\nmod b;\nmod c;\n"),
            ("a.rs", "use crate::b::B;\npub struct A;\n"),
            ("b.rs", "pub struct B;\nfn f() { super::c::f() }\n"),
            ("c.rs", "use crate::{a::A};\npub fn f() {}\n"),
        ];
        assert_eq!(circles(&files), ["a.rs b.rs c.rs"]);
        assert!(circles(&files[..3]).is_empty());
    }

    #[test]
    fn a_parent_that_only_exports_is_looked_through() {
        let parent = ("room/mod.rs", "mod a;\nmod b;\npub use a::A;\npub use b::B;\n");
        let a = ("room/a.rs", "pub struct A;\n");
        let files = [("lib.rs", "mod room;\n"), parent, a, ("room/b.rs", "use super::A;\npub struct B;\n")];
        assert!(circles(&files).is_empty());
        let files = [
            ("lib.rs", "mod room;\n"),
            parent,
            ("room/a.rs", "use crate::room::B;\npub struct A;\n"),
            ("room/b.rs", "use super::A;\npub struct B;\n"),
        ];
        assert_eq!(circles(&files), ["room/a.rs room/b.rs"]);
    }

    #[test]
    fn a_parent_that_has_something_of_its_own_counts() {
        let files = [
            ("lib.rs", "mod room;\n"),
            ("room.rs", "mod a;\npub struct Room;\nfn f() { a::f() }\n"),
            ("room/a.rs", "use super::Room;\npub fn f() {}\n"),
        ];
        assert_eq!(circles(&files), ["room.rs room/a.rs"]);
    }
}
