//! Runs programs, several at once if need be, and shows how far they are: on a terminal one line that changes, elsewhere
//! a line now and then. What they print is kept in a file; it is shown when they fail.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, IsTerminal, Read, Write};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::time_left::{self, State, Work};
use crate::{failure, workspace};

/// Between two looks at a program that runs.
const POLL: Duration = Duration::from_millis(25);
/// Between two changes of the line on a terminal.
const REDRAW: Duration = Duration::from_millis(200);
/// Between two lines where there is no terminal.
const LOG_EVERY: Duration = Duration::from_secs(20);
/// A step that was quicker than this isn't worth a line: nothing was to be done.
const WORTH_A_LINE: Duration = Duration::from_millis(1500);

/// The programs that run now, and the display of them.
pub(crate) struct Progress {
    steps: Mutex<BTreeMap<String, Step>>,
    /// What is to be done from nothing, and what of it is done. Locked after `steps`, never before.
    works: Mutex<Vec<(Work, bool)>>,
    since: Instant,
    stopped: AtomicBool,
    finished: AtomicBool,
    changed: Condvar,
    terminal: bool,
}

struct Step {
    since: Instant,
    compiled: usize,
    latest: String,
}

impl Progress {
    /// Runs `work` with the display on.
    pub(crate) fn show<T>(work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        let progress = Self {
            steps: Mutex::default(),
            works: Mutex::default(),
            since: Instant::now(),
            stopped: AtomicBool::new(false),
            finished: AtomicBool::new(false),
            changed: Condvar::new(),
            terminal: io::stderr().is_terminal() && !workspace::in_ci(),
        };
        thread::scope(|scope| {
            scope.spawn(|| progress.display());
            let result = work(&progress);
            {
                let _steps = progress.steps();
                progress.finished.store(true, Ordering::Release);
            }
            progress.changed.notify_all();
            result
        })
    }

    /// Runs `command` to its end and returns what it printed on its standard output.
    ///
    /// # Errors
    /// When it can't be started, when it fails (with the known remedy, or with all that it printed), or when another
    /// step failed meanwhile.
    pub(crate) fn run(&self, name: &str, mut command: Command) -> Result<String> {
        self.bail_if_stopped()?;
        let since = Instant::now();
        self.steps().insert(name.to_owned(), Step { since, compiled: 0, latest: String::new() });
        let result = self.run_captured(name, &mut command);
        self.steps().remove(name);
        self.done(name);
        match &result {
            Ok(_) if since.elapsed() >= WORTH_A_LINE => self.line(&format!("{} {name}", elapsed(since))),
            Ok(_) => {}
            Err(_) => self.stop(),
        }
        result
    }

    /// Says what there is to do if nothing is there yet, for an estimate.
    pub(crate) fn expect(&self, works: &[Work]) {
        self.works().extend(works.iter().map(|work| (*work, false)));
    }

    /// A step has come to its end, or has nothing to do.
    pub(crate) fn done(&self, name: &str) {
        let mut works = self.works();
        works.iter_mut().filter(|(work, _)| name.starts_with(work.step)).for_each(|(_, is_done)| *is_done = true);
    }

