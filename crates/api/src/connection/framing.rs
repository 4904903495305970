//! Where the heads and bodies of a caller's requests lie in its bytes, and whether their lines end as they must.
//!
//! actix-http takes a bare LF for a line's end (RFC 9112, section 2.2, allows that), as some proxies do and others don't:
//! where two readers see two different requests, one of them can be smuggled. Here it is refused. And actix-http answers
//! `Expect: 100-continue` before anybody looked at the request; the header is made unknown to it, and the server asks
//! for the body itself, when it wants it.

use httparse::{EMPTY_HEADER, Header, Request, Status};

/// Longest head that is looked at, in bytes; actix-http's own limit, which then refuses it.
const HEAD_MAX: usize = 131_072;
/// Most header fields of a head; actix-http's own limit.
const FIELDS_MAX: usize = 96;
/// What `expect` becomes: as long, and known to nobody but the request that has it.
pub(super) const UNKNOWN_NAME: &str = "x-pect";

/// What makes actix-http refuse the request, in whatever part of it: neither does a CR stand alone, nor is there a NUL.
pub(super) const REFUSED: &[u8] = b"\r\0";

/// What is known of bytes that were looked at.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reading {
    /// So many of them may be handed on.
    pub(super) pass: usize,
    /// What follows these.
    pub(super) rest: Rest,
}

/// What follows the bytes that may be handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing.
    Nothing,
    /// The beginning of a head: to be held, and shown again from its start with what comes next.
    HalfHead,
    /// A line that ends in a bare LF: nothing more may be handed on.
    Refused,
}

/// Follows a caller's bytes through its requests.
#[derive(Debug)]
pub(super) struct Framing {
    at: At,
    expects: bool,
}

#[derive(Debug, Clone, Copy)]
enum At {
    /// A head, of which so many bytes were searched; the line that they end in began at `line`.
    Head { searched: usize, line: usize },
    /// So many bytes of a body are to come.
    Body(u64),
    /// The line with a chunk's size, as far as it was read.
    ChunkSize { size: u64, digits: bool, line: Line },
    /// So many bytes of a chunk are to come.
    Chunk(u64),
    /// The line end after a chunk.
    ChunkEnd(Line),
    /// The lines after the last chunk.
    Trailer(Line),
    /// What can't be followed, because it will be refused or speaks another protocol: handed on as it is.
    Unknown,
}

/// A line of a chunked body, as far as it was read.
#[derive(Debug, Clone, Copy, Default)]
struct Line {
    is_empty: bool,
    after_cr: bool,
}

const NEW_LINE: Line = Line { is_empty: true, after_cr: false };
const NEW_HEAD: At = At::Head { searched: 0, line: 0 };

/// What a byte does to a line.
enum Step {
    On,
    /// The line ended with it, as it must.
    End,
    /// It is a bare LF.
    Refused,
    /// It is a bare CR, which actix-http refuses.
    Unknown,
}

impl Line {
    fn take(&mut self, byte: u8) -> Step {
        match (byte, self.after_cr) {
            (b'\n', true) => return Step::End,
            (b'\n', false) => return Step::Refused,
            (_, true) => return Step::Unknown,
            (b'\r', false) => self.after_cr = true,
            (_, false) => self.is_empty = false,
        }
        Step::On
    }
}

impl Framing {
    pub(super) fn new() -> Self {
        Self { at: NEW_HEAD, expects: false }
    }

    /// Whether a head with `Expect: 100-continue` went by since this was last asked.
    pub(super) fn take_expectation(&mut self) -> bool {
        std::mem::take(&mut self.expects)
    }

    /// Looks at the next bytes. They may be changed, in the name of one header.
    pub(super) fn look(&mut self, bytes: &mut [u8]) -> Reading {
        let mut pass = 0;
        while pass < bytes.len() {
            let next = &mut bytes[pass..];
            let (read, rest) = match self.at {
                At::Head { searched, line } => self.head(searched, line, next),
                At::Body(left) => (self.skip(left, next, At::Body, NEW_HEAD), Rest::Nothing),
                At::Chunk(left) => (self.skip(left, next, At::Chunk, At::ChunkEnd(NEW_LINE)), Rest::Nothing),
                At::ChunkSize { .. } | At::ChunkEnd(_) | At::Trailer(_) => self.chunk_line(next[0]),
                At::Unknown => (next.len(), Rest::Nothing),
            };
            pass += read;
            if rest != Rest::Nothing {
                return Reading { pass, rest };
            }
        }
        Reading { pass, rest: Rest::Nothing }
    }

