//! Everything a process prints, gathered while it runs, so that a full pipe never stops it.

use std::{
    io::{BufRead, BufReader, Read},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

use crate::wait_until;

/// What a process printed so far, standard output and standard error together, over restarts too.
#[derive(Clone, Default)]
pub struct Output {
    lines: Arc<Mutex<Vec<String>>>,
    readers: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Output {
    /// Gathers one pipe to its end.
    pub fn gather(&self, pipe: impl Read + Send + 'static) {
        let lines = Arc::clone(&self.lines);
        let reader = thread::spawn(move || {
            for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
                lines.lock().expect("no reader panics").push(String::from_utf8_lossy(&line).into_owned());
            }
        });
        self.readers.lock().expect("no reader panics").push(reader);
    }

    /// All lines so far.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines.lock().expect("no reader panics").join("\n")
    }

    /// What follows `prefix` in the last line from `skip` on that starts with it.
    #[must_use]
    pub fn after(&self, prefix: &str, skip: usize) -> Option<String> {
        let lines = self.lines.lock().expect("no reader panics");
        lines.iter().skip(skip).rev().find_map(|line| line.strip_prefix(prefix)).map(str::to_owned)
    }

    /// What `look` finds in the first line from `skip` on in which it finds something, and that line's number from 0.
    pub(crate) fn find_line<T>(&self, skip: usize, mut look: impl FnMut(&str) -> Option<T>) -> Option<(usize, T)> {
        let lines = self.lines.lock().expect("no reader panics");
        lines.iter().enumerate().skip(skip).find_map(|(number, line)| Some((number, look(line)?)))
    }

    /// How many lines there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.lock().expect("no reader panics").len()
    }

    /// Whether nothing was printed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Waits until a line holds this text.
    ///
    /// # Panics
    /// If none does by the deadline.
    pub async fn until(&self, text: &str) {
        let seen = || async { self.find_line(0, |line| line.contains(text).then_some(())) };
        wait_until(&format!("{text:?} is printed"), seen).await;
    }

    /// Waits until the pipes of an ended process are read to their end.
    pub fn drain(&self) {
        for reader in self.readers.lock().expect("no reader panics").drain(..) {
            let _ = reader.join();
        }
    }
}
