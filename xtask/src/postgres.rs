//! The Postgres that the tests run against: its programs are the machine's, its data lasts as long as the run.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, thread};

use anyhow::{Context, Result, bail};

use crate::apt::Need;
use crate::progress::Progress;
use crate::{unprivileged, workspace};

const NEED: Need = Need {
    what: "the tests of the cluster backend need the server of Postgres, 13 or later",
    name: "Postgres",
    // It makes a cluster of its own and starts it as a service; the tests leave that one alone.
    packages: "--no-install-recommends postgresql",
};
/// Where Debian puts each version, off the search path.
const VERSIONS: &str = "/usr/lib/postgresql";
const PROGRAMS: [&str; 3] = ["initdb", "postgres", "pg_ctl"];

/// Far beyond any start that works.
const START: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);
/// How often another port is tried when somebody was quicker.
const PORTS: usize = 5;
/// The file that says that a folder's server has its run: held locked by the run, so it is free once that is gone.
const LOCK: &str = "lock";

/// Finds the folder with the server's programs, or installs Debian's when that is possible.
pub(crate) fn require(progress: &Progress) -> Result<PathBuf> {
    NEED.provide(progress, || on_path().or_else(|| newest(Path::new(VERSIONS))))
}

fn has_all(dir: &Path) -> bool {
    PROGRAMS.iter().all(|program| dir.join(program).is_file())
}

fn on_path() -> Option<PathBuf> {
    // Through links, since beside them lie the other programs.
    let found = fs::canonicalize(workspace::find_program("postgres")?).ok()?;
    found.parent().filter(|dir| has_all(dir)).map(Path::to_owned)
}

fn newest(versions: &Path) -> Option<PathBuf> {
    let entries = fs::read_dir(versions).ok()?.flatten();
    let version = |entry: fs::DirEntry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path()));
    let complete = entries.filter_map(version).map(|(version, dir)| (version, dir.join("bin")));
    complete.filter(|(_, dir)| has_all(dir)).max().map(|(_, dir)| dir)
}

/// How hard it tries to keep what is committed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kept {
    /// Not at all: for tests.
    Never,
    /// As Postgres does unless told otherwise: for figures.
    AsUsual,
}

/// A server with an empty cluster, for one run of the tests. It stops when this is dropped.
///
/// Whoever reaches it on the loopback interface is let in. Its folder, under
/// `target/postgres`, is named after this process and goes with the server; those of runs that were killed go at the next
/// start.
pub(crate) struct Server {
    child: Child,
    bin: PathBuf,
    home: PathBuf,
    port: u16,
    #[cfg_attr(not(test), expect(dead_code, reason = "held until the end"))]
    lock: File,
}

impl Server {
    /// Makes the cluster and starts the server.
    ///
    /// # Errors
    /// With what the server said, when one of them fails.
    pub(crate) fn start(bin: &Path, kept: Kept) -> Result<Self> {
        let homes = homes()?;
        sweep(bin, &homes)?;
        Self::start_in(bin, &homes, kept)
    }

    fn start_in(bin: &Path, homes: &Path, kept: Kept) -> Result<Self> {
        let home = homes.join(std::process::id().to_string());
        fs::create_dir_all(&home).with_context(|| format!("cannot create {}", home.display()))?;
        let lock = File::create(home.join(LOCK)).context("cannot create a lock for Postgres")?;
        lock.try_lock().context("cannot lock what was just created")?;
        unprivileged::give(&home)?;
        initdb(bin, &home)?;
        for _ in 0..PORTS {
            let port = free_port()?;
            let mut child = start(bin, &home, port, kept)?;
            match until_ready(&mut child, &home) {
                Ok(true) => return Ok(Self { child, bin: bin.to_owned(), home, port, lock }),
                Ok(false) => {}
                Err(error) => {
                    child.kill().ok();
                    child.wait().ok();
                    return Err(error);
                }
            }
        }
        bail!("Postgres doesn't start on any of {PORTS} free ports: {}", said(&home))
    }

    /// Where the database is in which others can be made, such as `postgres://postgres@127.0.0.1:40123/postgres`.
    pub(crate) fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if stop(&self.bin, &self.home).is_err() {
            self.child.kill().ok();
        }
        self.child.wait().ok();
        fs::remove_dir_all(&self.home).ok();
    }
}

/// The folder for the runs' folders: where whoever runs the server gets to.
fn homes() -> Result<PathBuf> {
    let target = workspace::root().join("target/postgres");
    fs::create_dir_all(&target).with_context(|| format!("cannot create {}", target.display()))?;
    let homes = if unprivileged::reaches(&target) { target } else { env::temp_dir().join("tollgate-postgres") };
    fs::create_dir_all(&homes).with_context(|| format!("cannot create {}", homes.display()))?;
    Ok(homes)
}

/// Stops the servers of runs that are gone, and removes their folders.
fn sweep(bin: &Path, homes: &Path) -> Result<()> {
    let entries = fs::read_dir(homes).with_context(|| format!("cannot read {}", homes.display()))?;
    for home in entries.flatten().map(|entry| entry.path()) {
        let Ok(lock) = File::open(home.join(LOCK)) else { continue };
        if lock.try_lock().is_err() {
            continue;
        }
        if is_running(&home) {
            stop(bin, &home)?;
        }
        fs::remove_dir_all(&home).with_context(|| format!("cannot remove {}", home.display()))?;
    }
    Ok(())
}

/// Whether the process that the cluster's folder names is its server, and not one that got the number later.
fn is_running(home: &Path) -> bool {
    let Ok(pid_file) = fs::read_to_string(data(home).join("postmaster.pid")) else { return false };
    let Some(pid) = pid_file.lines().next() else { return false };
    let command = fs::read(format!("/proc/{pid}/cmdline")).or_else(|_| {
        let ps = workspace::command("ps").args(["-ww", "-o", "command=", "-p", pid]).output();
        ps.map(|output| output.stdout)
    });
    command.is_ok_and(|command| String::from_utf8_lossy(&command).contains(&*data(home).to_string_lossy()))
}

