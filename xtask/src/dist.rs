//! `cargo xtask dist`: one release binary with the page inside.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::progress::{self, Progress};
use crate::{page_size, prepare, server, workspace};

pub(crate) fn main() -> Result<()> {
    let since = Instant::now();
    let built = Progress::show(|progress| {
        prepare::page_and(progress, || Ok(()))?;
        page_size::write_twins(progress)?;
        let mut build = workspace::cargo(&["build", "--locked", "--release", "-p", "api", "--bin", "tollgate"]);
        build.args(["--features", "embed-page,aws"]);
        progress.run("build the release", build)?;
        server::binary("release")
    })?;
    let name = built.file_name().context("the server's binary has no name")?;
    let dir = workspace::root().join("target/dist");
    let (fresh, dist) = (dir.join("fresh"), dir.join(name));
    fs::create_dir_all(&dir)
        .and_then(|()| fs::copy(&built, &fresh))
        .and_then(|_| fs::rename(&fresh, &dist))
        .with_context(|| format!("cannot write {}", dist.display()))?;
    let bytes = fs::metadata(&dist).with_context(|| format!("cannot read {}", dist.display()))?.len();
    let tenths = bytes / 100_000;
    eprintln!("{} built", progress::elapsed(since));
    println!("{}  {}.{} MB", dist.display(), tenths / 10, tenths % 10);
    Ok(())
}
