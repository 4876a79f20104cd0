//! The address of a Redis server, from its URL.

use redis::{ConnectionAddr, IntoConnectionInfo, RedisConnectionInfo};
use snow_auth::shared_store::is_loopback;
use snow_core::{Error, ErrorKind};
use std::fmt;

/// Where a server is, and whether the connection is encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: bool,
}

impl Address {
    /// Refuses an address to which passwords and tokens would go unencrypted.
    pub(crate) fn check(&self) -> Result<(), Error> {
        if self.tls || is_loopback(&self.host) {
            return Ok(());
        }
        let why = format!("the connection to Redis at {self} would not be encrypted");
        Err(Error::new(ErrorKind::InvalidInput, why)
            .with_advice("write rediss:// in place of redis://, which is for servers on this machine"))
    }

    /// Reads an address to which a node of a cluster redirects.
    pub(crate) fn redirected(&self, to: &str) -> Option<Self> {
        let (host, port) = to.rsplit_once(':')?;
        // A node that does not know its own name leaves it out.
        let host = if host.is_empty() { &self.host } else { host.trim_matches(['[', ']']) };
        Some(Self { host: host.to_owned(), port: port.parse().ok()?, tls: self.tls })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// Reads a URL, and returns the user, the password and the number of the database in addition. No error repeats the URL.
pub(crate) fn parse(url: &str) -> Result<(Address, RedisConnectionInfo), Error> {
    let (scheme, rest) = url.split_once("://").ok_or_else(invalid)?;
    let tls = match scheme {
        "redis" | "valkey" => false,
        "rediss" | "valkeys" => true,
        _ => return Err(invalid()),
    };
    // A password with one of these characters would end in the host, or be cut off.
    let after_authority = rest.find(['/', '?', '#']).and_then(|end| rest.get(end..)).unwrap_or_default();
    if after_authority.contains(['@', '#']) || rest.matches('@').count() > 1 {
        return Err(invalid());
    }
    // The scheme for TLS needs a feature of the redis crate; its TLS is not used.
    let info = format!("redis://{rest}").into_connection_info().map_err(|_| invalid())?;
    let ConnectionAddr::Tcp(host, port) = info.addr() else { return Err(invalid()) };
    let address = Address { host: host.clone(), port: *port, tls };
    address.check()?;
    Ok((address, info.redis_settings().clone()))
}

fn invalid() -> Error {
    let why = "the address of Redis is not a URL like rediss://user:password@host:6380/0";
    Error::new(ErrorKind::InvalidInput, why)
        .with_advice("percent-encode the characters @ : / ? # % in the user and the password")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_with_and_without_tls_are_read() {
        let (address, settings) = parse("rediss://app:s%40cret@cache.example.com:6380/2").unwrap();
        assert_eq!(address.to_string(), "cache.example.com:6380");
        assert!(address.tls);
        let (user, password) = (settings.username(), settings.password());
        assert_eq!((user, password, settings.db()), (Some("app"), Some("s@cret"), 2));
        for own in ["redis://localhost", "redis://127.0.0.1:7000", "redis://[::1]/1", "valkey://:p@localhost"]
        {
            assert!(!parse(own).unwrap().0.tls, "{own}");
        }
    }

    #[test]
    fn an_unencrypted_connection_leads_to_this_machine_only() {
        for other in ["redis://cache", "redis://:canary@10.0.0.1:6379", "redis://localhost.example.com"] {
            let error = parse(other).unwrap_err();
            let text = error.report();
            assert!(text.contains("not be encrypted") && text.contains("rediss://"), "{text}");
            assert!(!text.contains("canary"), "{text}");
        }
        let own = Address { host: "127.0.0.1".into(), port: 7000, tls: false };
        assert!(own.redirected("127.0.0.1:7001").unwrap().check().is_ok());
        assert!(own.redirected("10.0.0.1:7001").unwrap().check().is_err(), "not by a redirect either");
        assert_eq!(own.redirected(":7002").unwrap().to_string(), "127.0.0.1:7002");
        assert_eq!(own.redirected("::1:7002").unwrap().to_string(), "[::1]:7002");
        assert_eq!(own.redirected("nowhere"), None);
    }

    #[test]
    fn a_url_that_cannot_be_read_is_not_repeated() {
        for odd in [
            "",
            "canary",
            "http://canary@cache",
            "redis://user:12#canary@localhost",
            "redis://user:12?canary@localhost",
            "redis://user:12/canary@localhost",
            "redis://user:can@ary@localhost",
            "redis://localhost/canary",
            "rediss://cache#insecure",
            "redis://localhost?protocol=canary",
            "unix:///canary.sock",
        ] {
            let error = parse(odd).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{odd}");
            assert!(!error.report().contains("canary") && !error.report().contains("ary@"), "{error}");
        }
    }
}
