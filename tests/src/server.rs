//! The real server as a child process, on a port and in a data folder of its own.

use std::{
    ffi::OsString,
    fs,
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use serde_json::json;
use tempfile::TempDir;

use crate::{
    Call, Caller, Database, FakeUpstream, Identity, Output, RawClient, Secrets, ServerSetup, Store,
    environment::is_postgres_tested,
    server_binary,
    store::{self, PostgresDatabase},
    wait_until,
};

/// The password of everyone who signs up in these tests.
pub const PASSWORD: &str = "nine plain lakes";

/// A running server; dropping it kills the process, and prints what it said if the test failed. If not, all that it
/// said and stored is searched for the secrets of the test.
pub struct TestServer {
    child: Child,
    base: Arc<Mutex<String>>,
    output: Output,
    /// How many lines of the output were searched for secrets.
    searched: usize,
    setup: ServerSetup,
    data_dir: PathBuf,
    _temporary: TempDir,
    /// Where the server's backend keeps its data elsewhere and none was there yet.
    _database: Option<Database>,
}

impl ServerSetup {
    /// Starts a server with it and waits until that is ready.
    pub async fn start(self) -> TestServer {
        TestServer::start_with(self).await
    }
}

impl TestServer {
    /// A server with the usual setup and the built-in demo model.
    pub async fn start() -> Self {
        Self::setup().start().await
    }

    /// A server with the usual setup in front of this upstream.
    pub async fn before(upstream: &FakeUpstream) -> Self {
        Self::setup().upstream(upstream).start().await
    }

    /// The usual setup, to be changed.
    #[must_use]
    pub fn setup() -> ServerSetup {
        ServerSetup::default()
    }

    async fn start_with(setup: ServerSetup) -> Self {
        let temporary = TempDir::new().expect("a temporary folder");
        let data_dir = setup.data_dir.clone().unwrap_or_else(|| temporary.path().join("data"));
        let (setup, database) = on_tested_backend(setup, &data_dir).await;
        let output = Output::default();
        let child = spawn(&setup, &data_dir, temporary.path(), &output);
        let base = Arc::new(Mutex::new(String::new()));
        let mut server =
            Self { child, base, output, searched: 0, setup, data_dir, _temporary: temporary, _database: database };
        server.until_ready(0).await;
        server
    }

    /// Runs the binary with these arguments to its end, where no ready line is expected: commands and refused starts.
    ///
    /// # Panics
    /// If it doesn't end.
    pub async fn run(setup: &ServerSetup, arguments: &[&str]) -> (ExitStatus, String) {
        let temporary = TempDir::new().expect("a temporary folder");
        let data_dir = setup.data_dir.clone().unwrap_or_else(|| temporary.path().join("data"));
        let (setup, _database) = on_tested_backend(setup.clone(), &data_dir).await;
        let output = Output::default();
        let mut child = Reaped(spawn_command(&setup, &data_dir, temporary.path(), &output, arguments));
        let status = end_of(&mut child.0, "the command ends", &output).await;
        setup.secrets.not_left_behind(&output, 0, &data_dir);
        (status, output.text())
    }

    /// Runs a command of the binary's beside the server, on its data and with its setup: how it ended, and what it said.
    pub async fn command(&self, arguments: &[&str]) -> (ExitStatus, String) {
        let output = Output::default();
        let mut child = Reaped(spawn_command(&self.setup, &self.data_dir, self._temporary.path(), &output, arguments));
        let status = end_of(&mut child.0, "the command ends", &output).await;
        (status, output.text())
    }

    /// `name@example.com` as an operator, signed in by bearer token.
    ///
    /// # Panics
    /// If they can't be made one.
    pub async fn operator(&self, name: &str) -> Caller {
        let caller = self.signed_in(name).await;
        let (status, said) = self.command(&["operators", "add", &format!("{name}@example.com")]).await;
        assert!(status.success(), "{said}");
        caller
    }

    async fn until_ready(&mut self, skip: usize) {
        let url = wait_until("the server is ready", || {
            let ended = self.child.try_wait().expect("a child to wait for");
            assert!(ended.is_none(), "the server ended with {ended:?}:\n{}", self.output.text());
            let found = self.output.after("Tollgate is ready at ", skip);
            async move { found }
        })
        .await;
        *self.base.lock().expect("no holder panics") = url.trim().trim_end_matches('/').to_owned();
    }

    /// Asks it to read its certificate again.
    ///
    /// # Panics
    /// If it is gone already.
    pub fn sighup(&self) {
        kill(Pid::from_raw(self.pid()), Signal::SIGHUP).expect("a process to tell");
    }

    /// Its origin, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn origin(&self) -> String {
        self.base.lock().expect("no holder panics").clone()
    }

    /// Its address without the scheme.
    #[must_use]
    pub fn address(&self) -> String {
        self.origin().split("://").nth(1).expect("a URL").to_owned()
    }

    /// Its data folder.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Everything it printed, over restarts too.
    #[must_use]
    pub fn output(&self) -> &Output {
        &self.output
    }

    /// What must not stand in its output, its data or its answers.
    #[must_use]
    pub fn secrets(&self) -> &Secrets {
        &self.setup.secrets
    }

    /// Its process.
    ///
    /// # Panics
    /// Never: ids of processes fit.
    #[must_use]
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).expect("a process id")
    }

    /// Its database, through a connection of the test's own.
    #[must_use]
    pub fn store(&self) -> Box<dyn Store> {
        store::of(&self.data_dir)
    }

    /// A connection that sends bytes as they are.
    pub async fn raw(&self) -> RawClient {
        RawClient::connect(&self.address(), self.secrets().clone()).await
    }

    /// Somebody without credentials.
    #[must_use]
    pub fn anonymous(&self) -> Caller {
        Caller::new(Arc::clone(&self.base), self.secrets().clone(), Identity::Anonymous)
    }

    /// `name@example.com`, signed up if need be, signed in by bearer token.
    ///
    /// # Panics
    /// If signing in fails.
    pub async fn signed_in(&self, name: &str) -> Caller {
        let answer = self.session_of(name).await;
        let token = answer.json()["access_token"].as_str().expect("an access token").to_owned();
        self.anonymous().as_identity(Identity::Bearer(token))
    }

    /// The same, as the page does it: by cookies.
    ///
    /// # Panics
    /// If signing in fails.
    pub async fn with_cookie(&self, name: &str) -> Caller {
        let answer = self.session_of(name).await;
        let cookie = |name: &str| answer.cookie(name).unwrap_or_else(|| panic!("no cookie {name}")).0;
        let identity = Identity::Cookies { session: cookie("tollgate_session"), refresh: cookie("tollgate_refresh") };
        self.anonymous().as_identity(identity)
    }

    /// The holder of a new key on a plan, of an account of its own for each call.
    pub async fn with_key(&self, plan: &str) -> Caller {
        static HOLDERS: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
        let number = HOLDERS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.signed_in(&format!("holder{number}")).await.key_on(plan).await.0
    }

    async fn session_of(&self, name: &str) -> crate::Answer {
        let credentials = json!({"email": format!("{name}@example.com"), "password": PASSWORD});
        let answer = self.anonymous().post("/accounts", &credentials).send().await;
        if answer.status == 201 {
            return answer;
        }
        self.anonymous().post("/sessions", &credentials).send().await.expect(200)
    }

    /// Asks it to shut down.
    ///
    /// # Panics
    /// If it is gone already.
    pub fn sigterm(&self) {
        kill(Pid::from_raw(self.pid()), Signal::SIGTERM).expect("a process to end");
    }

    /// Kills it in the middle of whatever it does.
    ///
    /// # Panics
    /// If it can't be killed.
    pub fn sigkill(&mut self) {
        self.child.kill().expect("a process to kill");
        self.child.wait().expect("a killed process");
    }

    /// From now on it can't write a byte to any file, as if the disk were full.
    ///
    /// # Panics
    /// If `prlimit` is missing; Debian always has it.
    pub fn fill_disk(&self) {
        self.limit_files("1");
    }

    /// Takes [`fill_disk`](Self::fill_disk) back.
    pub fn empty_disk(&self) {
        self.limit_files("unlimited");
    }

    fn limit_files(&self, size: &str) {
        let limit = format!("--fsize={size}:unlimited");
        let done = Command::new("prlimit").args(["--pid", &self.pid().to_string(), &limit]).status();
        assert!(done.expect("prlimit runs").success(), "prlimit {limit} failed");
    }

    /// How it ended.
    ///
    /// # Panics
    /// If it doesn't end.
    pub async fn ended(&mut self) -> ExitStatus {
        end_of(&mut self.child, "the server ends", &self.output).await
    }

    /// Starts it again on the same data, after [`sigkill`](Self::sigkill) or once [`ended`](Self::ended).
    pub async fn start_again(&mut self) {
        self.output.drain();
        let skip = self.output.len();
        self.secrets().not_left_behind(&self.output, self.searched, &self.data_dir);
        self.searched = skip;
        self.child = spawn(&self.setup, &self.data_dir, self._temporary.path(), &self.output);
        self.until_ready(skip).await;
    }

    /// Shuts it down and starts it again on the same data.
    pub async fn restart(&mut self) {
        self.sigterm();
        let status = self.ended().await;
        assert!(status.success(), "the server ended with {status}");
        self.start_again().await;
    }

    /// The same with another configuration.
    pub async fn restart_with(&mut self, change: impl FnOnce(ServerSetup) -> ServerSetup) {
        self.setup = change(self.setup.clone());
        self.restart().await;
    }
}

