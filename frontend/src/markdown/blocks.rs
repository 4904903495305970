//! What an answer is made of, line by line: paragraphs, headings, lists, tables, quotations, code.

use super::{
    inline,
    tree::{Element, Node, code_block},
};

/// How deep lists and quotations may stand in each other; what would stand deeper is text. A line of `>` is cheaply
/// written, and a browser draws only some hundreds.
const MAX_DEPTH: usize = 12;

/// Reads an answer, or as much of it as came.
pub(crate) fn read(markdown: &str) -> Vec<Node> {
    let lines: Vec<&str> = markdown.lines().collect();
    let mut reader = Reader { level: 1 };
    reader.blocks(&lines, 0, false)
}

struct Reader {
    /// The last heading's level. The page's own is 1, and none is left out below it: that would break the outline.
    level: usize,
}

impl Reader {
    /// `tight`: paragraphs are parts of a list without empty lines, and stand there without a frame of their own.
    fn blocks(&mut self, lines: &[&str], depth: usize, tight: bool) -> Vec<Node> {
        let (mut made, mut at) = (Vec::new(), 0);
        while at < lines.len() {
            at += self.block(&lines[at..], depth, tight, &mut made);
        }
        made
    }

    /// Reads the block that begins here, and answers how many lines it has.
    fn block(&mut self, lines: &[&str], depth: usize, tight: bool, made: &mut Vec<Node>) -> usize {
        let line = lines[0];
        let text = line.trim();
        if text.is_empty() {
            return 1;
        }
        if indent(line) >= 4 {
            return indented(lines, made);
        }
        if let Some(fence) = Fence::of(line) {
            return fence.read(lines, made);
        }
        if let Some((level, words)) = heading(text) {
            made.push(self.heading(level, words));
            return 1;
        }
        if is_rule(text) {
            made.push(Element::new("hr", Vec::new()).into());
            return 1;
        }
        if depth < MAX_DEPTH && text.starts_with('>') {
            let (count, inside) = quoted(lines);
            made.push(Element::new("blockquote", self.blocks(&inside, depth + 1, false)).into());
            return count;
        }
        if depth < MAX_DEPTH && Marker::of(line).is_some() {
            return self.list(lines, depth, made);
        }
        if let Some(columns) = lines.get(1).and_then(|next| columns(line, next)) {
            return table(lines, &columns, made);
        }
        self.paragraph(lines, tight, made)
    }

    fn heading(&mut self, level: usize, words: &str) -> Node {
        self.level = (level + 1).min(self.level + 1).min(6);
        Element::new(["h2", "h3", "h4", "h5", "h6"][self.level - 2], inline::read(words)).into()
    }

    fn paragraph(&mut self, lines: &[&str], tight: bool, made: &mut Vec<Node>) -> usize {
        let is_end = |at: &usize| {
            interrupts(lines[*at]) || lines.get(at + 1).is_some_and(|next| columns(lines[*at], next).is_some())
        };
        let more = (1..lines.len()).find(is_end).unwrap_or(lines.len());
        let underlined = lines[1..more].iter().position(|line| underline(line).is_some()).map(|at| at + 1);
        let end = underlined.unwrap_or(more);
        let words = lines[..end].iter().map(|line| line.trim_start()).collect::<Vec<_>>().join("\n");
        let words = words.trim_end();
        if let Some(level) = underlined.and_then(|at| underline(lines[at])) {
            made.push(self.heading(level, words));
            return end + 1;
        }
        if tight {
            made.extend(inline::read(words));
        } else {
            made.push(Element::new("p", inline::read(words)).into());
        }
        end
    }

