//! A proxy's process, kept to a processor of its own, and what it takes of the machine.

use std::{
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use nix::{
    sched::{CpuSet, sched_getaffinity, sched_setaffinity},
    sys::signal::{Signal, kill},
    unistd::Pid,
};

/// Which processors the proxies run on, and which all else does: the same where there is only one.
#[derive(Debug)]
pub struct Processors {
    ours: CpuSet,
    proxies: CpuSet,
}

impl Processors {
    /// Leaves the machine's last processor to the proxies, and keeps this thread and those that it starts off it.
    ///
    /// # Errors
    /// When the system doesn't let us.
    pub fn divide() -> Result<Self> {
        let all = sched_getaffinity(Pid::from_raw(0)).context("cannot tell the processors")?;
        let numbers: Vec<usize> = (0..CpuSet::count()).filter(|number| all.is_set(*number).unwrap_or(false)).collect();
        let processors = match numbers.split_last() {
            Some((last, others)) if !others.is_empty() => Self { ours: set_of(others)?, proxies: set_of(&[*last])? },
            _ => Self { ours: all, proxies: all },
        };
        Self::use_here(&processors.ours)?;
        Ok(processors)
    }

    fn use_here(set: &CpuSet) -> Result<()> {
        sched_setaffinity(Pid::from_raw(0), set).context("cannot choose a processor")
    }
}

fn set_of(numbers: &[usize]) -> Result<CpuSet> {
    let mut set = CpuSet::new();
    for number in numbers {
        set.set(*number)?;
    }
    Ok(set)
}

/// A process that runs until this is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: &'static str,
}

impl Process {
    /// Starts it on the processor that is for proxies.
    ///
    /// # Errors
    /// When it can't be started.
    pub fn start(name: &'static str, mut command: Command, processors: &Processors) -> Result<Self> {
        // A child inherits where its parent's thread may run.
        Processors::use_here(&processors.proxies)?;
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        Processors::use_here(&processors.ours)?;
        Ok(Self { child: child.with_context(|| format!("cannot start {name}"))?, name })
    }

    /// That it still runs.
    ///
    /// # Errors
    /// With how it ended.
    pub fn still_runs(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended with {status}", self.name),
        }
    }

    /// Processor time of it and its children so far.
    ///
    /// # Errors
    /// When the system doesn't say.
    pub fn processor_time(&self) -> Result<Duration> {
        let mut nanoseconds = 0;
        for pid in self.family()? {
            for task in fs::read_dir(format!("/proc/{pid}/task")).context("no list of threads")?.flatten() {
                // The first figure, in nanoseconds (kernel: Documentation/scheduler/sched-stats.rst). A thread that ended
                // since is left out.
                let Ok(text) = fs::read_to_string(task.path().join("schedstat")) else { continue };
                nanoseconds += text.split(' ').next().unwrap_or_default().parse::<u64>()?;
            }
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// Bytes of memory that it and its children hold.
    ///
    /// # Errors
    /// When the system doesn't say.
    pub fn memory(&self) -> Result<u64> {
        let mut bytes = 0;
        for pid in self.family()? {
            let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
            let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no memory is told")?;
            bytes += line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024;
        }
        Ok(bytes)
    }

    fn family(&self) -> Result<Vec<u32>> {
        let pid = self.child.id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        let children = children.split_whitespace().map(str::parse).collect::<Result<Vec<u32>, _>>()?;
        Ok([vec![pid], children].concat())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let ended = |child: &mut Child| child.try_wait().is_ok_and(|status| status.is_some());
        if let Ok(pid) = i32::try_from(self.child.id()) {
            kill(Pid::from_raw(pid), Signal::SIGTERM).ok();
        }
        for _ in 0..100 {
            if ended(&mut self.child) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
