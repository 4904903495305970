//! The parts that pages are made of. None of them talks to the server.

mod busy;
mod client_tabs;
mod contact;
mod copy_box;
mod countdown;
mod fields;
mod key_row;
mod link;
mod modal;
mod new_key;
mod plan_card;
mod promises;
mod sample_stream;
mod sign_up_note;
mod state_note;
mod usage_chart;
mod usage_table;

pub(crate) use busy::{Busy, Failure, Loaded, Trouble};
pub(crate) use client_tabs::ClientTabs;
pub(crate) use contact::Contact;
pub(crate) use copy_box::{CopyBox, THANKS_MS};
pub(crate) use countdown::Countdown;
pub(crate) use fields::{FormError, SubmitButton, TextField};
pub(crate) use key_row::{KeyAction, KeyRow};
pub(crate) use link::PageLink;
pub(crate) use modal::Modal;
pub(crate) use new_key::NewKey;
pub(crate) use plan_card::{NoPlans, PlanCard};
pub(crate) use promises::{PromiseList, PromiseNote};
pub(crate) use sample_stream::SampleStream;
pub(crate) use sign_up_note::{SignUpNote, is_closed};
pub(crate) use state_note::{StateBadge, StateNote, TellState};
pub(crate) use usage_chart::UsageChart;
pub(crate) use usage_table::UsageTable;
