//! Postgres for tests: an empty database on the server that all tests share, and servers of their own that can be killed.
//!
//! `cargo xtask test` starts the shared server and says where it is in `TOLLGATE_POSTGRES`; `TOLLGATE_POSTGRES_BIN` is the
//! folder with Postgres's programs. By hand, any server does that lets this URL in and may be littered on:
//!
//! ```text
//! TOLLGATE_POSTGRES=postgres://postgres@127.0.0.1:5432/postgres TOLLGATE_POSTGRES_BIN=/usr/lib/postgresql/15/bin \
//!     cargo nextest run -p tests --test postgres
//! ```

mod database;
mod own;
mod processes;

pub use database::{Database, connect};
pub use own::OwnPostgres;
