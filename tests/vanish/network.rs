//! A network of a caller's or a server's own: a namespace, joined to ours by a pair of virtual interfaces that can be cut
//! like a cable.

use std::{
    fs::File,
    net::{Ipv4Addr, SocketAddrV4, TcpStream},
    process::Command,
    sync::atomic::{AtomicU8, Ordering},
    thread,
};

use nix::sched::{CloneFlags, setns};

const REMEDY: &str = "this test makes network namespaces: install iproute2 and run it as root, in a container with the \
                      capabilities NET_ADMIN and SYS_ADMIN";

/// A namespace with one interface; dropping it takes it away.
pub(crate) struct Network {
    namespace: String,
    inside: String,
    ours: Ipv4Addr,
    theirs: Ipv4Addr,
}

impl Network {
    /// Makes it, out of addresses that are set aside for tests of networks (RFC 2544).
    pub(crate) fn new() -> Self {
        static NUMBERS: AtomicU8 = AtomicU8::new(0);
        let number = NUMBERS.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        let namespace = format!("tollgate-{process}-{number}");
        let (outside, inside) = (format!("tgo{process}-{number}"), format!("tgi{process}-{number}"));
        // Networks of four addresses, as many as there are for tests; another for each test, in one process or in many.
        let subnet = (process.wrapping_mul(4).wrapping_add(u32::from(number)) % (1 << 15)) * 4;
        let of_subnet = |host: u32| Ipv4Addr::from_bits(Ipv4Addr::new(198, 18, 0, 0).to_bits() + subnet + host);
        let (ours, theirs) = (of_subnet(1), of_subnet(2));
        let network = Self { namespace: namespace.clone(), inside: inside.clone(), ours, theirs };
        ip(&["netns", "add", &namespace]);
        ip(&["link", "add", &outside, "type", "veth", "peer", "name", &inside, "netns", &namespace]);
        ip(&["address", "add", &format!("{ours}/30"), "dev", &outside]);
        ip(&["link", "set", &outside, "up"]);
        ip(&["-n", &namespace, "address", "add", &format!("{theirs}/30"), "dev", &inside]);
        ip(&["-n", &namespace, "link", "set", &inside, "up"]);
        network
    }

    /// A connection from inside to a port of ours. A socket belongs to the namespace that it was made in, whichever
    /// thread uses it.
    pub(crate) fn connect(&self, port: u16) -> tokio::net::TcpStream {
        let file = format!("/run/netns/{}", self.namespace);
        let address = SocketAddrV4::new(self.ours, port);
        let connecting = thread::spawn(move || {
            setns(File::open(file).unwrap(), CloneFlags::CLONE_NEWNET).unwrap();
            TcpStream::connect(address).unwrap()
        });
        let stream = connecting.join().expect("a connection from inside the namespace");
        stream.set_nonblocking(true).unwrap();
        tokio::net::TcpStream::from_std(stream).unwrap()
    }

    /// Where those inside find us.
    pub(crate) fn ours(&self) -> Ipv4Addr {
        self.ours
    }

    /// Where we find those inside.
    pub(crate) fn theirs(&self) -> Ipv4Addr {
        self.theirs
    }

    /// What a program is started by to be inside.
    pub(crate) fn launcher(&self) -> [String; 4] {
        ["ip", "netns", "exec", &self.namespace].map(str::to_owned)
    }

    /// The end inside goes down: from now on nothing comes through, in either direction, and nobody is told.
    pub(crate) fn cut(&self) {
        ip(&["-n", &self.namespace, "link", "set", &self.inside, "down"]);
    }

    /// Joins what was cut.
    pub(crate) fn mend(&self) {
        ip(&["-n", &self.namespace, "link", "set", &self.inside, "up"]);
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The pair goes with the namespace of one of its ends.
        let _ = Command::new("ip").args(["netns", "delete", &self.namespace]).output();
    }
}

fn ip(arguments: &[&str]) {
    let output = Command::new("ip").args(arguments).output();
    let said = match &output {
        Ok(output) if output.status.success() => return,
        Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    panic!("{REMEDY} (ip {}: {said})", arguments.join(" "));
}