impl Caller {
    /// DELETE of the account, by the password that it signed up with.
    #[must_use]
    pub fn delete_account(&self) -> Call {
        self.delete("/me").json(&json!({"password": PASSWORD}))
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.output.drain();
        if thread::panicking() {
            eprintln!("the server said:\n{}", self.output.text());
        } else {
            // All of the output, not only what is new: a secret noted late may have been told early.
            self.secrets().not_left_behind(&self.output, 0, &self.data_dir);
            if self._database.is_some() {
                self.secrets().not_in_rows(&self.store().snapshot());
            }
        }
    }
}

/// The setup with the backend that is tested, where it names none; and its database, made if the data folder has none.
async fn on_tested_backend(setup: ServerSetup, data_dir: &Path) -> (ServerSetup, Option<Database>) {
    if !is_postgres_tested() || setup.variables.iter().any(|(name, _)| name == "TOLLGATE_BACKEND") {
        return (setup, None);
    }
    let (url, database) = match PostgresDatabase::url(data_dir) {
        Some(url) => (url, None),
        None => {
            let database = PostgresDatabase::make_for(data_dir).await;
            (database.url(), Some(database))
        }
    };
    // Short, for those who wait for a database that is held. What the test says counts.
    let complete = setup.clone().postgres(&url).set("postgres.timeout_seconds", "2");
    (setup.variables.iter().fold(complete, |setup, (name, value)| setup.variable(name, value)), database)
}

