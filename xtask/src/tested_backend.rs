//! The end-to-end suite on another backend than the embedded one.

use clap::ValueEnum;

/// A backend that keeps accounts and counts exactly, so that the whole suite holds on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestedBackend {
    /// The server's own default.
    Embedded,
    /// Postgres, a database for each server.
    Postgres,
}

/// What of the suite is about the data folder, its files and a disk that is full, or about the default backend, which means
/// nothing where all is in Postgres. Each is here for that reason; nothing else is left out.
const OF_THE_FILE: &[&str] = &[
    "backup::a_server_on_the_copy_goes_on_where_it_was_taken",
    "backup::what_cannot_be_backed_up_leaves_nothing_behind",
    "bad_days::a_damaged_database_is_refused_and_left_as_it_is",
    "bad_days::a_data_folder_that_can_not_be_written_is_told_at_start",
    "bad_days::a_database_of_a_newer_version_is_refused",
    "bad_days::a_full_disk_is_a_503_and_mends_itself",
    "bad_days::a_port_in_use_is_told_with_what_to_do_and_nothing_is_touched",
    "bad_days::a_read_only_database_is_told_at_start_with_what_to_do",
    "bad_days::a_second_server_on_the_same_data_is_told_so",
    "chat::demo::it_is_listed_and_told_about",
    "config::check_changes_nothing",
    "config::without_any_configuration_it_runs",
    "metrics::readiness_follows_the_store_and_is_told_to_each_who_asks",
    "secrets::the_search_finds_what_is_stored",
    "secrets::the_signing_key_stands_in_its_file_only",
    "tokens::a_token_can_not_choose_its_algorithm",
    "tokens::another_session_key_signs_everybody_out_and_renews_no_quota",
    "tokens::only_an_untouched_unexpired_token_for_us_is_a_session",
    "tokens::sessions_survive_a_restart_and_the_key_file_is_private",
];

impl TestedBackend {
    /// What the tests are told.
    pub(crate) fn environment(self) -> (&'static str, String) {
        let name = match self {
            Self::Embedded => "embedded",
            Self::Postgres => "postgres",
        };
        ("TOLLGATE_TESTED_BACKEND", name.to_owned())
    }

    /// What the test runner, nextest or cargo's own, is told to run on it.
    pub(crate) fn filter(self, is_nextest: bool) -> Vec<String> {
        match self {
            Self::Embedded => Vec::new(),
            Self::Postgres if is_nextest => {
                let left_out: String = OF_THE_FILE.iter().map(|name| format!(" - test(={name})")).collect();
                vec!["-E".to_owned(), format!("binary(it){left_out}")]
            }
            Self::Postgres => {
                let left_out = OF_THE_FILE.iter().flat_map(|name| ["--skip", name]);
                ["--test", "it", "--", "--exact"].into_iter().chain(left_out).map(str::to_owned).collect()
            }
        }
    }
}
