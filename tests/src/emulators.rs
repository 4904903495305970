//! Other people's emulators of Amazon API Gateway as child processes: they know AWS from elsewhere than we do.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use tempfile::TempDir;

use crate::{
    Output,
    environment::{ministack_binary, moto_binary},
    wait_until,
};

/// moto, an emulator of the control plane. Each is empty at the start and ends with the test.
pub struct Moto(Emulator);

impl Moto {
    /// Starts one on a free port and waits until it answers.
    ///
    /// # Panics
    /// If it isn't installed, ends, or doesn't answer.
    pub async fn start() -> Self {
        let mut command = Command::new(moto_binary());
        command.args(["-H", "127.0.0.1", "-p", "0"]);
        Self(Emulator::start("moto", command, "/moto-api/").await)
    }

    /// Where its control plane answers, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn endpoint_url(&self) -> &str {
        &self.0.endpoint_url
    }
}

/// MiniStack, an emulator of the control plane and of a data plane that enforces quotas and throttles. Each is empty at
/// the start and ends with the test.
pub struct MiniStack(Emulator);

impl MiniStack {
    /// Starts one on a free port and waits until it answers.
    ///
    /// # Panics
    /// If it isn't installed, ends, or doesn't answer.
    pub async fn start() -> Self {
        let mut command = Command::new(ministack_binary());
        command
            // It would listen on all interfaces.
            .env("BIND_HOST", "127.0.0.1")
            .env("GATEWAY_PORT", "0")
            // It would open ports for these.
            .env("IOT_MTLS_ENABLED", "0")
            .env("SFTP_ENABLED", "0")
            // It would clear away containers that it takes for its own.
            .env("DOCKER_HOST", "unix:///nonexistent");
        Self(Emulator::start("MiniStack", command, "/_ministack/health").await)
    }

    /// Where its control plane answers, such as `http://127.0.0.1:40123`.
    #[must_use]
    pub fn endpoint_url(&self) -> &str {
        &self.0.endpoint_url
    }

    /// Where a stage of an API can be called; a path is to be added.
    #[must_use]
    pub fn invoke_url(&self, api: &str, stage: &str) -> String {
        format!("{}/_aws/execute-api/{api}/{stage}", self.0.endpoint_url)
    }
}

/// A process that says `Running on <URL>`; dropping it kills it, and prints what it said if the test failed.
struct Emulator {
    name: &'static str,
    child: Child,
    output: Output,
    endpoint_url: String,
    _home: TempDir,
}

impl Emulator {
    async fn start(name: &'static str, mut command: Command, health: &str) -> Self {
        let home = TempDir::new().expect("a temporary folder");
        let child = spawn(&mut command, home.path());
        let mut emulator = Self { name, child, output: Output::default(), endpoint_url: String::new(), _home: home };
        emulator.output.gather(emulator.child.stdout.take().expect("a pipe"));
        emulator.output.gather(emulator.child.stderr.take().expect("a pipe"));
        emulator.endpoint_url = emulator.said_url().await;
        emulator.until_healthy(health).await;
        emulator
    }

    /// It chooses the port itself, so no two tests can get the same.
    async fn said_url(&mut self) -> String {
        wait_until(&format!("{} says its URL", self.name), || {
            let url = self.output.find_line(0, |line| {
                let url = line.split_once("Running on ")?.1.split_whitespace().next()?;
                Some(url.trim_end_matches('/').to_owned())
            });
            let ended = self.child.try_wait().expect("a child to wait for");
            assert!(ended.is_none(), "{} ended with {ended:?}", self.name);
            async move { url.map(|(_, url)| url) }
        })
        .await
    }

    async fn until_healthy(&self, path: &str) {
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let url = format!("{}{path}", self.endpoint_url);
        wait_until(&format!("{} is healthy", self.name), || {
            let ask = client.get(&url).send();
            async move { ask.await.ok().filter(|answer| answer.status().is_success()).map(drop) }
        })
        .await;
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            self.output.drain();
            eprintln!("{} said:\n{}", self.name, self.output.text());
        }
    }
}

fn spawn(command: &mut Command, home: &Path) -> Child {
    let added: Vec<_> =
        command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))).collect();
    command
        .current_dir(home)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .env("TMPDIR", home)
        .envs(added)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{}: {e}", command.get_program().display()))
}
