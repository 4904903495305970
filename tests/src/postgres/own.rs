//! A Postgres server of a test's own, which can be killed and comes back.

use std::{path::PathBuf, process::Child, thread};

use nix::sys::signal::Signal;
use tempfile::TempDir;
use tokio_postgres::Client;

use super::{
    database::{connect, try_connect},
    processes::{give, kill_all, program, signal},
};
use crate::{Output, free_port, wait_until};

/// A server with a cluster of its own in a temporary folder, as durable as Postgres is: what is committed is on the disk.
/// It ends with the test, and what it said is printed if the test failed.
pub struct OwnPostgres {
    child: Option<Child>,
    output: Output,
    port: u16,
    home: TempDir,
}

impl OwnPostgres {
    /// Makes a cluster and starts its server, on a port of 127.0.0.1 that it keeps.
    ///
    /// # Panics
    /// If Postgres's programs aren't there (`cargo xtask test` provides them, in `TOLLGATE_POSTGRES_BIN`), or it doesn't
    /// start.
    pub async fn start() -> Self {
        let own = Self::without_data();
        let mut initdb = program("initdb", own.home.path());
        // The cluster needn't outlive a fall of this machine; what is committed later has to outlive the server's.
        initdb.arg("-D").arg(own.data()).args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]);
        let made = initdb.output().expect("initdb runs");
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        own.started().await
    }

    /// Starts a standby of the server at this URL, which may be a link to it: it takes over what is there, and then
    /// whatever is committed, as it comes. It answers questions, and refuses to change anything until [`Self::promote`].
    ///
    /// # Panics
    /// If the server isn't there, or the standby doesn't start.
    pub async fn standby_of(url: &str) -> Self {
        let own = Self::without_data();
        let mut backup = program("pg_basebackup", own.home.path());
        // Along with the way to the server, from which it will go on.
        backup.arg("-D").arg(own.data()).args(["-d", url, "--write-recovery-conf", "--checkpoint=fast", "--no-sync"]);
        let made = backup.output().expect("pg_basebackup runs");
        assert!(made.status.success(), "pg_basebackup: {}", String::from_utf8_lossy(&made.stderr));
        own.started().await
    }

    /// Makes a standby the server that takes changes, from what it has got; returns when it does.
    ///
    /// # Panics
    /// If it is no standby.
    pub async fn promote(&self) {
        let promoted = self.client().await.query_one("SELECT pg_promote()", &[]).await;
        assert!(promoted.expect("a standby").get::<_, bool>(0), "the standby isn't promoted");
    }

    fn without_data() -> Self {
        let home = TempDir::new().expect("a temporary folder");
        give(home.path());
        Self { child: None, output: Output::default(), port: free_port(), home }
    }

    /// It, running on a port that is free.
    async fn started(mut self) -> Self {
        while !self.try_start().await {
            self.port = free_port();
        }
        self
    }

    /// Where its one database is, such as `postgres://postgres@127.0.0.1:40123/postgres`; no password is asked. It stays
    /// the same over restarts.
    #[must_use]
    pub fn url(&self) -> String {
        format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// The port of 127.0.0.1 on which it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A connection to it.
    ///
    /// # Panics
    /// If there is none to be had.
    pub async fn client(&self) -> Client {
        connect(&self.url()).await
    }

    /// Ends it as a fall of its machine does, without any chance to tidy up: the server and all its processes by SIGKILL.
    ///
    /// # Panics
    /// If it doesn't run.
    pub async fn kill9(&mut self) {
        kill_all(&mut self.child.take().expect("a server that runs")).await;
    }

    /// Ends it tidily; whoever is connected is disconnected.
    ///
    /// # Panics
    /// If it doesn't run, or doesn't end.
    pub async fn stop(&mut self) {
        let mut child = self.child.take().expect("a server that runs");
        signal(&child, Signal::SIGINT);
        wait_until("Postgres has ended", || {
            let ended = child.try_wait().expect("a child to wait for");
            async move { ended }
        })
        .await;
    }

    /// Starts it again on the same port, after [`Self::kill9`] or [`Self::stop`], and waits until it has recovered and
    /// answers.
    ///
    /// # Panics
    /// If it runs already, or doesn't start.
    pub async fn start_again(&mut self) {
        assert!(self.child.is_none(), "a server that runs isn't started again");
        // Somebody's outgoing connection may sit on the port for a moment.
        for _ in 0..20 {
            if self.try_start().await {
                return;
            }
        }
        panic!("Postgres doesn't start again: {}", self.output.text());
    }

    /// Starts the server and waits until it answers; false when its port is taken.
    async fn try_start(&mut self) -> bool {
        let before = self.output.len();
        let mut command = program("postgres", self.home.path());
        command.arg("-D").arg(self.data()).args(["-p", &self.port.to_string()]);
        // The socket lies in the cluster's own folder, named from there: a long path wouldn't fit.
        let settings = ["listen_addresses=127.0.0.1", "unix_socket_directories=.", "shared_buffers=32MB"];
        command.args(settings.iter().flat_map(|setting| ["-c", setting]));
        let mut child = command.spawn().expect("postgres runs");
        self.output.gather(child.stdout.take().expect("a pipe"));
        self.output.gather(child.stderr.take().expect("a pipe"));
        let url = self.url();
        let ended = wait_until("Postgres answers", || {
            let ended = child.try_wait().expect("a child to wait for");
            let url = &url;
            async move {
                match ended {
                    Some(status) => Some(Some(status)),
                    None => answers(url).await.then_some(None),
                }
            }
        })
        .await;
        let Some(status) = ended else {
            self.child = Some(child);
            return true;
        };
        self.output.drain();
        let taken = self.output.find_line(before, |line| line.contains("Address already in use").then_some(()));
        assert!(taken.is_some(), "Postgres ended with {status}: {}", self.output.text());
        false
    }

    fn data(&self) -> PathBuf {
        self.home.path().join("data")
    }
}

async fn answers(url: &str) -> bool {
    match try_connect(url).await {
        Ok(client) => client.simple_query("SELECT 1").await.is_ok(),
        Err(_) => false,
    }
}

impl Drop for OwnPostgres {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // At once, with all its processes: SIGKILL would reach only the first of them.
            signal(&child, Signal::SIGQUIT);
            let _ = child.wait();
        }
        if thread::panicking() {
            self.output.drain();
            eprintln!("Postgres said:\n{}", self.output.text());
        }
    }
}