    fn list(&mut self, lines: &[&str], depth: usize, made: &mut Vec<Node>) -> usize {
        let Some(first) = Marker::of(lines[0]) else { return 1 };
        let (mut items, mut at, mut is_loose) = (Vec::new(), 0, false);
        while let Some(marker) =
            lines.get(at).and_then(|line| Marker::of(line)).filter(|marker| marker.kind == first.kind)
        {
            let mut item = vec![marker.words];
            at += 1;
            let mut empty = 0;
            while let Some(line) = lines.get(at) {
                if line.trim().is_empty() {
                    empty += 1;
                } else {
                    // Two columns are enough for a list in a list: models don't count more exactly.
                    let is_inside = indent(line) >= marker.width
                        || (indent(line) >= marker.indent + 2 && Marker::of(line).is_some());
                    let goes_on = empty == 0 && !interrupts(line) && Marker::of(line).is_none();
                    if !is_inside && !goes_on {
                        break;
                    }
                    is_loose |= empty > 0 && is_inside;
                    item.extend(std::iter::repeat_n("", empty));
                    item.push(skip(line, marker.width));
                    empty = 0;
                }
                at += 1;
            }
            let has_next = lines.get(at).and_then(|line| Marker::of(line)).is_some_and(|next| next.kind == first.kind);
            is_loose |= has_next && empty > 0;
            items.push(item);
            if !has_next {
                break;
            }
        }
        let item = |reader: &mut Self, lines: &Vec<&str>| task(reader.blocks(lines, depth + 1, !is_loose)).into();
        let items = items.iter().map(|lines| item(self, lines)).collect();
        made.push(match first.kind {
            Kind::Bullet(_) => Element::new("ul", items).into(),
            Kind::Number(_) if first.number == 1 => Element::new("ol", items).into(),
            Kind::Number(_) => Element::new("ol", items).with("start", first.number.to_string()).into(),
        });
        at
    }
}

/// Columns of space at a line's beginning.
fn indent(line: &str) -> usize {
    line.bytes()
        .map_while(|byte| match byte {
            b' ' => Some(1),
            b'\t' => Some(4),
            _ => None,
        })
        .sum()
}

/// The line without its first columns of space.
fn skip(line: &str, columns: usize) -> &str {
    let mut taken = 0;
    line.trim_start_matches(|c: char| {
        let is_taken = taken < columns && matches!(c, ' ' | '\t');
        taken += if c == '\t' { 4 } else { 1 };
        is_taken
    })
}

/// How a list's item is marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Bullet(u8),
    Number(u8),
}

struct Marker<'t> {
    kind: Kind,
    number: u64,
    /// Columns before the marker, and to the words after it.
    indent: usize,
    width: usize,
    words: &'t str,
}

impl<'t> Marker<'t> {
    fn of(line: &'t str) -> Option<Self> {
        let text = line.trim_start();
        let indent = indent(line);
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let sign = *text.as_bytes().get(digits)?;
        let (kind, number) = match sign {
            b'-' | b'*' | b'+' if digits == 0 => (Kind::Bullet(sign), 0),
            b'.' | b')' if (1..10).contains(&digits) => (Kind::Number(sign), text[..digits].parse().ok()?),
            _ => return None,
        };
        let rest = &text[digits + 1..];
        let space = self::indent(rest);
        if (!rest.is_empty() && space == 0) || is_rule(text) {
            return None;
        }
        // A marker before code has one space of its own.
        let space = if rest.trim().is_empty() || space > 4 { 1 } else { space };
        Some(Self { kind, number, indent, width: indent + digits + 1 + space, words: skip(rest, space) })
    }
}

/// A list's item; one that is to be done begins with a box.
fn task(mut inside: Vec<Node>) -> Element {
    let words = match inside.first_mut() {
        Some(Node::Text(words)) => Some(words),
        Some(Node::Element(Element { name: "p", children, .. })) => match children.first_mut() {
            Some(Node::Text(words)) => Some(words),
            _ => None,
        },
        _ => None,
    };
    if let Some(words) = words {
        for (written, shown) in [("[ ] ", "☐ "), ("[x] ", "☑ "), ("[X] ", "☑ ")] {
            if let Some(rest) = words.strip_prefix(written) {
                *words = format!("{shown}{rest}");
                break;
            }
        }
    }
    Element::new("li", inside)
}

/// Whether a paragraph ends before this line.
fn interrupts(line: &str) -> bool {
    let text = line.trim();
    let is_list = Marker::of(line).is_some_and(|marker| matches!(marker.kind, Kind::Bullet(_)) || marker.number == 1);
    text.is_empty()
        || (indent(line) < 4
            && (Fence::of(line).is_some()
                || heading(text).is_some()
                || text.starts_with('>')
                || is_list
                || (is_rule(text) && underline(line).is_none())))
}

fn heading(text: &str) -> Option<(usize, &str)> {
    let level = text.len() - text.trim_start_matches('#').len();
    let words = &text[level..];
    let is_heading = (1..=6).contains(&level) && (words.is_empty() || words.starts_with([' ', '\t']));
    is_heading.then(|| (level, words.trim().trim_end_matches('#').trim_end()))
}

