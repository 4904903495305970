//! Where a request comes from: the socket's address, or what a trusted proxy says it is.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use actix_web::{HttpRequest, http::header::X_FORWARDED_FOR};
use serde::{Deserialize, Deserializer, de::Error as _};

/// An address or a CIDR network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network(ipnet::IpNet);

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<ipnet::IpNet>()
            .or_else(|_| text.parse::<IpAddr>().map(ipnet::IpNet::from))
            .map(Self)
            .map_err(|_| format!("{text:?} is neither an address like 10.0.0.7 nor a network like 10.0.0.0/8"))
    }
}

impl<'de> Deserialize<'de> for Network {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(D::Error::custom)
    }
}

/// One source for the limits on tries: an IPv4 address, or an IPv6 network of 64 bits, which one host can fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl Source {
    /// The source of a request. `X-Forwarded-For` counts only as far as trusted proxies wrote it: from the right, up to
    /// the first address that isn't one of them.
    #[must_use]
    pub fn of(request: &HttpRequest, trusted: &[Network]) -> Self {
        let peer = peer(request).unwrap_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        let forwarded = request.headers().get_all(X_FORWARDED_FOR).filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
        Self::from_hops(peer, &hops, trusted)
    }

    /// As a text, from which digests are made.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.to_string()
    }

    fn from_hops(peer: IpAddr, hops: &[&str], trusted: &[Network]) -> Self {
        let mut address = peer;
        for hop in hops.iter().rev() {
            if !is_trusted(address, trusted) {
                break;
            }
            // Some proxies write the port too.
            match hop.parse::<IpAddr>().or_else(|_| hop.parse::<SocketAddr>().map(|hop| hop.ip())) {
                Ok(next) => address = next.to_canonical(),
                Err(_) => break,
            }
        }
        Self(match address {
            IpAddr::V4(v4) => IpAddr::V4(v4),
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        })
    }
}

fn peer(request: &HttpRequest) -> Option<IpAddr> {
    request.peer_addr().map(|peer| peer.ip().to_canonical())
}

fn is_trusted(address: IpAddr, trusted: &[Network]) -> bool {
    trusted.iter().any(|network| network.0.contains(&address))
}

/// Tells, once, that somebody forwards requests who isn't trusted to: all who come that way count as one source, which a
/// few wrong passwords of one of them close to all.
///
/// Anybody can write the header. So an address is told, and advised, only where it is of a private network, as nearly
/// every proxy's is; and what callers from elsewhere do uses up a warning of their own.
#[derive(Debug, Default)]
pub struct StrangeProxies {
    near_was_told: AtomicBool,
    far_was_told: AtomicBool,
}

impl StrangeProxies {
    /// Looks at a request as it comes in.
    pub fn notice(&self, request: &HttpRequest, trusted: &[Network]) {
        let Some(peer) = peer(request).filter(|_| request.headers().contains_key(X_FORWARDED_FOR)) else { return };
        if is_trusted(peer, trusted) {
            return;
        }
        let (was_told, who, name) = if is_private(peer) {
            (&self.near_was_told, peer.to_string(), peer.to_string())
        } else {
            (&self.far_was_told, "an address of the Internet".to_owned(), "ADDRESS".to_owned())
        };
        if !was_told.swap(true, Relaxed) {
            tracing::warn!(
                "X-Forwarded-For came from {who}, which server.trusted_proxies doesn't name, and was left out of account: \
                 all who come that way count as one caller. If your own proxy wrote it, set in [server]: \
                 trusted_proxies = [\"{name}\"]"
            );
        }
    }
}

/// Whether an address is of this machine or of a network that isn't reached from the Internet.
fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let is_shared = v4.octets()[0] == 100 && v4.octets()[1] & 0b1100_0000 == 64;
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || is_shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_private_addresses_are_told() {
        for private in ["127.0.0.1", "10.1.2.3", "172.17.0.1", "192.168.0.1", "100.64.0.1", "::1", "fd00::1", "fe80::1"]
        {
            assert!(is_private(private.parse().unwrap()), "{private}");
        }
        for public in ["203.0.113.7", "100.128.0.1", "172.32.0.1", "2001:db8::1"] {
            assert!(!is_private(public.parse().unwrap()), "{public}");
        }
    }

    fn source(peer: &str, hops: &[&str], trusted: &[&str]) -> String {
        let trusted: Vec<Network> = trusted.iter().map(|t| t.parse().unwrap()).collect();
        Source::from_hops(peer.parse::<IpAddr>().unwrap().to_canonical(), hops, &trusted).0.to_string()
    }

    #[test]
    fn only_a_trusted_proxy_may_name_another_address() {
        assert_eq!(source("9.9.9.9", &["1.2.3.4"], &[]), "9.9.9.9");
        assert_eq!(source("10.0.0.1", &["1.2.3.4"], &["10.0.0.0/8"]), "1.2.3.4");
        assert_eq!(source("10.0.0.1", &["6.6.6.6", "1.2.3.4", "10.0.0.2"], &["10.0.0.0/8"]), "1.2.3.4");
        assert_eq!(source("10.0.0.1", &["1.2.3.4:5678"], &["10.0.0.0/8"]), "1.2.3.4");
        assert_eq!(source("10.0.0.1", &["junk"], &["10.0.0.1"]), "10.0.0.1");
    }

    #[test]
    fn an_ipv6_network_of_64_bits_is_one_source() {
        assert_eq!(source("2001:db8::1:2:3:4", &[], &[]), "2001:db8::");
        assert_eq!(source("::ffff:1.2.3.4", &[], &[]), "1.2.3.4");
    }
}
