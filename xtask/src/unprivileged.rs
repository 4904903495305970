//! Programs that refuse to run as root: as another user, where root runs us.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
#[cfg(unix)]
use anyhow::{Context, bail};

/// Who they run as in root's place: the first of these that there is.
#[cfg(unix)]
const USERS: [&str; 2] = ["postgres", "nobody"];

#[cfg(unix)]
fn number(flags: &[&str]) -> Option<u32> {
    let output = crate::workspace::command("id").args(flags).output().ok()?;
    String::from_utf8(output.stdout).ok()?.trim().parse().ok()
}

/// The user's and the group's number; `None` unless root runs us.
#[cfg(unix)]
fn user() -> Result<Option<(u32, u32)>> {
    if number(&["-u"]) != Some(0) {
        return Ok(None);
    }
    let found = USERS.iter().find_map(|name| Some((number(&["-u", name])?, number(&["-g", name])?)));
    match found {
        Some(user) => Ok(Some(user)),
        None => bail!("Postgres refuses to run as root, and there is no user {} to run it as", USERS.join(" or ")),
    }
}

/// Has the program run as that user.
#[cfg(unix)]
pub(crate) fn run_as(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt;
    if let Some((user, group)) = user()? {
        command.uid(user).gid(group);
    }
    Ok(())
}

/// Makes the folder that user's own.
#[cfg(unix)]
pub(crate) fn give(folder: &Path) -> Result<()> {
    let Some((user, group)) = user()? else { return Ok(()) };
    let given = std::os::unix::fs::chown(folder, Some(user), Some(group));
    given.with_context(|| format!("cannot give {} to the user {user}", folder.display()))
}

/// Whether that user gets to the folder.
#[cfg(unix)]
pub(crate) fn reaches(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let is_open = |dir: &Path| dir.metadata().is_ok_and(|data| data.permissions().mode() & 0o001 != 0);
    user().is_ok_and(|user| user.is_none()) || folder.canonicalize().is_ok_and(|folder| folder.ancestors().all(is_open))
}

#[cfg(not(unix))]
pub(crate) fn run_as(_: &mut Command) -> Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn give(_: &Path) -> Result<()> {
    Ok(())
}

#[cfg(not(unix))]
pub(crate) fn reaches(_: &Path) -> bool {
    true
}
