//! Compresses the page's files: the work behind `dist` and the page's size in `tidy`.
//!
//! Behind a feature, and called as a verb of its own: the compressors take as long to compile as all else that `run` and
//! `test` wait for first.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use brotli::enc::BrotliEncoderParams;
use flate2::Compression;
use flate2::write::GzEncoder;

/// Files whose kinds shrink. Pictures and fonts are compressed already.
const SHRINKING: [&str; 8] = ["wasm", "js", "css", "html", "svg", "json", "txt", "webmanifest"];

/// Not for people: `page_size` and `dist` call it. `measure FOLDER` prints the brotli size of WASM and JS together; `twins FOLDER` writes `.br` and `.gz` beside each file.
pub(crate) fn main(args: &[String]) -> Result<ExitCode> {
    let [verb, folder] = args else { bail!("usage: compress measure|twins FOLDER") };
    let mut files = Vec::new();
    collect(Path::new(folder), &mut files)?;
    match verb.as_str() {
        "measure" => println!("{}", measure(&files)?),
        "twins" => files.iter().try_for_each(|file| write_twins(file))?,
        other => bail!("compress knows no `{other}`"),
    }
    Ok(ExitCode::SUCCESS)
}

fn measure(files: &[PathBuf]) -> Result<usize> {
    let code = files.iter().filter(|file| has_extension(file, &["wasm", "js"]));
    code.map(|file| Ok(brotli(&read(file)?)?.len())).sum()
}

fn write_twins(file: &Path) -> Result<()> {
    let content = read(file)?;
    for (suffix, small) in [("br", brotli(&content)?), ("gz", gzip(&content)?)] {
        let mut twin = file.as_os_str().to_owned();
        twin.push(format!(".{suffix}"));
        let twin = PathBuf::from(twin);
        // A twin that is no smaller would only cost the reader's time; one from an earlier build must not stay.
        if small.len() < content.len() {
            fs::write(&twin, small).with_context(|| format!("cannot write {}", twin.display()))?;
        } else {
            fs::remove_file(&twin).ok();
        }
    }
    Ok(())
}

fn collect(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| format!("cannot read {}", dir.display()))? {
        let path = entry.with_context(|| format!("cannot read {}", dir.display()))?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if has_extension(&path, &SHRINKING) {
            files.push(path);
        }
    }
    Ok(())
}

fn has_extension(file: &Path, extensions: &[&str]) -> bool {
    file.extension().and_then(|own| own.to_str()).is_some_and(|own| extensions.contains(&own))
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

/// Brotli's highest quality, with the largest window that every browser takes.
fn brotli(content: &[u8]) -> Result<Vec<u8>> {
    let params = BrotliEncoderParams { quality: 11, lgwin: 24, size_hint: content.len(), ..Default::default() };
    let mut small = Vec::new();
    brotli::BrotliCompress(&mut &content[..], &mut small, &params).context("brotli failed")?;
    Ok(small)
}

fn gzip(content: &[u8]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).and_then(|()| encoder.finish()).context("gzip failed")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_stand_beside_what_shrinks_and_only_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = |name: &str| dir.path().join(name);
        fs::write(path("a.js"), "let a = 1;\n".repeat(100)).unwrap();
        fs::write(path("tiny.js"), "1").unwrap();
        fs::write(path("tiny.js.br"), "from an earlier build").unwrap();
        fs::write(path("a.png"), "x".repeat(100)).unwrap();
        main(&["twins".to_owned(), dir.path().display().to_string()]).unwrap();
        assert!(path("a.js.br").exists() && path("a.js.gz").exists());
        assert!(!path("tiny.js.br").exists() && !path("a.png.br").exists());
    }

    #[test]
    fn only_code_is_measured() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.css"), "x".repeat(1000)).unwrap();
        let mut files = Vec::new();
        collect(dir.path(), &mut files).unwrap();
        assert_eq!(measure(&files).unwrap(), 0);
    }
}