/// The level of the heading that this line makes of the words above it.
fn underline(line: &str) -> Option<usize> {
    let text = line.trim();
    let is_all = |sign: char| !text.is_empty() && text.chars().all(|c| c == sign);
    if is_all('=') { Some(1) } else { (text.len() > 1 && is_all('-')).then_some(2) }
}

fn is_rule(text: &str) -> bool {
    let is_all =
        |sign: char| text.chars().all(|c| c == sign || c == ' ') && text.chars().filter(|c| *c == sign).count() >= 3;
    ['-', '*', '_'].into_iter().any(is_all)
}

/// The lines of a quotation without their marks.
fn quoted<'t>(lines: &[&'t str]) -> (usize, Vec<&'t str>) {
    let mut inside: Vec<&str> = Vec::new();
    for line in lines {
        let text = line.trim_start();
        match text.strip_prefix('>') {
            Some(rest) => inside.push(rest.strip_prefix(' ').unwrap_or(rest)),
            None if !interrupts(line) && inside.last().is_some_and(|last| !last.trim().is_empty()) => inside.push(text),
            None => break,
        }
    }
    (inside.len(), inside)
}

/// Code that is set in by four columns.
fn indented(lines: &[&str], made: &mut Vec<Node>) -> usize {
    let end = lines.iter().position(|line| indent(line) < 4 && !line.trim().is_empty()).unwrap_or(lines.len());
    let code = lines[..end].iter().map(|line| skip(line, 4)).collect::<Vec<_>>().join("\n");
    made.push(code_block("", code.trim_end().to_owned()).into());
    end
}

/// The line that begins a block of code.
struct Fence<'t> {
    sign: char,
    count: usize,
    indent: usize,
    language: &'t str,
}

impl<'t> Fence<'t> {
    fn of(line: &'t str) -> Option<Self> {
        let text = line.trim();
        let sign = text.chars().next().filter(|sign| matches!(sign, '`' | '~'))?;
        let info = text.trim_start_matches(sign);
        let count = text.len() - info.len();
        let is_fence = count >= 3 && !(sign == '`' && info.contains('`'));
        let language = info.trim().split([' ', ',', '{']).next().unwrap_or_default();
        is_fence.then(|| Self { sign, count, indent: indent(line), language })
    }

    /// What isn't closed yet is code to the end.
    fn read(&self, lines: &[&str], made: &mut Vec<Node>) -> usize {
        let closes = |line: &&str| {
            let text = line.trim();
            text.len() >= self.count && text.chars().all(|c| c == self.sign)
        };
        let end = lines[1..].iter().position(closes).map_or(lines.len(), |at| at + 1);
        let code = lines[1..end].iter().map(|line| skip(line, self.indent)).collect::<Vec<_>>().join("\n");
        made.push(code_block(self.language, code).into());
        (end + 1).min(lines.len())
    }
}

/// A row's cells.
fn cells(line: &str) -> Vec<String> {
    let text = line.trim();
    let text = text.strip_prefix('|').unwrap_or(text);
    let (mut cells, mut cell, mut signs) = (Vec::new(), String::new(), text.chars().peekable());
    while let Some(sign) = signs.next() {
        match sign {
            '\\' if signs.peek() == Some(&'|') => cell.extend(signs.next()),
            '|' => cells.push(std::mem::take(&mut cell)),
            _ => cell.push(sign),
        }
    }
    if !cell.trim().is_empty() {
        cells.push(cell);
    }
    cells
}

/// How a table's columns are aligned, where these two lines begin one.
fn columns(head: &str, rule: &str) -> Option<Vec<&'static str>> {
    if !head.contains('|') || !rule.contains('-') || rule.contains(|c| !"|-: \t".contains(c)) {
        return None;
    }
    let align = |cell: &String| match (cell.trim().starts_with(':'), cell.trim().ends_with(':')) {
        (true, true) => "center",
        (false, true) => "right",
        _ => "",
    };
    let columns: Vec<_> = cells(rule).iter().map(align).collect();
    (columns.len() == cells(head).len()).then_some(columns)
}

