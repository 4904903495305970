//! Server-sent events: cut a byte stream between events, read what they say, and write them.
//!
//! Pure, and with no dependency but `memchr`, so that the same code runs in the server and in the page (WASM).
//! The format is the one of the HTML standard, section 9.2.6 ("Interpreting an event stream"): lines end in LF, CRLF
//! or a lone CR, a blank line ends an event, and a BOM may stand at the very start.
//!
//! Two views of one stream:
//! - [`Splitter`] only says where events end. The relay uses it to pass the upstream's own bytes on, untouched, and to
//!   hold an unfinished event back.
//! - [`Reader`] gives each event's name and data. The page shows them, the relay looks for the end of the answer.
//!
//! Both take chunks of any size, need time linear in the bytes, and keep bounded memory.

mod ends;
mod event;
mod reader;
mod splitter;
mod write;

pub use event::Event;
pub use reader::Reader;
pub use splitter::Splitter;
pub use write::{data, named};
