//! Decodes request bodies that were sent compressed (RFC 9110, section 8.4), never to more than a bound.

use std::io::{self, Read};

use actix_web::{
    http::header::{self, HeaderMap},
    web::{self, Bytes},
};
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

/// What we decode, as `Accept-Encoding` names it. Brotli isn't among it: its dictionary alone is 120 KB, and no client
/// of this API sends it.
pub const ACCEPTED: &str = "gzip, deflate, zstd";

/// Largest window that a zstd frame may ask for, as a power of two: the 8 MiB that decoders must support (RFC 8878, section
/// 3.1.1.1.2). It is memory before a byte of the body is there.
const WINDOW_LOG_MAX: u32 = 23;

/// Bodies of up to so many bytes are decoded at once, larger ones beside what else the worker does.
const AT_ONCE_MAX: usize = 4 * 1024;

/// How a body is coded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// Not at all.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 1950, and what some senders take it for, RFC 1951.
    Deflate,
    /// RFC 8878.
    Zstd,
}

/// Why a body can't be decoded.
#[derive(Debug, PartialEq, Eq)]
pub enum Undecodable {
    /// It becomes more than the bound.
    TooLarge,
    /// It isn't what its coding says.
    WronglyCoded,
}

impl Coding {
    /// The coding that a message's headers name; `None` for one, or more than one, that isn't decoded here.
    pub fn of(headers: &HeaderMap) -> Option<Self> {
        let mut coding = Self::Identity;
        for value in headers.get_all(header::CONTENT_ENCODING) {
            for name in value.to_str().ok()?.split(',') {
                let named = match name.trim().to_ascii_lowercase().as_str() {
                    "" | "identity" => continue,
                    "gzip" | "x-gzip" => Self::Gzip,
                    "deflate" => Self::Deflate,
                    "zstd" => Self::Zstd,
                    _ => return None,
                };
                if coding != Self::Identity {
                    return None;
                }
                coding = named;
            }
        }
        Some(coding)
    }

    /// The body without its coding, at most `most` bytes.
    ///
    /// # Errors
    /// When it is longer, or isn't coded so.
    pub async fn decode(self, body: Bytes, most: usize) -> Result<Bytes, Undecodable> {
        if self == Self::Identity || body.len() <= AT_ONCE_MAX {
            return self.decoded(body, most);
        }
        web::block(move || self.decoded(body, most)).await.unwrap_or(Err(Undecodable::WronglyCoded))
    }

    fn decoded(self, body: Bytes, most: usize) -> Result<Bytes, Undecodable> {
        let wrong = |_: io::Error| Undecodable::WronglyCoded;
        match self {
            Self::Identity => Ok(body),
            Self::Gzip => bounded(MultiGzDecoder::new(&body[..]), most).map_err(wrong)?,
            Self::Deflate => match bounded(ZlibDecoder::new(&body[..]), most) {
                Ok(decoded) => decoded,
                Err(_) => bounded(DeflateDecoder::new(&body[..]), most).map_err(wrong)?,
            },
            Self::Zstd => {
                let mut decoder = zstd::Decoder::with_buffer(&body[..]).map_err(wrong)?;
                decoder.window_log_max(WINDOW_LOG_MAX).map_err(wrong)?;
                bounded(decoder, most).map_err(wrong)?
            }
        }
    }
}

/// Reads to the end, or up to the first byte too many.
fn bounded(decoder: impl Read, most: usize) -> io::Result<Result<Bytes, Undecodable>> {
    let mut decoded = Vec::new();
    decoder.take((most as u64).saturating_add(1)).read_to_end(&mut decoded)?;
    Ok(if decoded.len() > most { Err(Undecodable::TooLarge) } else { Ok(decoded.into()) })
}
