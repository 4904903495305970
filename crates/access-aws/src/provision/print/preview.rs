//! A change before it is made: the steps as people know them from Terraform, their number, and how long they take.

use std::{fmt, time::Duration};

use crate::provision::change::ChangeSet;

impl fmt::Display for ChangeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            let nothing = if self.to_nothing { "Nothing to destroy." } else { "No changes. The API is as configured." };
            return writeln!(f, "{nothing}");
        }
        for step in &self.steps {
            writeln!(f, "  {step}")?;
        }
        writeln!(f, "\n{}", self.summary())?;
        write!(f, "{}", takes(self.estimate()))
    }
}

/// How long it takes, as a line for people; nothing where no rates are kept.
fn takes(time: Duration) -> String {
    let span = match time.as_secs() {
        0 if time.is_zero() => return String::new(),
        0 | 1 => "a second".to_owned(),
        seconds @ 2..=90 => format!("{seconds} seconds"),
        seconds => format!("{} minutes", seconds.div_ceil(60)),
    };
    format!("It takes about {span} at the rates that AWS allows.\n")
}