fn table(lines: &[&str], columns: &[&'static str], made: &mut Vec<Node>) -> usize {
    let row = |line: &str, name: &'static str| {
        let mut words = cells(line).into_iter();
        let cell = |align: &&'static str| {
            let cell = Element::new(name, inline::read(words.next().unwrap_or_default().trim()));
            let cell = if name == "th" { cell.with("scope", "col") } else { cell };
            if align.is_empty() { cell.into() } else { cell.with("class", *align).into() }
        };
        Element::new("tr", columns.iter().map(cell).collect()).into()
    };
    let end = lines[2..].iter().position(|line| !line.contains('|')).map_or(lines.len(), |at| at + 2);
    let head = Element::new("thead", vec![row(lines[0], "th")]).into();
    let body = Element::new("tbody", lines[2..end].iter().map(|line| row(line, "td")).collect()).into();
    made.push(Element::new("table", vec![head, body]).into());
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The tree as HTML, for reading.
    fn html(markdown: &str) -> String {
        let mut text = String::new();
        write(&read(markdown), &mut text);
        text
    }

    fn write(nodes: &[Node], into: &mut String) {
        for node in nodes {
            match node {
                Node::Text(text) => into.push_str(&text.replace('<', "&lt;")),
                Node::Element(Element { name, attributes, children }) => {
                    let attributes: String =
                        attributes.iter().map(|(name, value)| format!(" {name}=\"{value}\"")).collect();
                    into.push_str(&format!("<{name}{attributes}>"));
                    write(children, into);
                    into.push_str(&format!("</{name}>"));
                }
            }
        }
    }

    fn block(language: &str, code: &str) -> String {
        format!(
            "<div class=\"code\"><div class=\"code-head\"><span>{language}</span><button type=\"button\" \
             class=\"copy-code\">Copy</button></div><pre>{code}</pre></div>"
        )
    }

    #[test]
    fn words_are_marked() {
        for (markdown, shown) in [
            ("a *b* **c** `d` ~~e~~", "a <em>b</em> <strong>c</strong> <code>d</code> <del>e</del>"),
            ("***a*** **b *c* d**", "<em><strong>a</strong></em> <strong>b <em>c</em> d</strong>"),
            ("snake_case_name and _b_ __c__", "snake_case_name and <em>b</em> <strong>c</strong>"),
            ("2 * 3 * 4 ** 5, a*b*c", "2 * 3 * 4 ** 5, a<em>b</em>c"),
            ("**half, *more", "**half, *more"),
            ("*a **b*", "*a *<em>b</em>"),
            ("``a ` b`` ` c", "<code>a ` b</code> ` c"),
            ("\\*a\\* \\a &amp; &copy;", "*a* \\a & &copy;"),
            ("one  \ntwo\\\nthree", "one<br></br>two<br></br>three"),
            ("**Größe:** 5 €", "<strong>Größe:</strong> 5 €"),
            ("**「強調」**です", "<strong>「強調」</strong>です"),
        ] {
            assert_eq!(html(markdown), format!("<p>{shown}</p>"), "{markdown}");
        }
    }

    #[test]
    fn lists_nest_and_go_on_after_other_blocks() {
        assert_eq!(html("- a\n- b\n\n3. c"), "<ul><li>a</li><li>b</li></ul><ol start=\"3\"><li>c</li></ol>");
        assert_eq!(html("1. a\n   - b\n   - c\n2. d"), "<ol><li>a<ul><li>b</li><li>c</li></ul></li><li>d</li></ol>");
        assert_eq!(html("1. a\n  - b\n2. c"), "<ol><li>a<ul><li>b</li></ul></li><li>c</li></ol>");
        assert_eq!(html("- a\n\n- b\nc"), "<ul><li><p>a</p></li><li><p>b<br></br>c</p></li></ul>");
        assert_eq!(html("- a\n\n  b\n\nc"), "<ul><li><p>a</p><p>b</p></li></ul><p>c</p>");
        assert_eq!(html("text\n- a\n* b"), "<p>text</p><ul><li>a</li></ul><ul><li>b</li></ul>");
        assert_eq!(html("in the year\n1984. It was"), "<p>in the year<br></br>1984. It was</p>");
        assert_eq!(html("- [ ] a\n- [x] b"), "<ul><li>☐ a</li><li>☑ b</li></ul>");
        let with_code = format!("<ol><li>a{}</li><li>b</li></ol>", block("sh", "ls"));
        assert_eq!(html("1. a\n   ```sh\n   ls\n   ```\n2. b"), with_code);
    }

    #[test]
    fn a_block_of_code_has_its_language_and_a_button_and_keeps_every_space() {
        assert_eq!(html("```rust\nfn  a() {\n\n}\n```\nb"), block("rust", "fn  a() {\n\n}") + "<p>b</p>");
        assert_eq!(html("    **a**\n\n      b"), block("", "**a**\n\n  b"));
        assert_eq!(html("```\nhalf of"), block("", "half of"), "what isn't closed yet is code already");
        assert_eq!(html("````\n```\n````"), block("", "```"));
        assert_eq!(html("~~~\n# a\n~~~"), block("", "# a"));
    }

    #[test]
    fn tables_have_heads_and_alignment() {
        let table = "<table><thead><tr><th scope=\"col\">a</th><th scope=\"col\" class=\"right\">b</th></tr></thead>\
                     <tbody><tr><td>1 | 2</td><td class=\"right\"><code>3</code></td></tr></tbody></table>";
        assert_eq!(html("| a | b |\n|---|--:|\n| 1 \\| 2 | `3` | more |"), table);
        assert_eq!(html("Look:\na | b\n--|--:\n1 \\| 2 | `3`\n\nend"), format!("<p>Look:</p>{table}<p>end</p>"));
        assert_eq!(html("a | b\n- c"), "<p>a | b</p><ul><li>c</li></ul>", "no rule, no table");
    }

    #[test]
    fn quotations_rules_and_headings() {
        assert_eq!(
            html("> a\n> > b\nc"),
            "<blockquote><p>a</p><blockquote><p>b<br></br>c</p></blockquote></blockquote>"
        );
        assert_eq!(html("a\n\n---\n***"), "<p>a</p><hr></hr><hr></hr>");
        assert_eq!(html("# a\n### b ##\n###### c\nd\n---\n#e"), "<h2>a</h2><h3>b</h3><h4>c</h4><h3>d</h3><p>#e</p>");
        assert_eq!(html("### a"), "<h2>a</h2>", "no level is left out");
    }

    #[test]
    fn html_stays_text() {
        for text in ["<script>alert(1)</script>", "a <img src=x onerror=alert(1)> b", "<a href=\"javascript:x\">y</a>"]
        {
            assert_eq!(html(text), format!("<p>{}</p>", text.replace('<', "&lt;")));
        }
    }

    #[test]
    fn only_web_addresses_become_links() {
        let link = |address: &str, words: &str| {
            format!("<a href=\"{address}\" target=\"_blank\" rel=\"noopener nofollow noreferrer\">{words}</a>")
        };
        for (markdown, shown) in [
            ("[a *b*](https://x.example/?q=(1) \"title\")", link("https://x.example/?q=(1)", "a <em>b</em>")),
            ("![a](http://x.example/a.png)", link("http://x.example/a.png", "a")),
            ("<https://x.example>", link("https://x.example", "https://x.example")),
            (
                "(see https://x.example/a_b).",
                format!("(see {}).", link("https://x.example/a_b", "https://x.example/a_b")),
            ),
            ("[https://x.example](https://y.example)", link("https://y.example", "https://x.example")),
            ("[1] [a] (b) https://", "[1] [a] (b) https://".to_owned()),
        ] {
            assert_eq!(html(markdown), format!("<p>{shown}</p>"), "{markdown}");
        }
        let others =
            ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "//x.example", "/me", "file:///x"];
        for address in
            others.into_iter().chain(["javascript://x.example/%0aalert", "mailto:a@b.example", "\u{1}https://x"])
        {
            assert_eq!(html(&format!("[a]({address})")), "<p><span>a</span></p>", "{address}");
            assert!(!html(&format!("<{address}> {address}")).contains("href=\"j"), "{address}");
        }
    }

    #[test]
    fn a_hostile_answer_is_as_quick_to_read_as_any_and_stays_shallow() {
        fn depth(nodes: &[Node]) -> usize {
            let inside = |node: &Node| match node {
                Node::Text(_) => 0,
                Node::Element(element) => 1 + depth(&element.children),
            };
            nodes.iter().map(inside).max().unwrap_or_default()
        }
        for piece in [
            "> ", "- ", "*a ", "_a* ", "**", "[", "![", "](", "`a``", "<", "1. ", "~~a~ ", "|", "http://", "  - a\n",
            "&",
        ] {
            let hostile = piece.repeat(4_000);
            assert!(depth(&read(&hostile)) < 100, "{piece}");
            drop(read(&format!("{hostile}\n\nafter")));
        }
    }

    /// Whatever comes of an answer so far can be read.
    #[test]
    fn every_beginning_of_an_answer_is_read() {
        let answer = "# Ü\n\n- **a** `b\n  1. [c](https://d)\n\n| e | f |\n|---|:-:|\n| g |\n\n```r\nh\n```\n> i\n***j\\* k***~~l~~ &lt;";
        for (at, _) in answer.char_indices() {
            drop(read(&answer[..at]));
        }
    }
}
