//! What a Rust file says of modules: those that it declares, what its `use` lines bind, and the paths that it names.
//! Read word by word, without comments, texts and unit tests; a compiler would know more, and take minutes.

use std::collections::{BTreeMap, BTreeSet};

/// A path as it is written, `crate::a::B`, in its parts.
pub(super) type Path = Vec<String>;

#[derive(Debug, Default)]
pub(super) struct RustFile {
    /// `mod name;`
    pub(super) children: Vec<String>,
    /// Names from `use` lines, and what each stands for.
    pub(super) bindings: BTreeMap<String, Path>,
    /// `use path::*`
    pub(super) globs: Vec<Path>,
    /// Types, functions and the like that are written here.
    pub(super) defined: BTreeSet<String>,
    /// Every path that is named, with its line, and whether that is a `pub use`.
    pub(super) named: Vec<Named>,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) line: usize,
    pub(super) path: Path,
    pub(super) is_export: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Word(&'t str),
    /// `::`
    Joint,
    Mark(char),
}

impl RustFile {
    pub(super) fn read(text: &str) -> Self {
        let tokens = without_tests(tokens(text));
        let mut file = Self::default();
        let mut at = 0;
        let word = |at: usize| match tokens.get(at) {
            Some((_, Token::Word(word))) => Some(*word),
            _ => None,
        };
        let is = |at: usize, token: Token| tokens.get(at).is_some_and(|(_, found)| *found == token);
        while let Some((line, token)) = tokens.get(at) {
            match token {
                Token::Word("mod") if is(at + 2, Token::Mark(';')) => {
                    file.children.extend(word(at + 1).map(str::to_owned));
                    at += 3;
                }
                // Not the `use<'_>` of what a return type captures.
                Token::Word("use") if !is(at + 1, Token::Mark('<')) => {
                    let is_export = at > 0 && (word(at - 1) == Some("pub") || is(at - 1, Token::Mark(')')));
                    let end = (at..tokens.len()).find(|end| is(*end, Token::Mark(';'))).unwrap_or(tokens.len());
                    file.read_use(&tokens[at + 1..end], *line, is_export);
                    at = end + 1;
                }
                Token::Word("struct" | "enum" | "fn" | "trait" | "type" | "const" | "static" | "union") => {
                    file.defined.extend(word(at + 1).map(str::to_owned));
                    at += 1;
                }
                Token::Word(first) => {
                    let mut path = vec![(*first).to_owned()];
                    while is(at + 1, Token::Joint) && word(at + 2).is_some() {
                        path.extend(word(at + 2).map(str::to_owned));
                        at += 2;
                    }
                    if path.len() > 1 {
                        file.named.push(Named { line: *line, path, is_export: false });
                    }
                    at += 1;
                }
                _ => at += 1,
            }
        }
        file
    }

    /// `a::{self, b as c, d::*}`
    fn read_use(&mut self, tokens: &[(usize, Token)], line: usize, is_export: bool) {
        // The prefixes of the braces that are open.
        let mut open: Vec<Path> = Vec::new();
        let mut path = Path::new();
        let mut name: Option<String> = None;
        let mut leaf_line = line;
        for (index, (line, token)) in tokens.iter().enumerate() {
            match token {
                Token::Word("as") => {}
                Token::Word(word) if index > 0 && tokens[index - 1].1 == Token::Word("as") => {
                    name = Some((*word).to_owned());
                }
                Token::Word(word) => {
                    leaf_line = *line;
                    path.push((*word).to_owned());
                }
                Token::Mark('*') => path.push("*".to_owned()),
                Token::Mark('{') => open.push(path.clone()),
                Token::Mark(',' | '}') => {
                    self.bind(&path, open.last(), name.take(), leaf_line, is_export);
                    path = open.last().cloned().unwrap_or_default();
                    if *token == Token::Mark('}') {
                        open.pop();
                        // What follows is a comma or the end, and neither names anything more.
                        path = open.last().cloned().unwrap_or_default();
                    }
                }
                _ => {}
            }
        }
        self.bind(&path, None, name, leaf_line, is_export);
    }

    fn bind(&mut self, path: &Path, prefix: Option<&Path>, name: Option<String>, line: usize, is_export: bool) {
        if path.is_empty() || prefix == Some(path) {
            return;
        }
        let mut path = path.clone();
        match path.last().map(String::as_str) {
            Some("*") => {
                path.pop();
                self.globs.push(path.clone());
                path.push("*".to_owned());
            }
            Some(last) => {
                // `a::{self}` binds `a`; `self` alone stands for this very module.
                if last == "self" && path.len() > 1 {
                    path.pop();
                }
                if let Some(name) = name.or_else(|| path.last().cloned()) {
                    self.bindings.insert(name, path.clone());
                }
            }
            None => {}
        }
        self.named.push(Named { line, path, is_export });
    }
}

