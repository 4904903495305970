//! What is installed into a folder of its own under `target`, once for what pins it.

use std::collections::hash_map::DefaultHasher;
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::progress::Progress;
use crate::workspace;

const LOCK: &str = "lock";
const STAMP: &str = "installed";

/// Lets `install` fill the folder, unless what these files and the tool's own version pin is there already.
pub(crate) fn once(
    progress: &Progress,
    dir: &Path,
    pinning: &[PathBuf],
    tool_version: &str,
    install: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let _lock = lock(progress, dir)?;
    let stamp = stamp(pinning, tool_version)?;
    let stamp_file = dir.join(STAMP);
    if fs::read_to_string(&stamp_file).is_ok_and(|old| old == stamp) {
        return Ok(());
    }
    clear(dir).with_context(|| format!("cannot empty {}", dir.display()))?;
    install()?;
    fs::write(&stamp_file, stamp).with_context(|| format!("cannot write {}", stamp_file.display()))
}

/// Two `cargo xtask` in this checkout don't install the same at once.
fn lock(progress: &Progress, dir: &Path) -> Result<File> {
    let path = dir.join(LOCK);
    let file = fs::create_dir_all(dir).and_then(|()| File::create(&path));
    let file = file.with_context(|| format!("cannot write {}", path.display()))?;
    if file.try_lock().is_err() {
        let name = dir.strip_prefix(workspace::root()).unwrap_or(dir).display();
        progress.line(&format!("waiting for another `cargo xtask` that installs into {name}"));
        file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(file)
}

/// Changes with what is pinned, with the tool that installs, and with the checkout's folder, since Python's environments
/// can't be moved.
fn stamp(pinning: &[PathBuf], tool_version: &str) -> Result<String> {
    let mut hasher = DefaultHasher::new();
    (tool_version, workspace::root()).hash(&mut hasher);
    for file in pinning {
        fs::read(file).with_context(|| format!("cannot read {}", file.display()))?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// What is half there, or of other versions, is never mixed with the new. The stamp goes first, and the lock stays.
fn clear(dir: &Path) -> std::io::Result<()> {
    fs::remove_file(dir.join(STAMP)).ok();
    for entry in fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() && !path.is_symlink() {
            fs::remove_dir_all(&path)?;
        } else if path != dir.join(LOCK) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Installs into `dir` what `pin` says; whether anything was done.
    fn install(dir: &Path, pin: &Path) -> bool {
        let mut done = false;
        let work = || {
            done = true;
            assert!(!dir.join("old").exists(), "the old is gone before the new comes");
            Ok(fs::write(dir.join("old"), "")?)
        };
        Progress::show(|progress| once(progress, dir, &[pin.to_owned()], "1", work)).unwrap();
        done
    }

    #[test]
    fn what_is_pinned_is_installed_once_and_anew_when_the_pin_changes() {
        let temporary = tempfile::TempDir::new().unwrap();
        let (dir, pin) = (temporary.path().join("installed-here"), temporary.path().join("pin"));
        fs::write(&pin, "one").unwrap();
        assert!(install(&dir, &pin));
        assert!(!install(&dir, &pin));
        fs::write(&pin, "two").unwrap();
        assert!(install(&dir, &pin));
    }

    #[test]
    fn what_failed_half_way_is_installed_again() {
        let temporary = tempfile::TempDir::new().unwrap();
        let (dir, pin) = (temporary.path().join("installed-here"), temporary.path().join("pin"));
        fs::write(&pin, "one").unwrap();
        let fail = || {
            fs::write(dir.join("old"), "")?;
            anyhow::bail!("half way")
        };
        assert!(Progress::show(|progress| once(progress, &dir, std::slice::from_ref(&pin), "1", fail)).is_err());
        assert!(install(&dir, &pin));
    }
}
