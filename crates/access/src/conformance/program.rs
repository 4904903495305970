//! A backend's test program: every law a test, by libtest-mimic, since only a running program knows which are ignored.

use std::process::ExitCode;

use api_types::Promises;
use libtest_mimic::{Arguments, Trial};

use super::{LAWS, Law, table};

/// The test program of a backend: each law a test of its own name. For those that the backend doesn't promise enough
/// for, `run` isn't called, so that nothing is set up.
#[must_use]
pub fn main(backend: &'static str, promises: Promises, run: fn(&Law)) -> ExitCode {
    let laws = LAWS.iter().map(|law| {
        let trial = Trial::test(law.name, move || {
            run(law);
            Ok(())
        });
        match law.needs.lacking(promises) {
            Some(promise) => trial.with_kind(format!("needs {promise}")).with_ignored_flag(true),
            None => trial,
        }
    });
    let table = Trial::test("the_table_says_what_is_run", move || Ok(table::check(backend, promises)?));
    libtest_mimic::run(&Arguments::from_args(), laws.chain([table]).collect()).exit_code()
}
