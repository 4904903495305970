//! nginx as a plain proxy without a log: the least that passing a request on costs.

use std::{fs, net::SocketAddr, path::Path, process::Command};

use anyhow::{Context as _, Result};

use super::started::{Peer, free_address, home};
use crate::process::{Process, Processors};

/// Its name in the table.
pub(super) const NAME: &str = "nginx";

pub(super) async fn start(program: &Path, upstream: SocketAddr, processors: &Processors) -> Result<Peer> {
    let (address, home) = (free_address()?, home()?);
    let file = home.path().join("nginx.conf");
    fs::write(&file, configuration(address, upstream)).context("cannot write nginx's configuration")?;
    let mut command = Command::new(program);
    command.arg("-p").arg(home.path()).arg("-c").arg(&file).args(["-e", "stderr"]);
    Peer::of(NAME, Process::start(NAME, command, processors)?, address, home).await
}

fn configuration(address: SocketAddr, upstream: SocketAddr) -> String {
    format!(
        "daemon off;
worker_processes 1;
pid nginx.pid;
events {{ worker_connections 4000; }}
http {{
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  upstream model {{ server {upstream}; keepalive 256; keepalive_requests 100000000; }}
  server {{
    listen {address};
    location / {{
      proxy_pass http://model;
      proxy_http_version 1.1;
      proxy_set_header Connection \"\";
      proxy_buffering off;
    }}
  }}
}}
"
    )
}
