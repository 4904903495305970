//! The head of an upstream's answer, and what it says of the body after it.

use std::mem::MaybeUninit;

use bytes::Bytes;
use http::{
    StatusCode,
    header::{self, HeaderName, HeaderValue},
};
use httparse::{ParserConfig, Status};

/// Longest head that is read, in bytes.
pub(super) const HEAD_MAX: usize = 128 * 1024;
/// Most header fields of a head.
const FIELDS_MAX: usize = 96;

/// What comes before a body.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) status: StatusCode,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) framing: Framing,
    /// The connection may be used again after the body.
    pub(super) is_kept: bool,
}

/// What ends a body (RFC 9112, section 6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes; none where none can follow.
    Length(u64),
    /// The last chunk.
    Chunked,
    /// The connection's end.
    UntilClose,
}

/// The index after the blank line that ends a head, given that none ends in the first `searched` bytes.
pub(super) fn find_end(bytes: &[u8], searched: usize) -> Option<usize> {
    // Some servers open with blank lines, which clients skip (RFC 9112, section 2.2).
    let start = bytes.iter().position(|byte| !matches!(byte, b'\r' | b'\n'))?;
    let from = searched.saturating_sub(2).max(start);
    (from..bytes.len()).find_map(|at| {
        let rest = bytes[at].eq(&b'\n').then(|| &bytes[at + 1..])?;
        match rest {
            [b'\n', ..] => Some(at + 2),
            [b'\r', b'\n', ..] => Some(at + 3),
            _ => None,
        }
    })
}

impl Head {
    /// Reads a whole head. `None`: it is an interim one (1xx), and the final one is to come.
    ///
    /// # Errors
    /// In words, when it isn't HTTP/1, or its framing can be read in two ways.
    pub(super) fn read(bytes: &Bytes) -> Result<Option<Self>, &'static str> {
        let mut fields = [const { MaybeUninit::uninit() }; FIELDS_MAX];
        let mut response = httparse::Response::new(&mut []);
        let mut parser = ParserConfig::default();
        parser.allow_spaces_after_header_name_in_responses(true);
        match parser.parse_response_with_uninit_headers(&mut response, bytes, &mut fields) {
            Ok(Status::Complete(_)) => {}
            Err(httparse::Error::TooManyHeaders) => return Err("its head has too many fields"),
            _ => return Err("what it sent isn't HTTP/1"),
        }
        let status = response.code.and_then(|code| StatusCode::from_u16(code).ok()).ok_or("its status isn't one")?;
        // 101 changes the protocol, which we never ask for: it is final, and refused as a status.
        if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
            return Ok(None);
        }
        let is_newer = response.version == Some(1);
        let mut headers = Vec::with_capacity(response.headers.len());
        for field in response.headers.iter() {
            let name = HeaderName::from_bytes(field.name.as_bytes()).map_err(|_| "a header's name isn't one")?;
            let value = HeaderValue::from_maybe_shared(bytes.slice_ref(field.value));
            headers.push((name, value.map_err(|_| "a header's value isn't one")?));
        }
        let framing = framing(status, is_newer, &headers)?;
        let is_kept = framing != Framing::UntilClose
            && status != StatusCode::SWITCHING_PROTOCOLS
            && !says(&headers, "close")
            && (is_newer || says(&headers, "keep-alive"));
        Ok(Some(Self { status, headers, framing, is_kept }))
    }
}

/// What ends the body after these headers. Two lengths, or a length and chunks, are no answer: who looks at the other one
/// of them sees another end.
fn framing(status: StatusCode, is_newer: bool, headers: &[(HeaderName, HeaderValue)]) -> Result<Framing, &'static str> {
    if matches!(status, StatusCode::SWITCHING_PROTOCOLS | StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
        return Ok(Framing::Length(0));
    }
    let mut found = None;
    for (name, value) in headers {
        let one = if *name == header::CONTENT_LENGTH {
            let length = value.to_str().ok().map(str::trim).filter(|length| !length.starts_with('+'));
            Framing::Length(length.and_then(|length| length.parse().ok()).ok_or("its Content-Length isn't one")?)
        } else if *name == header::TRANSFER_ENCODING && is_newer {
            match value.to_str().map(str::trim) {
                Ok(coding) if coding.eq_ignore_ascii_case("chunked") => Framing::Chunked,
                _ => return Err("its Transfer-Encoding isn't one that we read"),
            }
        } else {
            continue;
        };
        if found.replace(one).is_some() {
            return Err("its body's length is given twice");
        }
    }
    Ok(found.unwrap_or(Framing::UntilClose))
}

