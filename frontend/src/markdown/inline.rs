//! What stands in a line: emphasis, code, links, line ends.

use super::tree::{Element, Node, link, say};

/// How many marks may be open at once; more are text. And how far the end of a link or of code is looked for, in bytes.
/// Both keep a hostile answer as quick to read as any.
const MAX_OPEN: usize = 16;
const FAR: usize = 1000;

/// Reads what stands in a paragraph, a heading or a cell.
pub(super) fn read(text: &str) -> Vec<Node> {
    read_in(text, false)
}

/// `in_link`: no link stands in another one.
fn read_in(text: &str, in_link: bool) -> Vec<Node> {
    let mut line = Line { open: vec![Mark { sign: ' ', count: 0, inside: Vec::new() }] };
    let (mut at, mut said) = (0, 0);
    while let Some(sign) = text[at..].chars().next() {
        let rest = &text[at..];
        let found = match sign {
            '\\' => escaped(rest),
            '`' => code(rest),
            '\n' => Some((1, vec![Element::new("br", Vec::new()).into()])),
            '[' if !in_link => linked(rest),
            '!' if !in_link && rest.starts_with("![") => linked(&rest[1..]).map(|(length, nodes)| (length + 1, nodes)),
            '<' if !in_link => pointed(rest),
            'h' if !in_link && text[..at].chars().next_back().is_none_or(|c| !c.is_alphanumeric()) => bare(rest),
            '&' => entity(rest),
            '*' | '_' | '~' => {
                let count = rest.len() - rest.trim_start_matches(sign).len();
                line.say(&text[said..at]);
                let before = text[..at].chars().next_back().unwrap_or(' ');
                let after = rest[count..].chars().next().unwrap_or(' ');
                line.mark(sign, count, before, after);
                at += count;
                said = at;
                continue;
            }
            _ => None,
        };
        match found {
            Some((length, nodes)) => {
                let before = &text[said..at];
                line.say(if sign == '\n' { before.trim_end_matches(' ') } else { before });
                line.top().extend(nodes);
                at += length;
                said = at;
            }
            None => at += sign.len_utf8(),
        }
    }
    line.say(&text[said..]);
    line.end()
}

/// A mark that may yet be closed, and what came after it.
struct Mark {
    sign: char,
    count: usize,
    inside: Vec<Node>,
}

/// The marks that are open, the first being the line itself.
struct Line {
    open: Vec<Mark>,
}

impl Line {
    fn top(&mut self) -> &mut Vec<Node> {
        let last = self.open.len() - 1;
        &mut self.open[last].inside
    }

    fn say(&mut self, text: &str) {
        if !text.is_empty() {
            say(self.top(), text);
        }
    }

    /// A run of one sign: closes what it can, opens what it may, and is text where it does neither.
    fn mark(&mut self, sign: char, mut count: usize, before: char, after: char) {
        let is_word = |c: char| !c.is_whitespace() && !c.is_ascii_punctuation();
        let leans_on_next = !after.is_whitespace() && (is_word(after) || !is_word(before));
        let leans_on_last = !before.is_whitespace() && (is_word(before) || !is_word(after));
        // A word may hold an underscore, as names in programs do.
        let (opens, closes) = match sign {
            '_' => (leans_on_next && !is_word(before), leans_on_last && !is_word(after)),
            _ => (leans_on_next, leans_on_last),
        };
        while count > 0 && closes {
            let Some(at) = self.open.iter().rposition(|mark| mark.sign == sign) else { break };
            if sign == '~' && self.open[at].count != count {
                break;
            }
            while self.open.len() > at + 1 {
                self.give_up();
            }
            let used = if sign == '~' { count } else { count.min(self.open[at].count).min(2) };
            let name = match (sign, used) {
                ('~', _) => "del",
                (_, 1) => "em",
                _ => "strong",
            };
            let inside = std::mem::take(&mut self.open[at].inside);
            self.open[at].count -= used;
            if self.open[at].count == 0 {
                self.open.pop();
            }
            self.top().push(Element::new(name, inside).into());
            count -= used;
        }
        if count > 0 && opens && self.open.len() <= MAX_OPEN && (sign != '~' || count <= 2) {
            self.open.push(Mark { sign, count, inside: Vec::new() });
        } else {
            self.say(&sign.to_string().repeat(count));
        }
    }

