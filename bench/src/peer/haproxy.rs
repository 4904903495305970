//! HAProxy as a plain proxy without a log.

use std::{fs, net::SocketAddr, path::Path, process::Command};

use anyhow::{Context as _, Result};

use super::started::{Peer, free_address, home};
use crate::process::{Process, Processors};

const NAME: &str = "HAProxy";

pub(super) async fn start(program: &Path, upstream: SocketAddr, processors: &Processors) -> Result<Peer> {
    let (address, home) = (free_address()?, home()?);
    let file = home.path().join("haproxy.cfg");
    fs::write(&file, configuration(address, upstream)).context("cannot write HAProxy's configuration")?;
    let mut command = Command::new(program);
    command.arg("-db").arg("-f").arg(&file);
    Peer::of(NAME, Process::start(NAME, command, processors)?, address, home).await
}

fn configuration(address: SocketAddr, upstream: SocketAddr) -> String {
    format!(
        "global
  nbthread 1
  maxconn 2000
defaults
  mode http
  http-reuse always
  timeout connect 5s
  timeout client 600s
  timeout server 600s
frontend callers
  bind {address}
  default_backend model
backend model
  server model {upstream}
"
    )
}
