//! Postgres's processes: started as a user that it accepts, and ended all at once.

use std::{
    fs,
    os::unix::{fs::chown, process::CommandExt},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::{Gid, Pid, Uid, User},
};

use crate::{environment::postgres_programs, wait_until};

/// Whom the server runs as in root's place, which it refuses: the first of these that there is.
const USERS: [&str; 2] = ["postgres", "nobody"];

/// `None` unless the tests run as root.
fn user() -> Option<(Uid, Gid)> {
    if !Uid::effective().is_root() {
        return None;
    }
    let found = USERS.iter().find_map(|name| User::from_name(name).ok().flatten());
    let user =
        found.unwrap_or_else(|| panic!("Postgres refuses to run as root: it needs a user {}", USERS.join(" or ")));
    Some((user.uid, user.gid))
}

/// Makes the folder that user's own.
pub(super) fn give(folder: &Path) {
    if let Some((user, group)) = user() {
        chown(folder, Some(user.as_raw()), Some(group.as_raw())).expect("root can give a folder away");
    }
}

/// One of Postgres's programs, with its output on pipes.
pub(super) fn program(name: &str, home: &Path) -> Command {
    let mut command = Command::new(postgres_programs().join(name));
    command
        .current_dir(home)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if let Some((user, group)) = user() {
        command.uid(user.as_raw()).gid(group.as_raw());
    }
    command
}

pub(super) fn signal(child: &Child, signal: Signal) {
    // Not waited for yet, so the number is still its own.
    kill(pid(child), signal).expect("a child takes a signal");
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(child.id().try_into().expect("a process's number"))
}

/// Kills the server and all that it has started, as a machine does that goes down: killed alone, it would leave backends
/// behind that go on to commit. Returns when none of them runs.
pub(super) async fn kill_all(server: &mut Child) {
    // Stopped first, so that it starts no other meanwhile.
    signal(server, Signal::SIGSTOP);
    wait_until("Postgres stands still", || async { (state(pid(server)) == Some('T')).then_some(()) }).await;
    let children = children(pid(server));
    signal(server, Signal::SIGKILL);
    for child in &children {
        // One may have come to its end by itself.
        let _ = kill(*child, Signal::SIGKILL);
    }
    server.wait().expect("a child to wait for");
    for child in children {
        // Whoever inherits them may take its time to bury the dead.
        wait_until("Postgres's processes are gone", || async {
            matches!(state(child), None | Some('Z' | 'X')).then_some(())
        })
        .await;
    }
}

fn children(parent: Pid) -> Vec<Pid> {
    let entries = fs::read_dir("/proc").expect("Linux's /proc, by which the server's processes are found").flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).map(Pid::from_raw);
    pids.filter(|pid| stat(*pid).is_some_and(|(_, of)| of == parent)).collect()
}

/// How a process is, in a letter: `T` is stopped, `Z` is dead.
fn state(pid: Pid) -> Option<char> {
    stat(pid).map(|(state, _)| state)
}

/// State and parent.
fn stat(pid: Pid) -> Option<(char, Pid)> {
    let text = fs::read_to_string(PathBuf::from(format!("/proc/{pid}/stat"))).ok()?;
    // After the program's name, which is in parentheses and may hold any.
    let mut rest = text.rsplit_once(") ")?.1.split(' ');
    Some((rest.next()?.chars().next()?, Pid::from_raw(rest.next()?.parse().ok()?)))
}