/// How a child ended; all that it said is there then.
async fn end_of(child: &mut Child, what: &str, output: &Output) -> ExitStatus {
    let status = wait_until(what, || {
        let ended = child.try_wait().expect("a child to wait for");
        async move { ended }
    })
    .await;
    output.drain();
    status
}

/// A child that doesn't outlive the test that waits for it.
struct Reaped(Child);

impl Drop for Reaped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn spawn(setup: &ServerSetup, data_dir: &Path, working_dir: &Path, output: &Output) -> Child {
    spawn_command(setup, data_dir, working_dir, output, &["serve"])
}

fn spawn_command(
    setup: &ServerSetup,
    data_dir: &Path,
    working_dir: &Path,
    output: &Output,
    arguments: &[&str],
) -> Child {
    for (name, text) in &setup.files {
        fs::write(working_dir.join(name), text).expect("a file beside the server");
    }
    let mut line = setup.launcher.iter().map(OsString::from).chain([OsString::from(server_binary())]);
    let mut command = Command::new(line.next().expect("at least the server"));
    if let Some(user) = setup.user {
        command.uid(user);
    }
    let mut child = command
        .args(line)
        .args(arguments)
        .current_dir(working_dir)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("RUST_BACKTRACE", "1")
        .env("TOLLGATE_SERVER__DATA_DIR", data_dir)
        .envs(setup.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{}: {e}", server_binary().display()));
    output.gather(child.stdout.take().expect("a pipe"));
    output.gather(child.stderr.take().expect("a pipe"));
    child
}
