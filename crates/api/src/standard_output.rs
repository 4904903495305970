//! What commands answer goes to standard output; logs go elsewhere.

use std::io::{self, Write as _};

/// Prints, and takes a reader that left (`| head`) as content.
pub(crate) fn print(text: &str) -> anyhow::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}