    fn head(&mut self, mut searched: usize, mut line: usize, bytes: &mut [u8]) -> (usize, Rest) {
        while let Some(found) = bytes[searched..].iter().position(|byte| *byte == b'\n') {
            let lf = searched + found;
            if lf == 0 || bytes[lf - 1] != b'\r' {
                self.at = At::Unknown;
                return (0, Rest::Refused);
            }
            let (is_blank, is_first) = (lf == line + 1, line == 0);
            (searched, line) = (lf + 1, lf + 1);
            if is_blank && is_first {
                // Blank lines before a request are skipped (RFC 9112, section 2.2).
                self.at = NEW_HEAD;
                return (lf + 1, Rest::Nothing);
            }
            if is_blank {
                self.body_after(&mut bytes[..line]);
                return (line, Rest::Nothing);
            }
        }
        if bytes.len() > HEAD_MAX {
            self.at = At::Unknown;
            return (bytes.len(), Rest::Nothing);
        }
        self.at = At::Head { searched: bytes.len(), line };
        (0, Rest::HalfHead)
    }

    /// Reads from a head what follows it, and makes an expectation unknown.
    fn body_after(&mut self, head: &mut [u8]) {
        let start = head.as_ptr() as usize;
        let mut fields = [EMPTY_HEADER; FIELDS_MAX];
        let mut request = Request::new(&mut fields);
        self.at = At::Unknown;
        if !matches!(request.parse(head), Ok(Status::Complete(_))) || request.method == Some("CONNECT") {
            return;
        }
        let fields =
            |name: &'static str| request.headers.iter().filter(move |field| field.name.eq_ignore_ascii_case(name));
        let text = |field: &Header<'_>| String::from_utf8_lossy(field.value).trim().to_ascii_lowercase();
        let first = |name| fields(name).next().map(text);
        self.at = match (first("transfer-encoding"), first("content-length")) {
            (Some(coding), _) if coding.ends_with("chunked") => AT_CHUNK_SIZE,
            (Some(_), _) => return,
            // The one other protocol that actix-http would speak, where the body isn't chunked.
            _ if fields("upgrade").any(|field| text(field) == "websocket") => return,
            (None, Some(length)) => match length.parse() {
                Ok(0) => NEW_HEAD,
                Ok(length) => At::Body(length),
                Err(_) => return,
            },
            (None, None) => NEW_HEAD,
        };
        let is_modern = request.version == Some(1);
        let expected = fields("expect").map(|field| (field.name.as_ptr() as usize - start, text(field)));
        let expected: Vec<_> = expected.collect();
        for (at, value) in expected {
            let asks = value.split(',').any(|one| one.trim() == "100-continue");
            self.expects |= asks && is_modern && !matches!(self.at, At::Head { .. });
            head[at..at + UNKNOWN_NAME.len()].copy_from_slice(UNKNOWN_NAME.as_bytes());
        }
    }

    fn skip(&mut self, left: u64, bytes: &[u8], more: impl Fn(u64) -> At, then: At) -> usize {
        let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
        let left = left - here as u64;
        self.at = if left == 0 { then } else { more(left) };
        here
    }

    /// Takes one byte of a line of a chunked body.
    fn chunk_line(&mut self, byte: u8) -> (usize, Rest) {
        let (At::ChunkSize { line, .. } | At::ChunkEnd(line) | At::Trailer(line)) = &mut self.at else {
            return (1, Rest::Nothing);
        };
        match line.take(byte) {
            Step::Refused => {
                self.at = At::Unknown;
                return (0, Rest::Refused);
            }
            Step::Unknown => self.at = At::Unknown,
            Step::On => self.digit(byte),
            Step::End => {
                self.at = match self.at {
                    At::ChunkSize { line: Line { is_empty: true, .. }, .. } => At::Unknown,
                    At::ChunkSize { size: 0, .. } => At::Trailer(NEW_LINE),
                    At::ChunkSize { size, .. } => At::Chunk(size),
                    At::ChunkEnd(Line { is_empty: true, .. }) => AT_CHUNK_SIZE,
                    At::Trailer(Line { is_empty: true, .. }) => NEW_HEAD,
                    At::Trailer(_) => At::Trailer(NEW_LINE),
                    _ => At::Unknown,
                }
            }
        }
        (1, Rest::Nothing)
    }

    fn digit(&mut self, byte: u8) {
        let At::ChunkSize { size, digits, .. } = &mut self.at else { return };
        let digit = char::from(byte).to_digit(16).filter(|_| *digits);
        *digits = digit.is_some();
        if let Some(digit) = digit {
            match size.checked_mul(16) {
                Some(more) => *size = more + u64::from(digit),
                None => self.at = At::Unknown,
            }
        }
    }
}

