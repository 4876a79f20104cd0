//! The hosts that are connected to directly.

use crate::{Error, ErrorKind};
use std::net::IpAddr;

#[derive(Clone, Debug, Default)]
pub(super) struct NoProxy(Vec<NoProxyEntry>);

#[derive(Clone, Debug)]
struct NoProxyEntry {
    what: HostPattern,
    port: Option<u16>,
}

#[derive(Clone, Debug)]
enum HostPattern {
    Everything,
    /// In lower case, without a dot at the beginning.
    Host(String),
    Network {
        address: IpAddr,
        bits: u32,
    },
}

impl NoProxy {
    pub(super) fn parse(list: &str) -> Result<Self, Error> {
        entries(list).map(NoProxyEntry::parse).collect::<Result<_, _>>().map(Self)
    }

    /// Parses a list that may be for other programs as well, and ignores invalid entries.
    pub(super) fn of_others(list: &str) -> Self {
        Self(entries(list).filter_map(|entry| NoProxyEntry::parse(entry).ok()).collect())
    }

    pub(super) fn covers(&self, host: &str, port: u16) -> bool {
        let (host, address) = (host.to_ascii_lowercase(), ip(host));
        self.0
            .iter()
            .any(|entry| entry.port.is_none_or(|own| own == port) && entry.what.covers(&host, address))
    }
}

fn entries(list: &str) -> impl Iterator<Item = &str> {
    list.split([',', ' ', '\t', '\n']).filter(|entry| !entry.is_empty())
}

impl NoProxyEntry {
    fn parse(text: &str) -> Result<Self, Error> {
        if let Some(address) = ip(text) {
            return Ok(Self { what: single(address), port: None });
        }
        if let Some((address, bits)) = text.split_once('/') {
            let what = network(address, bits).ok_or_else(|| invalid(text))?;
            return Ok(Self { what, port: None });
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| invalid(text))?)),
            None => (text, None),
        };
        let what = match (host, ip(host)) {
            ("*", _) => HostPattern::Everything,
            (_, Some(address)) => single(address),
            _ => HostPattern::Host(name(host).ok_or_else(|| invalid(text))?),
        };
        Ok(Self { what, port })
    }
}

fn single(address: IpAddr) -> HostPattern {
    HostPattern::Network { address, bits: width(address) }
}

fn network(address: &str, bits: &str) -> Option<HostPattern> {
    let (address, bits) = (ip(address)?, bits.parse().ok()?);
    (bits <= width(address)).then_some(HostPattern::Network { address, bits })
}

fn name(host: &str) -> Option<String> {
    let host = host.trim_start_matches('*').trim_start_matches('.').trim_end_matches('.');
    let fits = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    (!host.is_empty() && host.chars().all(fits)).then(|| host.to_ascii_lowercase())
}

fn invalid(entry: &str) -> Error {
    let why = format!(
        "the list of what needs no proxy: {entry:?} is not a host, an address or a network like 10.0.0.0/8"
    );
    Error::new(ErrorKind::InvalidInput, why)
}

impl HostPattern {
    fn covers(&self, host: &str, host_address: Option<IpAddr>) -> bool {
        match (self, host_address) {
            (Self::Everything, _) => true,
            (Self::Network { address, bits }, Some(other)) => shares(*address, other, *bits),
            (Self::Host(own), None) => {
                let below = host.strip_suffix(own.as_str());
                below.is_some_and(|below| below.is_empty() || below.ends_with('.'))
            }
            _ => false,
        }
    }
}

/// Returns whether two addresses begin with the same bits.
fn shares(a: IpAddr, b: IpAddr, bits: u32) -> bool {
    let differ = match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => u128::from(a.to_bits() ^ b.to_bits()) << 96,
        (IpAddr::V6(a), IpAddr::V6(b)) => a.to_bits() ^ b.to_bits(),
        _ => return false,
    };
    differ.leading_zeros() >= bits
}

const fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// Parses an address, in brackets or not.
fn ip(host: &str) -> Option<IpAddr> {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host).parse().ok()
}

pub(super) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || ip(host).is_some_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_addresses_networks_and_ports() {
        for (list, covered, not_covered) in [
            ("", &[][..], &["example.com"][..]),
            ("*", &["example.com", "10.0.0.1", "[::1]"], &[]),
            (
                "example.com",
                &["example.com", "EXAMPLE.com", "a.b.example.com"],
                &["anexample.com", "example.com.evil.net"],
            ),
            (".Example.com", &["a.example.com", "example.com"], &["anexample.com"]),
            ("*.example.com", &["a.example.com"], &["example.org"]),
            ("a.net , b.net\tc.net", &["a.net", "b.net", "c.net"], &["d.net"]),
            ("10.0.0.0/8", &["10.1.2.3"], &["11.0.0.1", "ten.example.com", "[::1]"]),
            ("10.1.2.3", &["10.1.2.3"], &["10.1.2.30"]),
            ("0.0.0.0/0", &["1.2.3.4"], &["[::1]"]),
            ("fd00::/8,[::1]", &["[fd12::1]", "[::1]"], &["[fe80::1]"]),
            ("::1", &["[::1]"], &["[::2]"]),
            ("example.com:8443", &[], &["example.com"]),
            ("example.com:443 10.0.0.1:443", &["example.com", "10.0.0.1"], &["10.0.0.2"]),
        ] {
            let rules = NoProxy::parse(list).unwrap();
            for host in covered {
                assert!(rules.covers(host, 443), "{list:?} covers {host}");
            }
            for host in not_covered {
                assert!(!rules.covers(host, 443), "{list:?} does not cover {host}");
            }
        }
    }

    #[test]
    fn what_can_be_no_entry_is_refused() {
        for list in [
            "10.0.0.0/33",
            "10.0.0.0/x",
            "fd00::/129",
            "http://example.com",
            "a;b",
            "example.com:http",
            "*.",
            ".",
        ] {
            assert!(
                NoProxy::parse(list).unwrap_err().to_string().contains("not a host, an address or a network"),
                "{list}"
            );
        }
    }
}