    /// Ends the steps that run, because something else failed.
    pub(crate) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
    }

    /// Prints a line above the changing one.
    pub(crate) fn line(&self, text: &str) {
        let _steps = self.steps();
        let clear = if self.terminal { "\r\x1b[K" } else { "" };
        eprintln!("{clear}{text}");
    }

    fn run_captured(&self, name: &str, command: &mut Command) -> Result<String> {
        if self.terminal {
            command.env("CARGO_TERM_COLOR", "always");
        }
        let program = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| anyhow!("cannot start {program}: {error}"))?;
        let out = child.stdout.take().context("no standard output")?;
        let err = child.stderr.take().context("no standard error")?;
        let log = Arc::new(Mutex::new(Log::create(name)?));
        let (status, printed) = thread::scope(|scope| {
            let printed = scope.spawn(|| self.follow(name, out, &log));
            let told = scope.spawn(|| self.follow(name, err, &log));
            let status = loop {
                match child.try_wait() {
                    Ok(None) if self.stopped.load(Ordering::Acquire) => {
                        // Not waited for a tidy end: the other step's failure is what the reader is to see.
                        child.kill().ok();
                        break child.wait();
                    }
                    Ok(None) => thread::sleep(POLL),
                    Ok(Some(status)) => break Ok(status),
                    Err(error) => break Err(error),
                }
            };
            let printed = printed.join().unwrap_or_default();
            told.join().ok();
            (status, printed)
        });
        let status = status.with_context(|| format!("cannot wait for {program}"))?;
        if status.success() {
            return Ok(printed);
        }
        self.bail_if_stopped()?;
        let log = log.lock().unwrap_or_else(PoisonError::into_inner);
        match failure::explain(&log.text) {
            Some(line) => bail!("{line} (step \"{name}\"; its output: {})", log.path),
            None => bail!("step \"{name}\" failed ({status}):\n{}", log.text.trim_end()),
        }
    }

    /// Reads a stream to its end: into the log, into the display, and back to the caller.
    fn follow(&self, name: &str, stream: impl Read, log: &Mutex<Log>) -> String {
        let mut all = String::new();
        let mut reader = BufReader::new(stream);
        let mut bytes = Vec::new();
        // Lossy and by bytes: a tool may print what isn't UTF-8, and must not be blocked for that.
        while reader.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
            let line = String::from_utf8_lossy(&bytes).into_owned();
            bytes.clear();
            log.lock().unwrap_or_else(PoisonError::into_inner).add(&line);
            let plain = strip_colours(line.trim());
            if let Some(step) = self.steps().get_mut(name)
                && !plain.is_empty()
            {
                step.compiled += usize::from(plain.starts_with("Compiling "));
                step.latest = plain;
            }
            all.push_str(&line);
        }
        all
    }

    fn bail_if_stopped(&self) -> Result<()> {
        if self.stopped.load(Ordering::Acquire) { Err(anyhow!(Stopped)) } else { Ok(()) }
    }

    fn display(&self) {
        let every = if self.terminal { REDRAW } else { LOG_EVERY };
        let mut steps = self.steps();
        loop {
            let finished = |_: &mut BTreeMap<String, Step>| !self.finished.load(Ordering::Acquire);
            let waited = self.changed.wait_timeout_while(steps, every, finished);
            steps = waited.unwrap_or_else(PoisonError::into_inner).0;
            if self.finished.load(Ordering::Acquire) {
                if self.terminal {
                    eprint!("\r\x1b[K");
                }
                return;
            }
            if steps.is_empty() {
                continue;
            }
            let mut now: Vec<String> = steps.iter().map(|(name, step)| step.describe(name)).collect();
            now.splice(0..0, self.time_left(&steps));
            if self.terminal {
                let share = terminal_width() / now.len();
                now.iter_mut().for_each(|text| *text = fit(text, share.saturating_sub(2)));
                eprint!("\r\x1b[K{}", now.join("  "));
                io::stderr().flush().ok();
            } else {
                eprintln!("         {}", now.join("; "));
            }
        }
    }

    fn time_left(&self, steps: &BTreeMap<String, Step>) -> Option<String> {
        let works = self.works();
        let state = |work: &Work, is_done| match steps.iter().find(|(name, _)| name.starts_with(work.step)) {
            _ if is_done => State::Done,
            Some((_, step)) => State::Compiled(step.compiled),
            None => State::Waiting,
        };
        let states: Vec<_> = works.iter().map(|(work, is_done)| (*work, state(work, *is_done))).collect();
        time_left::left(&states, self.since.elapsed())
    }

    fn works(&self) -> MutexGuard<'_, Vec<(Work, bool)>> {
        self.works.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn steps(&self) -> MutexGuard<'_, BTreeMap<String, Step>> {
        self.steps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a step because another one failed; never shown.
#[derive(Debug)]
pub(crate) struct Stopped;

