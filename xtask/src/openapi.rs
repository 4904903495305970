//! `cargo xtask openapi`: the API's description, as the server writes it, kept in the repository.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::progress::Progress;
use crate::workspace;

/// Writes the file, or compares it with what the server that `build` gives would write.
pub(crate) fn main(check: bool, build: impl FnOnce(&Progress) -> Result<PathBuf>) -> Result<()> {
    let document = Progress::show(|progress| {
        let binary = build(progress)?;
        let mut describe = workspace::command(binary);
        describe.arg("openapi");
        progress.run("describe the API", describe)
    })?;
    let file = workspace::root().join("openapi/openapi.json");
    // A checkout may have turned line ends.
    let kept = fs::read_to_string(&file).map(|text| text.replace("\r\n", "\n"));
    if kept.is_ok_and(|kept| kept == document) {
        eprintln!("openapi/openapi.json is up to date");
        return Ok(());
    }
    if check {
        bail!("openapi/openapi.json is stale: run `cargo xtask openapi` and commit the file");
    }
    fs::create_dir_all(workspace::root().join("openapi"))
        .and_then(|()| fs::write(&file, document))
        .with_context(|| format!("cannot write {}", file.display()))?;
    eprintln!("openapi/openapi.json is written");
    Ok(())
}
