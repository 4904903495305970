//! How large the page is for those who load it, and the twins of its files.

use anyhow::{Context, Result};

use crate::progress::Progress;
use crate::workspace;

/// Bytes of the page's WASM and JS together, brotli-compressed.
pub(crate) fn measure(progress: &Progress) -> Result<usize> {
    let printed = compress(progress, "measure", "weigh the page")?;
    printed.trim().parse().with_context(|| format!("`compress measure` printed no number: {printed}"))
}

/// Writes `.br` and `.gz` beside each of the page's files.
pub(crate) fn write_twins(progress: &Progress) -> Result<()> {
    compress(progress, "twins", "compress the page").map(drop)
}

/// Calls this crate with its compressors compiled in.
fn compress(progress: &Progress, verb: &str, step: &str) -> Result<String> {
    let mut command =
        workspace::cargo(&["run", "--locked", "-p", "xtask", "--features", "compress", "--", "compress", verb]);
    command.arg(workspace::page_dir());
    progress.run(step, command)
}
