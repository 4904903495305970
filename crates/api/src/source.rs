//! Where a request comes from: the socket's address, or what a trusted proxy says it is.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    str::FromStr,
};

use actix_web::HttpRequest;
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

/// One source for the limits on attempts: an IPv4 address, or an IPv6 network of 64 bits, which one host can fill.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl Source {
    /// The source of a request. `X-Forwarded-For` counts only as far as trusted proxies wrote it: from the right, up to
    /// the first address that isn't one of them.
    #[must_use]
    pub fn of(request: &HttpRequest, trusted: &[Network]) -> Self {
        let peer = request.peer_addr().map_or(IpAddr::V6(Ipv6Addr::UNSPECIFIED), |peer| peer.ip());
        let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
        let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
        Self::from_hops(peer, &hops, trusted)
    }

    fn from_hops(peer: IpAddr, hops: &[&str], trusted: &[Network]) -> Self {
        let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.0.contains(&address));
        let mut address = peer.to_canonical();
        for hop in hops.iter().rev() {
            if !is_trusted(address) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn source(peer: &str, hops: &[&str], trusted: &[&str]) -> String {
        let trusted: Vec<Network> = trusted.iter().map(|t| t.parse().unwrap()).collect();
        Source::from_hops(peer.parse().unwrap(), hops, &trusted).0.to_string()
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