/// Words and marks with their lines; comments, texts, characters and lifetimes are left out.
fn tokens(text: &str) -> Vec<(usize, Token<'_>)> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < bytes.len() {
        let start = at;
        let rest = &text[at..];
        let of_word = |c: char| c.is_alphanumeric() || c == '_';
        let first = rest.chars().next().unwrap_or(' ');
        if rest.starts_with("//") {
            at += rest.find('\n').unwrap_or(rest.len());
        } else if rest.starts_with("/*") {
            at += rest.find("*/").map_or(rest.len(), |end| end + 2);
        } else if let Some(length) = raw_text(rest) {
            at += length;
        } else if first == '"' {
            at += quoted(rest, b'"');
        } else if first == '\'' {
            // A lifetime has no closing quote right behind one character.
            let is_character = rest[1..].starts_with('\\') || rest[1..].chars().nth(1) == Some('\'');
            at += if is_character { quoted(rest, b'\'') } else { 1 };
        } else if of_word(first) {
            let length = rest.find(|c| !of_word(c)).unwrap_or(rest.len());
            found.push((line, Token::Word(&rest[..length])));
            at += length;
        } else if rest.starts_with("::") {
            found.push((line, Token::Joint));
            at += 2;
        } else {
            if !first.is_whitespace() {
                found.push((line, Token::Mark(first)));
            }
            at += first.len_utf8();
        }
        line += text[start..at].matches('\n').count();
    }
    found
}

/// The length of a raw text, `r#"…"#`, where one begins.
fn raw_text(rest: &str) -> Option<usize> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let hashes = after.len() - after.trim_start_matches('#').len();
    let inside = after[hashes..].strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = inside.find(&close).map_or(inside.len(), |end| end + close.len());
    Some(rest.len() - inside.len() + end)
}

/// The length of what stands between this quote and its like.
fn quoted(rest: &str, quote: u8) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != quote {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(bytes.len())
}

/// Leaves out `#[cfg(test)] mod name { … }`: a unit test may use what it likes.
fn without_tests(tokens: Vec<(usize, Token<'_>)>) -> Vec<(usize, Token<'_>)> {
    use Token::{Mark, Word};
    let begin = [Mark('#'), Mark('['), Word("cfg"), Mark('('), Word("test"), Mark(')'), Mark(']'), Word("mod")];
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let begins = tokens[at..].iter().map(|(_, token)| token).take(begin.len()).eq(&begin);
        if begins && tokens.get(at + begin.len() + 1).is_some_and(|(_, token)| *token == Mark('{')) {
            let mut depth = 0;
            at += begin.len() + 1;
            while let Some((_, token)) = tokens.get(at) {
                depth += i32::from(*token == Mark('{')) - i32::from(*token == Mark('}'));
                at += 1;
                if depth == 0 {
                    break;
                }
            }
        } else {
            kept.push(tokens[at]);
            at += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<(usize, String)> {
        RustFile::read(text).named.iter().map(|named| (named.line, named.path.join("::"))).collect()
    }

    fn owned(found: &[(usize, &str)]) -> Vec<(usize, String)> {
        found.iter().map(|(line, path)| (*line, (*path).to_owned())).collect()
    }

    #[test]
    fn a_use_line_names_each_of_its_leaves() {
        let text = "use crate::{\n    a::{self, B, c::*},\n    d as e,\n};\nuse std::fs;\n";
        let expected = [(2, "crate::a"), (2, "crate::a::B"), (2, "crate::a::c::*"), (3, "crate::d"), (5, "std::fs")];
        assert_eq!(named(text), owned(&expected));
        let file = RustFile::read(text);
        let bound: Vec<&str> = file.bindings.keys().map(String::as_str).collect();
        assert_eq!(bound, ["B", "a", "e", "fs"]);
        assert_eq!(file.globs, [vec!["crate", "a", "c"]]);
    }

    #[test]
    fn paths_are_found_in_code_and_not_in_comments_texts_and_tests() {
        let text = "// crate::no\nfn f<'a>(x: &'a str) -> char { let _ = \"crate::no\\\"\"; r#\"crate::no\"#; '\"' }\n\
                    fn g() { crate::a::b(); }\n#[cfg(test)]\nmod tests {\n    use super::*;\n}\nfn h() { c::d() }\n";
        assert_eq!(named(text), owned(&[(3, "crate::a::b"), (8, "c::d")]));
    }

    #[test]
    fn modules_definitions_and_exports_are_told() {
        let file = RustFile::read("mod a;\npub(crate) use a::B;\nuse a::C;\npub struct D;\n");
        assert_eq!(file.children, ["a"]);
        assert!(file.defined.contains("D"));
        assert_eq!(file.named.iter().map(|named| named.is_export).collect::<Vec<_>>(), [true, false]);
    }
}