/// Whether a `Connection` header has this option.
fn says(headers: &[(HeaderName, HeaderValue)], option: &str) -> bool {
    let values =
        headers.iter().filter(|(name, _)| *name == header::CONNECTION).filter_map(|(_, value)| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(option))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(head: &str) -> Result<Option<Head>, &'static str> {
        let head = Bytes::from(head.replace('\n', "\r\n"));
        assert_eq!(find_end(&head, 0), Some(head.len()));
        Head::read(&head)
    }

    fn final_head(head: &str) -> Head {
        read(head).unwrap().unwrap()
    }

    #[test]
    fn an_answer_without_length_or_chunks_lasts_until_the_close() {
        let head = final_head("HTTP/1.1 200 OK\ncontent-type: text/event-stream\n\n");
        assert_eq!((head.framing, head.is_kept), (Framing::UntilClose, false));
        let head = final_head("HTTP/1.0 200 OK\ntransfer-encoding: chunked\nconnection: keep-alive\n\n");
        assert_eq!((head.framing, head.is_kept), (Framing::UntilClose, false));
    }

    #[test]
    fn what_ends_a_body_is_read_and_whether_its_connection_is_kept() {
        for (field, framing) in
            [("Content-Length: 3", Framing::Length(3)), ("transfer-encoding: Chunked", Framing::Chunked)]
        {
            let head = final_head(&format!("HTTP/1.1 200 OK\n{field}\n\n"));
            assert_eq!((head.framing, head.is_kept), (framing, true));
            assert!(!final_head(&format!("HTTP/1.1 200 OK\n{field}\nConnection: x, Close\n\n")).is_kept);
        }
        assert!(!final_head("HTTP/1.0 200 OK\ncontent-length: 3\n\n").is_kept);
        assert!(final_head("HTTP/1.0 200 OK\ncontent-length: 3\nconnection: keep-alive\n\n").is_kept);
        for status in [101, 204, 304] {
            let head = final_head(&format!("HTTP/1.1 {status} X\n\n"));
            assert_eq!((head.framing, head.is_kept), (Framing::Length(0), status != 101));
        }
    }

    #[test]
    fn interim_answers_are_told_from_final_ones() {
        assert!(read("HTTP/1.1 103 Early Hints\nlink: </a>\n\n").unwrap().is_none());
        assert!(read("HTTP/1.1 100 Continue\n\n").unwrap().is_none());
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_no_answer() {
        for fields in [
            "content-length: 3\ncontent-length: 3",
            "content-length: 3\ntransfer-encoding: chunked",
            "transfer-encoding: chunked\ntransfer-encoding: chunked",
            "transfer-encoding: gzip, chunked",
            "content-length: +3",
            "content-length: 3, 3",
            "content-length: ",
        ] {
            assert!(read(&format!("HTTP/1.1 200 OK\n{fields}\n\n")).is_err(), "{fields}");
        }
        assert!(read("HTTP/2 200 OK\n\n").is_err());
        assert!(read(&format!("HTTP/1.1 200 OK\n{}\n", "a: b\n".repeat(FIELDS_MAX + 1))).is_err());
    }

    #[test]
    fn the_end_of_a_head_is_found_however_it_is_cut() {
        let crlf = "\r\n\r\nHTTP/1.1 200 OK\r\na: b\r\n\r\nbody";
        for head in [crlf.to_owned(), crlf.replace('\r', ""), crlf.replace("b\r", "b")] {
            let (head, end) = (head.as_bytes(), head.len() - 4);
            for cut in 0..head.len() {
                let early = find_end(&head[..cut], 0);
                assert_eq!(early, (cut >= end).then_some(end));
                assert_eq!(find_end(head, if early.is_some() { 0 } else { cut }), Some(end));
            }
        }
    }
}