const AT_CHUNK_SIZE: At = At::ChunkSize { size: 0, digits: true, line: NEW_LINE };

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

    /// What is handed on of these pieces, shown as the socket shows them, and how it ended.
    fn handed_on(pieces: &[&[u8]]) -> (String, Rest, bool) {
        let (mut framing, mut held, mut out) = (Framing::new(), Vec::new(), Vec::new());
        let (mut last, mut expects) = (Rest::Nothing, false);
        for piece in pieces {
            held.extend_from_slice(piece);
            let Reading { pass, rest } = framing.look(&mut held);
            out.extend(held.drain(..pass));
            expects |= framing.take_expectation();
            last = rest;
            if rest == Rest::Refused {
                break;
            }
        }
        (String::from_utf8(out).unwrap(), last, expects)
    }

    fn whole_and_in_bytes(text: &str) -> (String, Rest, bool) {
        let whole = handed_on(&[text.as_bytes()]);
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(handed_on(&bytes), whole, "{text:?}");
        whole
    }

    #[test]
    fn requests_pass_as_they_are_one_after_the_other() {
        let posts = "POST / HTTP/1.1\r\ncontent-length: 4\r\n\r\n\n\n\n\n\r\n\r\nPOST / HTTP/1.1\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n\
                     4;a=\"b\"\r\n\n\n\n\n\r\n00\r\nx: y\r\n\r\n";
        let text = format!("{PLAIN}{posts}{PLAIN}");
        assert_eq!(whole_and_in_bytes(&text), (text.clone(), Rest::Nothing, false));
        let half = format!("{PLAIN}GET / HTTP");
        assert_eq!(whole_and_in_bytes(&half), (PLAIN.to_owned(), Rest::HalfHead, false));
    }

    #[test]
    fn a_bare_lf_is_refused_wherever_a_line_ends() {
        let chunked = "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n";
        for (start, rest) in [
            ("", "GET / HTTP/1.1\n\n"),
            ("", "GET / HTTP/1.1\r\nhost: x\n\r\n"),
            ("", "GET / HTTP/1.1\r\nhost: x\r\n\n"),
            ("", "\nGET / HTTP/1.1\r\n\r\n"),
            (PLAIN, "GET / HTTP/1.1\n\n"),
            ("GET / HTTP/1.1\r\nupgrade: h2c\r\n\r\n", "GET / HTTP/1.1\n\n"),
        ] {
            assert_eq!(whole_and_in_bytes(&format!("{start}{rest}")), (start.to_owned(), Rest::Refused, false));
        }
        for (start, rest) in [
            ("2", "\n{}\r\n0\r\n\r\n"),
            ("2;a", "\n{}\r\n0\r\n\r\n"),
            ("2\r\n{}", "\n0\r\n\r\n"),
            ("2\r\n{}\r\n0", "\n\r\n"),
            ("0\r\nx: y", "\n\r\n"),
            ("0\r\n", "\n"),
        ] {
            let passed = format!("{chunked}{start}");
            assert_eq!(whole_and_in_bytes(&format!("{passed}{rest}")), (passed, Rest::Refused, false));
        }
    }

    #[test]
    fn an_expectation_is_made_unknown_where_a_body_follows() {
        let post = |name: &str| format!("POST / HTTP/1.1\r\n{name}: 100-continue\r\ncontent-length: 2\r\n\r\n{{}}");
        assert_eq!(whole_and_in_bytes(&post("Expect")), (post("x-pect"), Rest::Nothing, true));
        let twice = post("Expect: x, y\r\nEXPECT");
        let unknown = post("x-pect: x, y\r\nx-pect");
        assert_eq!(whole_and_in_bytes(&twice), (unknown, Rest::Nothing, true));
        // HTTP/1.0 knows no interim answer, and without a body there is nothing to ask for.
        assert!(!whole_and_in_bytes(&post("expect").replace("1.1", "1.0")).2);
        let get = PLAIN.replace("host: x", "expect: 100-continue");
        assert_eq!(whole_and_in_bytes(&get), (get.replace("expect", "x-pect"), Rest::Nothing, false));
    }

    #[test]
    fn what_cant_be_followed_passes_as_it_is() {
        for odd in [
            "nonsense\r\n\r\n\n",
            "GET / HTTP/1.1\r\nupgrade: WebSocket\r\n\r\n\n",
            "CONNECT x:1 HTTP/1.1\r\n\r\n\n",
            "POST / HTTP/1.1\r\ncontent-length: x\r\n\r\n\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n\n",
            "POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}more\r\n\n",
        ] {
            assert_eq!(whole_and_in_bytes(odd), (odd.to_owned(), Rest::Nothing, false));
        }
        let long = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(HEAD_MAX));
        assert_eq!(handed_on(&[long.as_bytes()]).0, long);
    }
}