    /// The last mark was none.
    fn give_up(&mut self) {
        if let Some(mark) = self.open.pop() {
            self.say(&mark.sign.to_string().repeat(mark.count));
            for node in mark.inside {
                match node {
                    Node::Text(text) => self.say(&text),
                    element => self.top().push(element),
                }
            }
        }
    }

    fn end(mut self) -> Vec<Node> {
        while self.open.len() > 1 {
            self.give_up();
        }
        self.open.pop().map(|line| line.inside).unwrap_or_default()
    }
}

type Found = Option<(usize, Vec<Node>)>;

fn text(length: usize, text: &str) -> Found {
    Some((length, vec![Node::Text(text.to_owned())]))
}

fn escaped(rest: &str) -> Found {
    match rest.as_bytes().get(1)? {
        b'\n' => Some((2, vec![Element::new("br", Vec::new()).into()])),
        sign if sign.is_ascii_punctuation() => text(2, &rest[1..2]),
        _ => None,
    }
}

/// The beginning of a text, as far as is looked.
fn near(text: &str) -> &str {
    &text[..text.floor_char_boundary(FAR)]
}

fn code(rest: &str) -> Found {
    let run = rest.len() - rest.trim_start_matches('`').len();
    let (fence, inside) = rest.split_at(run);
    let inside = near(inside);
    let mut from = 0;
    while let Some(at) = inside[from..].find(fence).map(|at| at + from) {
        let length = inside[at..].len() - inside[at..].trim_start_matches('`').len();
        if length == run {
            let code = inside[..at].replace('\n', " ");
            let bare =
                code.strip_prefix(' ').and_then(|code| code.strip_suffix(' ')).filter(|code| !code.trim().is_empty());
            let code = Node::Text(bare.unwrap_or(&code).to_owned());
            return Some((at + 2 * run, vec![Element::new("code", vec![code]).into()]));
        }
        from = at + length;
    }
    text(run, fence)
}

/// `[words](address "title")`
fn linked(rest: &str) -> Found {
    let rest = near(rest);
    let (mut depth, mut end, mut skip) = (0_usize, None, false);
    for (at, sign) in rest.char_indices() {
        match sign {
            _ if skip => skip = false,
            '\\' => skip = true,
            '[' => depth += 1,
            ']' if depth == 1 => {
                end = Some(at);
                break;
            }
            ']' => depth -= 1,
            _ => {}
        }
    }
    let end = end?;
    let (words, target) = (&rest[1..end], rest[end + 1..].strip_prefix('(')?);
    let mut depth = 1;
    let close = target.char_indices().find_map(|(at, sign)| {
        match sign {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        (depth == 0).then_some(at)
    })?;
    // A title is left out.
    let address = target[..close].split_whitespace().next().unwrap_or_default();
    let address = address.trim_start_matches('<').trim_end_matches('>');
    Some((end + 3 + close, vec![link(address, read_in(words, true)).into()]))
}

/// `<https://address>`
fn pointed(rest: &str) -> Found {
    let address = near(rest)[1..].split_once('>')?.0;
    let is_web = address.starts_with("https://") || address.starts_with("http://");
    let is_one = is_web && !address.contains(|c: char| c.is_whitespace() || c == '<');
    is_one.then(|| (address.len() + 2, vec![link(address, vec![Node::Text(address.to_owned())]).into()]))
}

/// An address that stands in a sentence. What ends the sentence doesn't belong to it.
fn bare(rest: &str) -> Found {
    if !rest.starts_with("https://") && !rest.starts_with("http://") {
        return None;
    }
    let rest = near(rest);
    let end = rest.find(|c: char| c.is_whitespace() || "<>*|\"`".contains(c)).unwrap_or(rest.len());
    let mut address = &rest[..end];
    loop {
        let shorter = address.trim_end_matches(['.', ',', ':', ';', '!', '?', '\'', '_', '~']);
        let has_loose_end = shorter.ends_with(')') && shorter.matches(')').count() > shorter.matches('(').count();
        let shorter = if has_loose_end { &shorter[..shorter.len() - 1] } else { shorter };
        if shorter == address {
            break;
        }
        address = shorter;
    }
    let is_whole = !address.ends_with("//");
    is_whole.then(|| (address.len(), vec![link(address, vec![Node::Text(address.to_owned())]).into()]))
}

fn entity(rest: &str) -> Found {
    let known = [("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&nbsp;", "\u{a0}")];
    known.iter().find(|(name, _)| rest.starts_with(name)).and_then(|(name, sign)| text(name.len(), sign))
}