impl std::fmt::Display for Stopped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("stopped, because another step failed")
    }
}

impl std::error::Error for Stopped {}

/// Of two parallel results the first real failure, if there is one.
pub(crate) fn both<A, B>(first: Result<A>, second: Result<B>) -> Result<(A, B)> {
    match (first, second) {
        (Ok(a), Ok(b)) => Ok((a, b)),
        (Err(error), Err(other)) => Err(if error.is::<Stopped>() { other } else { error }),
        (Err(error), Ok(_)) | (Ok(_), Err(error)) => Err(error),
    }
}

impl Step {
    fn describe(&self, name: &str) -> String {
        let count = if self.compiled > 0 { format!(", {} crates", self.compiled) } else { String::new() };
        let latest = if self.latest.is_empty() { String::new() } else { format!(": {}", self.latest) };
        format!("{} {name}{count}{latest}", elapsed(self.since))
    }
}

/// All that a step printed, in memory and in a file.
struct Log {
    text: String,
    path: String,
    file: File,
}

impl Log {
    fn create(name: &str) -> Result<Self> {
        let dir = workspace::tools_dir().join("log");
        let path = dir.join(format!("{}.log", name.replace(|c: char| !c.is_ascii_alphanumeric(), "-")));
        let file = fs::create_dir_all(&dir).and_then(|()| File::create(&path));
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        let path = path.strip_prefix(workspace::root()).unwrap_or(&path).display().to_string();
        Ok(Self { text: String::new(), path, file })
    }

    fn add(&mut self, line: &str) {
        self.text.push_str(line);
        // The file is for reading later; a full disk shows in the step itself.
        self.file.write_all(line.as_bytes()).ok();
    }
}

/// Seconds since then, right-aligned, so that steps stand in a column.
pub(crate) fn elapsed(since: Instant) -> String {
    format!("{:6.1} s", since.elapsed().as_secs_f64())
}

fn terminal_width() -> usize {
    std::env::var_os("COLUMNS").and_then(|columns| columns.to_str()?.parse().ok()).unwrap_or(80)
}

/// Cuts to `width` characters, so that the line stays one line.
fn fit(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width.saturating_sub(1)).chain(['…']).collect()
}

/// Removes the escape sequences that colour a terminal.
fn strip_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\x1b' {
            chars.by_ref().find(char::is_ascii_alphabetic);
        } else {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn what_a_program_prints_is_returned() {
        let out = Progress::show(|progress| progress.run("test echo", shell("echo one; echo two >&2"))).unwrap();
        assert_eq!(out, "one\n");
    }

    #[test]
    fn an_unknown_failure_shows_all_that_was_printed() {
        let error =
            Progress::show(|progress| progress.run("test odd", shell("echo odd; echo words >&2; exit 3"))).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("odd") && text.contains("words") && text.contains('3'), "{text}");
    }

    #[test]
    fn a_known_failure_is_one_line() {
        let script = "echo 'error: linker `cc` not found' >&2; echo more >&2; exit 1";
        let text = Progress::show(|progress| progress.run("test known", shell(script))).unwrap_err().to_string();
        assert!(text.contains("build-essential") && !text.contains('\n'), "{text}");
    }

    #[test]
    fn one_failure_stops_the_other_step_and_is_the_one_that_is_told() {
        let error = Progress::show(|progress| {
            thread::scope(|scope| {
                let patient = scope.spawn(|| progress.run("test patient", shell("exec sleep 600")));
                let failing = progress.run("test failing", shell("exit 4"));
                both(patient.join().unwrap(), failing)
            })
        });
        assert!(error.unwrap_err().to_string().contains("test failing"));
    }

    #[test]
    fn colours_are_removed_and_long_lines_cut() {
        assert_eq!(strip_colours("\x1b[1m\x1b[32m  Compiling\x1b[0m x"), "  Compiling x");
        assert_eq!(fit("abcdef", 5), "abcd…");
        assert_eq!(fit("abcde", 5), "abcde");
    }
}
