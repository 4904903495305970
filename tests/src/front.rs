//! Other people's reverse proxies as child processes, in front of a test's server and configured as we tell people to,
//! where we do.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use tempfile::TempDir;

use crate::{
    Output,
    environment::{caddy_binary, haproxy_binary, nginx_binary},
    tls::pem,
    wait_until,
};

/// Where people are told how to put a proxy in front.
const DOCUMENT: &str = include_str!("../../docs/behind-a-proxy.md");
/// What it writes for what differs from machine to machine.
const DOCUMENTED_HOST: &str = "llm.example.com";
const DOCUMENTED_SERVER: &str = "127.0.0.1:8000";

/// The document's blocks of code in this language.
pub fn documented(language: &str) -> impl Iterator<Item = &'static str> {
    let fence = format!("```{language}\n");
    let blocks: Vec<_> = DOCUMENT.split(fence.as_str()).skip(1).collect();
    blocks.into_iter().filter_map(|rest| rest.split("```").next())
}

fn one_documented(language: &str) -> String {
    let mut blocks = documented(language);
    let block = blocks.next().unwrap_or_else(|| panic!("the document has no block of {language}"));
    assert!(blocks.next().is_none(), "the document has two blocks of {language}");
    block.to_owned()
}

/// A proxy that people reach in place of the server. It runs until the test ends.
pub struct Front {
    child: Child,
    output: Output,
    origin: String,
    _home: TempDir,
}

/// A free port: taken a moment later, by a program that can't choose one itself.
///
/// # Panics
/// If none is free.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("a bound socket").port()
}

/// nginx by plain http at a port, in front of the server at an address: the documented configuration, changed by `change`.
///
/// # Panics
/// If nginx is missing, refuses the configuration or doesn't start.
pub async fn nginx(port: u16, server: &str, change: impl FnOnce(String) -> String) -> Front {
    let documented = change(one_documented("nginx"));
    let plain = documented.lines().filter(|line| !line.trim_start().starts_with("ssl_certificate"));
    let plain = plain.collect::<Vec<_>>().join("\n").replace("listen 443 ssl", &format!("listen 127.0.0.1:{port}"));
    start_nginx("http", port, server, &plain, TempDir::new().expect("a temporary folder")).await
}

/// The same by https, with a certificate of its own making.
///
/// # Panics
/// If nginx is missing, refuses the configuration or doesn't start.
pub async fn nginx_with_tls(port: u16, server: &str, change: impl FnOnce(String) -> String) -> Front {
    let home = TempDir::new().expect("a temporary folder");
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let (certificate, key) = (made.cert.der().to_vec(), made.signing_key.serialize_der());
    let mut text = change(one_documented("nginx")).replace("listen 443", &format!("listen 127.0.0.1:{port}"));
    for (ending, kind, der) in [("pem", "CERTIFICATE", certificate), ("key", "PRIVATE KEY", key)] {
        let path = home.path().join(format!("site.{ending}"));
        fs::write(&path, pem(kind, &der)).expect("a file for nginx");
        text = text.replace(&format!("/etc/ssl/{DOCUMENTED_HOST}.{ending}"), &path.display().to_string());
    }
    start_nginx("https", port, server, &text, home).await
}

async fn start_nginx(scheme: &str, port: u16, server: &str, site: &str, home: TempDir) -> Front {
    let site = site.replace(DOCUMENTED_SERVER, server).replace(DOCUMENTED_HOST, "127.0.0.1");
    let text = format!(
        "daemon off;\nuser root;\npid nginx.pid;\nevents {{}}\nhttp {{\naccess_log off;\nclient_body_temp_path body;\n\
         proxy_temp_path proxy;\nfastcgi_temp_path fastcgi;\nuwsgi_temp_path uwsgi;\nscgi_temp_path scgi;\n{site}\n}}\n"
    );
    let file = home.path().join("nginx.conf");
    fs::write(&file, text).expect("a file for nginx");
    let command = || {
        let mut command = Command::new(nginx_binary());
        command.arg("-p").arg(home.path()).arg("-c").arg(&file).args(["-e", "stderr"]);
        command
    };
    let tried = command().arg("-t").output().expect("nginx runs");
    assert!(tried.status.success(), "nginx -t: {}", String::from_utf8_lossy(&tried.stderr));
    Front::start(command(), format!("{scheme}://127.0.0.1:{port}"), port, home).await
}

/// Caddy by plain http at a port, in front of the server at an address, in the documented configuration.
///
/// # Panics
/// If Caddy is missing or doesn't start.
pub async fn caddy(port: u16, server: &str) -> Front {
    let home = TempDir::new().expect("a temporary folder");
    let site = one_documented("caddyfile").replace(DOCUMENTED_SERVER, server);
    let site = site.replace(DOCUMENTED_HOST, &format!("http://127.0.0.1:{port}"));
    let file = home.path().join("Caddyfile");
    fs::write(&file, format!("{{\n\tadmin off\n}}\n{site}")).expect("a file for Caddy");
    let mut command = Command::new(caddy_binary());
    command.arg("run").arg("--config").arg(&file).args(["--adapter", "caddyfile"]);
    Front::start(command, format!("http://127.0.0.1:{port}"), port, home).await
}

/// HAProxy by plain http at a port, in front of the replicas at these addresses. It waits for a byte of theirs as long as
/// `patience` says, such as `3s`.
///
/// # Panics
/// If HAProxy is missing or doesn't start.
pub async fn haproxy(port: u16, replicas: &[String], patience: &str) -> Front {
    let home = TempDir::new().expect("a temporary folder");
    let servers = replicas.iter().enumerate().map(|(number, at)| format!("    server replica{number} {at} check\n"));
    let text = format!(
        "defaults\n    mode http\n    timeout connect 3s\n    timeout client 620s\n    timeout server {patience}\n\
         listen tollgate\n    bind 127.0.0.1:{port}\n    balance roundrobin\n    option forwardfor\n    \
         option httpchk GET /readyz\n{}",
        servers.collect::<String>()
    );
    let file = home.path().join("haproxy.cfg");
    fs::write(&file, text).expect("a file for HAProxy");
    let mut command = Command::new(haproxy_binary());
    // In the foreground.
    command.arg("-db").arg("-f").arg(&file);
    Front::start(command, format!("http://127.0.0.1:{port}"), port, home).await
}

impl Front {
    async fn start(mut command: Command, origin: String, port: u16, home: TempDir) -> Self {
        let child = spawn(&mut command, home.path());
        let mut front = Self { child, output: Output::default(), origin, _home: home };
        front.output.gather(front.child.stdout.take().expect("a pipe"));
        front.output.gather(front.child.stderr.take().expect("a pipe"));
        wait_until("the proxy listens", || {
            let ended = front.child.try_wait().expect("a child to wait for");
            assert!(ended.is_none(), "the proxy ended with {ended:?}: {}", front.output.text());
            async move { TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok().map(drop) }
        })
        .await;
        front
    }

    /// Scheme, host and port.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.origin
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        // Not killed outright: nginx tells its workers to go, too.
        if let Ok(id) = i32::try_from(self.child.id()) {
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(id), nix::sys::signal::Signal::SIGTERM);
        }
        let _ = self.child.wait();
        if thread::panicking() {
            self.output.drain();
            eprintln!("the proxy said:\n{}", self.output.text());
        }
    }
}

fn spawn(command: &mut Command, home: &Path) -> Child {
    let program = PathBuf::from(command.get_program());
    command
        .current_dir(home)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("HOME", home)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{}: {e}", program.display()))
}
