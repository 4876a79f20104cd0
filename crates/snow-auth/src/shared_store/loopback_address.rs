//! Whether an address is this machine's own.

use std::net::IpAddr;

/// Returns `true` if a connection to this host does not leave the machine: `localhost`, `127.0.0.0/8` or `::1`.
pub fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_only_begin_like_loopback_are_not() {
        for own in ["localhost", "LOCALHOST", "127.0.0.1", "127.1.2.3", "::1", "[::1]"] {
            assert!(is_loopback(own), "{own}");
        }
        for other in
            ["localhost.example.com", "127.0.0.1.example.com", "10.0.0.1", "0.0.0.0", "::", "", "cache"]
        {
            assert!(!is_loopback(other), "{other}");
        }
    }
}
