//! One event, and how a block of lines is read as one.

use std::borrow::Cow;

/// One event as a reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// The `event` field; `None` where there is none, which the standard calls `message`.
    pub name: Option<Cow<'a, str>>,
    /// The `data` lines joined by LF. Invalid UTF-8 is replaced, as the standard's decoding does.
    pub data: Cow<'a, str>,
    /// The event was longer than the reader keeps: `data` is only its beginning.
    pub cut: bool,
    /// It consists of `data` lines alone, as far as it is kept. Not every client reads others.
    pub plain: bool,
}

impl<'a> Event<'a> {
    /// Reads the lines of one event. `None` when they have no `data` field, as the standard dispatches nothing then.
    pub(crate) fn parse(block: &'a [u8], cut: bool) -> Option<Self> {
        let mut name = None;
        let mut data: Option<Cow<'a, str>> = None;
        let mut plain = true;
        for line in Lines(block) {
            let (field, value) = match line.iter().position(|byte| *byte == b':') {
                Some(colon) => {
                    let value = &line[colon + 1..];
                    (&line[..colon], value.strip_prefix(b" ").unwrap_or(value))
                }
                None => (line, &b""[..]),
            };
            plain &= field == b"data" || line.is_empty();
            match field {
                b"data" => {
                    let value = text(value);
                    match &mut data {
                        None => data = Some(value),
                        Some(data) => {
                            let data = data.to_mut();
                            data.push('\n');
                            data.push_str(&value);
                        }
                    }
                }
                b"event" => name = Some(text(value)),
                // A line that starts with a colon is a comment; `id`, `retry` and others mean nothing to us.
                _ => {}
            }
        }
        data.map(|data| Self { name: name.filter(|name| !name.is_empty()), data, cut, plain })
    }
}

/// Bytes as text. What is valid, as nearly all is, is checked in one go.
fn text(bytes: &[u8]) -> Cow<'_, str> {
    str::from_utf8(bytes).map_or_else(|_| String::from_utf8_lossy(bytes), Cow::Borrowed)
}

/// The lines of a block, without their ends.
struct Lines<'a>(&'a [u8]);

impl<'a> Iterator for Lines<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        if self.0.is_empty() {
            return None;
        }
        let Some(end) = memchr::memchr2(b'\n', b'\r', self.0) else {
            return Some(std::mem::take(&mut self.0));
        };
        let (line, rest) = (&self.0[..end], &self.0[end..]);
        self.0 = rest.strip_prefix(b"\r\n").unwrap_or(&rest[1..]);
        Some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_lines_are_joined_and_one_leading_space_goes() {
        let event = Event::parse(b"data:  a\ndata:b\r\ndata\n\n", false).unwrap();
        assert_eq!(event.data, " a\nb\n");
        assert_eq!(event.name, None);
        assert!(event.plain);
    }

    #[test]
    fn comments_and_unknown_fields_are_no_event() {
        assert_eq!(Event::parse(b": heartbeat\nid: 1\nretry: 5\n\n", false), None);
        assert_eq!(Event::parse(b"event: x\n\n", false), None);
    }

    #[test]
    fn the_name_is_read() {
        let event = Event::parse(b"event: response.completed\ndata: {}\n\n", false).unwrap();
        assert_eq!(event.name.as_deref(), Some("response.completed"));
        assert_eq!(Event::parse(b"event:\ndata: {}\n\n", false).unwrap().name, None, "the standard calls it message");
    }

    #[test]
    fn an_event_with_other_lines_is_not_plain() {
        for line in ["event: x", "id: 1", "id", "retry: 5", ": comment", "unknown"] {
            for block in [format!("{line}\ndata: a\n\n"), format!("data: a\r\n{line}\r\n\r\n")] {
                assert!(!Event::parse(block.as_bytes(), false).unwrap().plain, "{block:?}");
            }
        }
    }
}