fn data(home: &Path) -> PathBuf {
    home.join("data")
}

/// One of the server's programs, as a user that it runs as: it refuses root.
fn program(bin: &Path, name: &str, home: &Path) -> Result<Command> {
    let mut command = workspace::command(bin.join(name));
    command.current_dir(home).stdin(Stdio::null()).env("LC_ALL", "C");
    unprivileged::run_as(&mut command)?;
    Ok(command)
}

fn initdb(bin: &Path, home: &Path) -> Result<()> {
    let mut command = program(bin, "initdb", home)?;
    command.arg("-D").arg(data(home)).args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
    let output = command.output().context("cannot start initdb")?;
    if !output.status.success() {
        bail!("initdb failed: {}", String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(())
}

fn start(bin: &Path, home: &Path, port: u16, kept: Kept) -> Result<Child> {
    let log = File::create(home.join("log")).context("cannot write Postgres's log")?;
    let mut command = program(bin, "postgres", home)?;
    command.arg("-D").arg(data(home)).args(["-p", &port.to_string()]);
    // The socket lies in the cluster's own folder, named from there: a long path wouldn't fit.
    let settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=.", "max_connections=300"];
    let lasting: &[&str] = match kept {
        // Nothing of it is ever needed again.
        Kept::Never => &["fsync=off", "full_page_writes=off"],
        Kept::AsUsual => &[],
    };
    command.args(settings.iter().chain(lasting).flat_map(|setting| ["-c", setting]));
    command.stdout(log.try_clone().context("cannot write Postgres's log")?).stderr(log);
    command.spawn().context("cannot start postgres")
}

/// Waits until the server says so in its folder; false when it ended since its port was taken.
fn until_ready(child: &mut Child, home: &Path) -> Result<bool> {
    let since = Instant::now();
    loop {
        if child.try_wait().context("cannot wait for postgres")?.is_some() {
            let said = said(home);
            if said.contains("in use") {
                return Ok(false);
            }
            bail!("Postgres doesn't start: {said}");
        }
        let pid_file = fs::read_to_string(data(home).join("postmaster.pid")).unwrap_or_default();
        if pid_file.lines().nth(7).is_some_and(|status| status.trim() == "ready") {
            return Ok(true);
        }
        if since.elapsed() > START {
            bail!("Postgres isn't ready after {} s: {}", START.as_secs(), said(home));
        }
        thread::sleep(BETWEEN_LOOKS);
    }
}

fn said(home: &Path) -> String {
    fs::read_to_string(home.join("log")).unwrap_or_default().trim_end().to_owned()
}

/// Stops a cluster's server at once, by the process that its folder names, and waits for its end.
fn stop(bin: &Path, home: &Path) -> Result<()> {
    let mut command = program(bin, "pg_ctl", home)?;
    command.arg("stop").arg("-D").arg(data(home)).args(["-m", "immediate", "-w", "-t", "30"]);
    let output = command.output().context("cannot start pg_ctl")?;
    if !output.status.success() {
        bail!("cannot stop Postgres in {}: {}", home.display(), String::from_utf8_lossy(&output.stderr).trim_end());
    }
    Ok(())
}

fn free_port() -> Result<u16> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
    Ok(listener.local_addr().context("no free port")?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_with_all_its_programs_is_taken() {
        let versions = tempfile::tempdir().unwrap();
        for (version, programs) in [("9", &PROGRAMS[..]), ("15", &PROGRAMS[..]), ("16", &PROGRAMS[..1])] {
            let bin = versions.path().join(version).join("bin");
            fs::create_dir_all(&bin).unwrap();
            programs.iter().for_each(|program| drop(File::create(bin.join(program)).unwrap()));
        }
        assert_eq!(newest(versions.path()), Some(versions.path().join("15/bin")));
    }

    fn programs() -> PathBuf {
        let told = env::var_os("TOLLGATE_POSTGRES_BIN").map(PathBuf::from);
        let found = told.or_else(on_path).or_else(|| newest(Path::new(VERSIONS)));
        found.expect("Postgres's server: `cargo xtask test` installs it")
    }

    fn homes() -> tempfile::TempDir {
        let homes = tempfile::tempdir().unwrap();
        unprivileged::give(homes.path()).unwrap();
        homes
    }

    fn listens(port: u16) -> bool {
        std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
    }

    #[test]
    fn a_server_and_its_folder_go_with_the_run() {
        let (bin, homes) = (programs(), homes());
        let server = Server::start_in(&bin, homes.path(), Kept::Never).unwrap();
        let port = server.port;
        assert!(server.url().ends_with(&format!(":{port}/postgres")));
        assert!(listens(port));
        drop(server);
        assert!(!listens(port));
        assert_eq!(fs::read_dir(homes.path()).unwrap().count(), 0);
    }

    #[test]
    fn the_server_of_a_killed_run_is_stopped_and_that_of_another_left_alone() {
        let (bin, homes) = (programs(), homes());
        let mut server = Server::start_in(&bin, homes.path(), Kept::Never).unwrap();
        sweep(&bin, homes.path()).unwrap();
        assert!(listens(server.port), "a run that lasts lost its server");
        // As the kernel does with a process that ends.
        server.lock.unlock().unwrap();
        sweep(&bin, homes.path()).unwrap();
        assert!(!listens(server.port));
        assert_eq!(fs::read_dir(homes.path()).unwrap().count(), 0);
        server.child.wait().unwrap();
    }
}
