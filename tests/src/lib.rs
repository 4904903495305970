//! What the end-to-end suites stand on: the real server as a process, a fake upstream on a socket, and callers by role.
//!
//! The role is the receiver: [`TestServer::anonymous`], [`TestServer::signed_in`], [`TestServer::with_cookie`] and
//! [`TestServer::with_key`] give a [`Caller`], and every caller makes requests the same way. Each answer is checked on
//! its way in: a header that isn't on the list fails the test, and so do a missing request id and a secret of this run.
//! What the server printed and stored is searched for the secrets too, when it is started again and when it is dropped.

mod accessibility;
mod answer;
pub mod aws;
mod browser;
mod caller;
mod emulators;
mod environment;
mod events;
mod exchange;
mod front;
mod header_list;
mod layout;
mod metrics;
mod output;
mod plan_spec;
mod postgres;
mod raw_client;
mod script;
mod secrets;
mod server;
mod setup;
mod slow_link;
mod store;
mod tls;
mod token;
pub mod torture;
mod upstream;
mod usual_answer;
mod wait;
mod wire;

pub use answer::Answer;
pub use browser::Browser;
pub use caller::{Call, Caller, Identity};
pub use emulators::{MiniStack, Moto};
pub use environment::{
    audit_dir, contract_cases, contract_seed, packaging_tool, page_dir, redocly_dir, schemathesis_binary,
    screenshot_dir, sdk_program, server_binary,
};
pub use events::Events;
pub use exchange::Exchange;
pub use front::{Front, caddy, documented, free_port, haproxy, nginx, nginx_with_tls};
pub use header_list::EVERYWHERE as HEADERS_EVERYWHERE;
pub use metrics::Metrics;
pub use output::Output;
pub use plan_spec::{PlanSpec, calm_time_zone};
pub use postgres::{Database, OwnPostgres, connect};
pub use raw_client::{RawAnswer, RawClient};
pub use script::{Script, chat_events, chunk, event};
pub use secrets::{Kind, Secrets};
pub use server::{PASSWORD, TestServer};
pub use setup::ServerSetup;
pub use slow_link::SlowLink;
pub use store::{Snapshot, Store};
pub use tls::Authority;
pub use token::{AccessToken, unknown_key};
pub use upstream::FakeUpstream;
pub use wait::{settled, wait_until, within};
pub use wire::Received;
