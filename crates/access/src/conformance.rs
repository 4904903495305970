//! The laws that every backend keeps, each an async function that a backend's tests run on a fresh world.
//!
//! A backend's `tests/conformance.rs` is a program of its own (`harness = false`): its `main` calls [`main`] with what
//! the backend promises and a function that makes a [`World`] and runs a law on it. Which laws a backend must keep
//! follows from its [`Promises`]: those that need more are ignored, and say what they need. `conformance.tsv` lists
//! each as run or ignored, and any difference fails a test.
//!
//! Laws panic when they are broken.

// Laws are tests: they stop at the first surprise.
#![expect(clippy::unwrap_used, clippy::missing_panics_doc, reason = "a broken law panics")]

pub mod administration;
mod cast;
pub mod charge;
pub mod clock;
pub mod keys;
pub mod limits;
pub mod model;
pub mod plans;
mod program;
pub mod repeated;
pub mod sessions;
pub mod state_owners;
mod table;
pub mod usage;
mod world;

use std::{future::Future, pin::Pin};

use api_types::{Promises, QuotaPromise};

pub use cast::{Caller, account_of};
pub use program::main;
pub use world::{Applied, ApplyPlans, Stage, StageAnswer, World};

/// One law.
#[derive(Debug, Clone, Copy)]
pub struct Law {
    /// The guarantee, in words; the test is called so.
    pub name: &'static str,
    /// What a backend must promise to be held to it.
    pub needs: Needs,
    /// Tries it.
    pub run: fn(World) -> LawRun,
}

/// A law under way.
pub type LawRun = Pin<Box<dyn Future<Output = ()>>>;

/// What a backend must promise to be held to a law.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: every backend keeps it.
    Always,
    /// An exact quota.
    Exact,
    /// An exact quota, and a charge that can be given back.
    FairCharge,
    /// A known reset time.
    Reset,
}

impl Needs {
    /// What is needed and isn't promised; `None`: the backend is held to the law.
    #[must_use]
    pub fn lacking(self, promises: Promises) -> Option<&'static str> {
        let exact = (promises.quota != QuotaPromise::Exact).then_some("an exact quota");
        match self {
            Self::Always => None,
            Self::Exact => exact,
            Self::FairCharge => exact.or((!promises.fair_charge).then_some("a charge that can be given back")),
            Self::Reset => (!promises.reset_known).then_some("a known reset"),
        }
    }
}

macro_rules! laws {
    ($($module:ident::$law:ident $needs:ident,)*) => {
        /// Every law.
        pub const LAWS: &[Law] = &[
            $(Law { name: stringify!($law), needs: Needs::$needs, run: |world| Box::pin($module::$law(world)) },)*
        ];
    };
}

