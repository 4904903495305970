//! A database of the shared server for one test.

use std::thread;

use tokio::runtime;
use tokio_postgres::{Client, Config, NoTls};

use crate::{environment::postgres_url, within};

/// An empty database on the server that `cargo xtask test` starts, `TOLLGATE_POSTGRES`. It is dropped along with this,
/// whoever is still connected to it.
pub struct Database {
    name: String,
    url: String,
}

impl Database {
    /// Makes one, under a name that no other has.
    ///
    /// # Panics
    /// If the server isn't there: run `cargo xtask test`.
    pub async fn fresh() -> Self {
        let server = postgres_url();
        let admin = connect(&server).await;
        // The server's random numbers: tests run in many processes.
        let row = admin.query_one("SELECT 'test_' || replace(gen_random_uuid()::text, '-', '')", &[]).await;
        let name: String = row.expect("a name for a database").get(0);
        // Of the template to which nobody can be connected: a guest of the other one would have this refused.
        let create = format!("CREATE DATABASE {name} TEMPLATE template0");
        admin.batch_execute(&create).await.expect("a fresh database");
        let url = in_database(&server, &name);
        Self { name, url }
    }

    /// Where it is, such as `postgres://postgres@127.0.0.1:40123/test_…`; no password is asked.
    #[must_use]
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// A connection to it.
    ///
    /// # Panics
    /// If there is none to be had.
    pub async fn client(&self) -> Client {
        connect(&self.url).await
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = &self.name;
        let drop = async {
            let admin = connect(&postgres_url()).await;
            admin
                .batch_execute(&format!("DROP DATABASE {name} WITH (FORCE)"))
                .await
                .expect("the test's database is dropped");
        };
        // On a thread of its own, since the test's runtime can't be waited for from inside.
        let dropped = thread::scope(|scope| {
            let runtime = || runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            scope.spawn(move || runtime().block_on(within("dropping a database", drop))).join()
        });
        // A test that failed says why; a second panic would hide it.
        assert!(dropped.is_ok() || thread::panicking(), "the database {name} wasn't dropped");
    }
}

/// The URL with the database's name in place of its own.
fn in_database(server: &str, name: &str) -> String {
    let (before, query) = server.split_once('?').map_or((server, None), |(before, query)| (before, Some(query)));
    let authority = before.find("://").map_or(0, |at| at + 3);
    let path = before[authority..].find('/').map_or(before.len(), |at| authority + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{name}{query}", &before[..path])
}

/// A connection to the database at this URL, without TLS. It works as long as the runtime that this is called on, and
/// ends when the client is dropped.
///
/// # Panics
/// If there is none to be had.
pub async fn connect(url: &str) -> Client {
    try_connect(url).await.unwrap_or_else(|error| panic!("no connection to Postgres: {error:?}"))
}

/// The same where it may fail.
pub(super) async fn try_connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let config: Config = url.parse()?;
    let (client, connection) = config.connect(NoTls).await?;
    let serve = async {
        // What breaks the connection is told to whoever asks the next question.
        let _ = connection.await;
    };
    drop(runtime::Handle::current().spawn(serve));
    Ok(client)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_takes_the_place_of_the_urls_own() {
        let here = "postgres://postgres@127.0.0.1:5432";
        assert_eq!(in_database(&format!("{here}/postgres"), "new"), format!("{here}/new"));
        assert_eq!(in_database(here, "new"), format!("{here}/new"));
        assert_eq!(in_database(&format!("{here}/a?sslmode=disable"), "new"), format!("{here}/new?sslmode=disable"));
    }
}
