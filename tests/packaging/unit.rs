//! systemd's unit: taken by systemd's own programs, and no call of the server is one that it forbids.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
    process::Command,
};

use tempfile::TempDir;
use tests::{FakeUpstream, TestServer, server_binary};

use crate::{NOBODY, nobodys_folder, passes, source};

/// In tenths; systemd calls up to 1.9 "OK" and services without any hardening 9.6 "UNSAFE".
const MOST_EXPOSURE_TENTHS: u32 = 15;
/// What systemd allows whatever a filter says (systemd.exec(5), SystemCallFilter=).
const ALWAYS: [&str; 5] = ["execve", "exit", "exit_group", "rt_sigreturn", "restart_syscall"];

fn unit() -> PathBuf {
    source("packaging/systemd/tollgate.service")
}

#[test]
fn systemd_takes_the_unit_and_finds_it_little_exposed() {
    let dir = TempDir::new().unwrap();
    // `verify` looks whether the program is there.
    let text = fs::read_to_string(unit()).unwrap();
    let installed = text.replace("/usr/local/bin/tollgate", server_binary().canonicalize().unwrap().to_str().unwrap());
    assert_ne!(text, installed);
    let copy = dir.path().join("tollgate.service");
    fs::write(&copy, installed).unwrap();
    let said = passes(Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&copy));
    assert_eq!(said.trim(), "", "what systemd only warns of is wrong too");
    let mut judge = Command::new("systemd-analyze");
    judge.args(["security", "--offline=yes", &format!("--threshold={MOST_EXPOSURE_TENTHS}"), "--no-pager"]);
    passes(judge.arg(&copy));
}

/// The values of a setting of the unit, in their order.
fn settings(name: &str) -> Vec<String> {
    let text = fs::read_to_string(unit()).unwrap();
    let prefix = format!("{name}=");
    text.lines().filter_map(|line| line.strip_prefix(&prefix)).map(str::to_owned).collect()
}

/// systemd's groups of system calls.
fn groups() -> BTreeMap<String, Vec<String>> {
    let listed = passes(Command::new("systemd-analyze").args(["syscall-filter", "--no-pager"]));
    let (mut groups, mut group) = (BTreeMap::<String, Vec<String>>::new(), String::new());
    for line in listed.lines() {
        if line.starts_with('@') {
            line.trim().clone_into(&mut group);
            groups.entry(group.clone()).or_default();
        } else if line.starts_with("    ") && !line.trim().starts_with('#') {
            groups.entry(group.clone()).or_default().push(line.trim().to_owned());
        }
    }
    groups
}

fn calls_of(name: &str, groups: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
    match groups.get(name) {
        Some(members) => members.iter().flat_map(|member| calls_of(member, groups)).collect(),
        None => [name.to_owned()].into(),
    }
}

/// What the unit's filter lets through.
fn allowed() -> BTreeSet<String> {
    let groups = groups();
    let mut allowed: BTreeSet<_> = ALWAYS.map(str::to_owned).into();
    allowed.extend(calls_of("@default", &groups));
    for line in settings("SystemCallFilter") {
        let (is_denied, names) = line.strip_prefix('~').map_or((false, line.as_str()), |names| (true, names));
        for call in names.split_whitespace().flat_map(|name| calls_of(name, &groups)) {
            if is_denied {
                allowed.remove(&call)
            } else {
                allowed.insert(call)
            };
        }
    }
    allowed
}

#[tokio::test]
async fn no_call_of_the_server_is_one_that_the_unit_forbids() {
    // Not root, for whom SQLite makes calls that it makes for nobody else.
    let dir = nobodys_folder();
    let (traced, data) = (dir.path().join("calls"), dir.path().join("data"));
    let upstream = FakeUpstream::start().await;
    // By name, so that the resolver's calls are among them.
    let named = upstream.base_url().replace("127.0.0.1", "localhost");
    let strace = ["strace", "-D", "-f", "-qq", "-s", "0", "-o", traced.to_str().unwrap()].map(str::to_owned);
    let setup = TestServer::setup().launched_by(&strace).user(NOBODY).data_dir(data);
    let mut server = setup.upstream(&upstream).set("upstream.base_url", named).start().await;
    let key = server.with_key("10RequestPerDay").await;
    key.chat_stream("hello").stream().await.rest().await;
    server.anonymous().get("/readyz").send().await.expect(200);
    server.metrics().await;
    server.sigterm();
    assert!(server.ended().await.success());

    let log = fs::read_to_string(&traced).unwrap();
    let calls = log.lines().filter_map(|line| line.split_once(' ')?.1.trim_start().split_once('('));
    let calls: Vec<_> =
        calls.filter(|(name, _)| name.bytes().all(|c| c.is_ascii_alphanumeric() || c == b'_')).collect();
    let made: BTreeSet<_> = calls.iter().map(|(name, _)| (*name).to_owned()).collect();
    for expected in ["accept4", "epoll_wait", "connect", "fsync"] {
        assert!(made.contains(expected), "the server was not seen to call {expected}: {made:?}");
    }
    let allowed = allowed();
    let forbidden: Vec<_> = made.difference(&allowed).collect();
    assert!(forbidden.is_empty(), "the unit forbids {forbidden:?}");

    let families = settings("RestrictAddressFamilies").join(" ");
    for (name, rest) in &calls {
        match *name {
            // Without a socket of this kind the C library takes the machine to have both versions of IP.
            "socket" if rest.starts_with("AF_NETLINK") => {}
            "socket" => {
                let family = rest.split(',').next().unwrap();
                assert!(families.split_whitespace().any(|allowed| allowed == family), "socket({rest}");
            }
            "mmap" | "mprotect" => {
                assert!(!(rest.contains("PROT_WRITE") && rest.contains("PROT_EXEC")), "{name}({rest}");
            }
            _ => {}
        }
    }
}