laws! {
    limits::parallel_requests_are_admitted_exactly_to_the_quota Exact,
    limits::parallel_keys_do_not_share_a_quota Exact,
    limits::refused_requests_cost_nothing Exact,
    limits::an_unlimited_plan_has_no_quota Always,
    limits::the_throttle_refuses_without_counting Exact,
    limits::tokens_come_back_at_the_rate Exact,
    limits::a_refusal_by_the_quota_takes_no_token Exact,
    limits::a_changed_throttle_locks_nobody_out Exact,
    limits::when_both_refuse_the_answer_is_the_quotas Exact,
    limits::an_admission_asked_for_again_counts_once Exact,
    limits::a_spent_admission_counts_once_too Exact,
    limits::an_admission_asked_for_in_parallel_counts_once Exact,
    limits::a_pass_tells_what_is_left Exact,
    limits::a_refusal_tells_when_to_come_back Reset,
    limits::inspecting_costs_nothing Exact,
    limits::a_ready_gate_says_so Always,
    charge::each_end_is_charged_by_the_rule FairCharge,
    charge::a_pass_is_returned_once FairCharge,
    charge::what_was_settled_at_once_stays FairCharge,
    charge::parallel_ends_return_once FairCharge,
    charge::a_return_goes_to_its_own_period FairCharge,
    charge::a_return_makes_room_again FairCharge,
    charge::returns_are_bounded_by_the_quota FairCharge,
    charge::returns_are_unbounded_without_a_quota FairCharge,
    charge::a_return_gives_no_token_back FairCharge,
    charge::a_pass_of_a_revoked_key_is_still_settled FairCharge,
    clock::the_last_instant_and_the_first_are_two_periods Exact,
    clock::days_with_a_clock_change_are_one_period Exact,
    clock::a_week_starts_on_monday Exact,
    clock::a_month_starts_on_day_one Exact,
    clock::a_clock_set_back_counts_on Exact,
    clock::a_clock_set_back_locks_nobody_out Exact,
    clock::the_zone_of_the_plan_decides Exact,
    clock::parallel_requests_around_midnight_fill_both_days Exact,
    plans::plans_are_listed_in_order Always,
    plans::a_raised_limit_keeps_usage Exact,
    plans::a_lowered_limit_keeps_usage Exact,
    plans::another_period_starts_at_the_sum_of_its_days Exact,
    plans::the_offset_lowers_the_first_period_only Exact,
    plans::a_plan_left_out_serves_but_takes_no_new_keys Always,
    plans::a_plan_that_comes_back_takes_keys_again Always,
    plans::a_plan_that_nobody_is_on_is_not_reported Always,
    keys::a_new_key_works_and_is_listed Always,
    keys::a_key_on_an_unknown_plan_is_refused Always,
    keys::a_second_key_on_a_plan_is_refused Always,
    keys::two_creations_at_once_give_one_key Always,
    keys::no_more_keys_than_allowed Always,
    keys::keys_on_every_plan Always,
    keys::an_account_that_is_gone_gets_no_key Always,
    keys::unknown_keys_are_unknown Always,
    keys::a_wrong_secret_is_unknown Always,
    keys::an_unknown_key_works_once_created Always,
    keys::rotation_keeps_the_count Exact,
    keys::rotation_ends_the_old_value Always,
    keys::an_old_value_works_until_its_grace_ends Always,
    keys::earlier_values_keep_the_grace_that_they_were_promised Always,
    keys::a_rotation_that_would_break_a_promised_grace_is_refused Always,
    keys::disabling_ends_every_value_and_enabling_brings_one_back Always,
    keys::a_label_is_kept Always,
    keys::revocation_is_instant Always,
    keys::revocation_under_load_is_instant Exact,
    keys::a_key_made_again_keeps_the_count Exact,
    keys::another_accounts_key_is_not_found Always,
    keys::a_deleted_account_leaves_its_count_to_its_owner Exact,
    keys::a_released_account_has_no_keys Always,
    keys::an_owner_who_left_begins_anew_after_the_period Exact,
    repeated::a_repeated_creation_gives_the_same_key Always,
    repeated::a_creation_repeated_at_once_gives_one_key Always,
    repeated::another_request_under_the_same_name_is_refused Always,
    repeated::a_refused_creation_keeps_no_name Always,
    repeated::a_repetition_revives_no_revoked_key Always,
    repeated::a_call_is_forgotten_after_a_day Always,
    usage::each_day_is_listed_also_without_requests Exact,
    usage::a_day_lists_used_refused_and_returned FairCharge,
    usage::the_limit_stands_at_daily_plans_only Exact,
    usage::usage_is_bounded_in_days Always,
    usage::a_key_tells_its_last_use Exact,
    usage::listed_keys_show_what_is_used Exact,
    sessions::an_address_has_one_account Always,
    sessions::two_sign_ups_at_once_give_one_account Always,
    sessions::a_session_knows_its_account Always,
    sessions::an_expired_session_is_none Always,
    sessions::a_sign_in_that_raced_a_password_change_starts_nothing Always,
    sessions::a_changed_password_ends_every_session Always,
    sessions::a_password_is_changed_from_the_one_proved Always,
    sessions::a_refresh_token_is_replaced Always,
    sessions::the_token_just_replaced_is_answered_alike Always,
    sessions::a_token_replaced_long_ago_ends_the_session Always,
    sessions::refreshing_prolongs_the_session Always,
    sessions::an_expired_refresh_token_is_unknown Always,
    sessions::signing_out_ends_session_and_tokens Always,
    sessions::live_sessions_are_listed_with_their_last_use Always,
    sessions::ending_other_sessions_keeps_one Always,
    sessions::deleting_an_account_ends_its_sessions_and_frees_the_address Always,
    administration::people_are_listed_and_found Always,
    administration::a_block_is_obeyed_at_once_and_undone Always,
    administration::a_block_under_load_is_instant Exact,
    administration::an_account_waits_until_it_is_approved Always,
    administration::the_last_operator_stays Always,
    administration::a_dismissed_operator_does_nothing_more Always,
    administration::a_reset_link_works_once Always,
    administration::a_reset_link_ends_with_what_it_was_for Always,
    administration::an_invitation_is_used_once Always,
    administration::an_invitation_is_for_whom_it_is_for Always,
    administration::the_audit_tells_what_was_done Always,
    state_owners::an_account_owns_what_its_answers_named Always,
    state_owners::the_first_foreign_id_of_several_is_told Always,
    state_owners::the_first_owner_of_an_id_stays Always,
    state_owners::an_owner_is_forgotten_in_time Always,
    state_owners::what_an_account_owns_is_bounded Always,
    state_owners::a_deleted_account_owns_nothing Always,
}
