//! Takes a chunked body (RFC 9112, section 7.1) out of its chunks: all of a read at once, however it is cut.

use bytes::BytesMut;

/// Most bytes of chunk extensions and trailers, of a body together: they mean nothing to us.
const UNREAD_MAX: usize = 16 * 1024;

/// A chunked body, as far as it was read.
#[derive(Debug)]
pub(super) struct Chunks {
    at: At,
    /// So many bytes were skipped.
    unread: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// The digits of a chunk's size.
    Size {
        size: u64,
        has_digits: bool,
    },
    /// What follows them on their line.
    Extension {
        size: u64,
    },
    /// The LF of that line.
    SizeEnd {
        size: u64,
    },
    /// So many bytes of a chunk are to come.
    Data(u64),
    /// The line end after a chunk.
    DataCr,
    DataLf,
    /// A line after the last chunk.
    Trailer {
        is_empty: bool,
    },
    TrailerLf {
        is_empty: bool,
    },
    End,
}

const NEW_CHUNK: At = At::Size { size: 0, has_digits: false };

/// What a body is that breaks the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Malformed;

impl Chunks {
    pub(super) fn new() -> Self {
        Self { at: NEW_CHUNK, unread: 0 }
    }

    /// The last chunk and all that follows it was read.
    pub(super) fn is_over(&self) -> bool {
        self.at == At::End
    }

    /// Adds to `out` what these bytes hold of the body, and returns how many of them belong to it: all, unless it ends in
    /// them.
    ///
    /// # Errors
    /// When they break the rules.
    pub(super) fn read(&mut self, bytes: &[u8], out: &mut BytesMut) -> Result<usize, Malformed> {
        let mut used = 0;
        while used < bytes.len() && !self.is_over() {
            if let At::Data(left) = self.at {
                let here = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len() - used);
                out.extend_from_slice(&bytes[used..used + here]);
                used += here;
                let left = left - here as u64;
                self.at = if left == 0 { At::DataCr } else { At::Data(left) };
            } else {
                self.line(bytes[used])?;
                used += 1;
            }
        }
        Ok(used)
    }

    /// Takes one byte of what stands around the chunks.
    fn line(&mut self, byte: u8) -> Result<(), Malformed> {
        self.at = match (self.at, byte) {
            (At::Size { size, has_digits: true }, b'\r') => At::SizeEnd { size },
            (At::Size { size, has_digits: true }, b';' | b' ' | b'\t') => At::Extension { size },
            (At::Size { size, .. }, digit) => {
                let digit = char::from(digit).to_digit(16).ok_or(Malformed)?;
                let size = size.checked_mul(16).ok_or(Malformed)? | u64::from(digit);
                At::Size { size, has_digits: true }
            }
            (At::Extension { size }, b'\r') => At::SizeEnd { size },
            (At::Extension { .. }, b'\n') => return Err(Malformed),
            (At::Extension { .. }, _) => return self.skip(),
            (At::SizeEnd { size: 0 }, b'\n') => At::Trailer { is_empty: true },
            (At::SizeEnd { size }, b'\n') => At::Data(size),
            (At::DataCr, b'\r') => At::DataLf,
            (At::DataLf, b'\n') => NEW_CHUNK,
            (At::Trailer { is_empty }, b'\r') => At::TrailerLf { is_empty },
            (At::Trailer { .. }, b'\n') => return Err(Malformed),
            (At::Trailer { .. }, _) => {
                self.at = At::Trailer { is_empty: false };
                return self.skip();
            }
            (At::TrailerLf { is_empty: true }, b'\n') => At::End,
            (At::TrailerLf { is_empty: false }, b'\n') => At::Trailer { is_empty: true },
            _ => return Err(Malformed),
        };
        Ok(())
    }

    fn skip(&mut self) -> Result<(), Malformed> {
        self.unread += 1;
        if self.unread > UNREAD_MAX { Err(Malformed) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "4;name=\"v\"\r\n\r\n\r\n\r\n00000A \r\n0123456789\r\n1\r\n.\r\n0\r\nx: y\r\nz: 0\r\n\r\n";

    /// The body that these pieces hold, and how many bytes follow it.
    fn read(pieces: &[&[u8]]) -> Result<(Vec<u8>, bool, usize), Malformed> {
        let (mut chunks, mut out, mut after) = (Chunks::new(), BytesMut::new(), 0);
        for piece in pieces {
            after += piece.len() - chunks.read(piece, &mut out)?;
        }
        Ok((out.to_vec(), chunks.is_over(), after))
    }

    #[test]
    fn a_body_comes_out_of_its_chunks_however_they_are_cut() {
        let (bytes, whole) = (format!("{BODY}next").into_bytes(), b"\r\n\r\n0123456789.".to_vec());
        let expected = Ok((whole, true, 4));
        assert_eq!(read(&[&bytes]), expected);
        for cut in 0..bytes.len() {
            assert_eq!(read(&[&bytes[..cut], &bytes[cut..]]), expected, "{cut}");
        }
        assert_eq!(read(&bytes.chunks(1).collect::<Vec<_>>()), expected);
    }

    #[test]
    fn a_body_that_stops_before_its_end_is_not_over() {
        for cut in 0..BODY.len() {
            assert!(!read(&[&BODY.as_bytes()[..cut]]).unwrap().1, "{cut}");
        }
    }

    #[test]
    fn what_breaks_the_rules_is_refused() {
        for odd in [
            "\r\n",
            "x\r\n",
            "-1\r\n",
            "1\n",
            "1\r.",
            "1\r\nab",
            "1\r\na\n",
            "1;\n",
            "0\r\n\n",
            "0\r\nx: y\n",
            "fffffffffffffffff\r\n",
            " 1\r\n",
        ] {
            assert_eq!(read(&[odd.as_bytes()]), Err(Malformed), "{odd:?}");
        }
        let long = "x".repeat(UNREAD_MAX + 1);
        assert_eq!(read(&[format!("1;{long}").as_bytes()]), Err(Malformed));
        assert_eq!(read(&[format!("0\r\n{long}").as_bytes()]), Err(Malformed));
    }
}
