//! The address of a PostgreSQL server, from its URL.

use snow_auth::shared_store::is_loopback;
use snow_core::{Error, ErrorKind};
use std::fmt;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

/// How to reach a server, and how to name it in errors.
#[derive(Clone)]
pub(crate) struct Address {
    /// With the password, and with the TLS mode that is used.
    pub(crate) config: Config,
}

impl Address {
    /// Reads a URL or a string of `key=value` pairs. No error repeats it.
    pub(crate) fn parse(url: &str) -> Result<Self, Error> {
        let mut config: Config = url.parse().map_err(|_| invalid())?;
        // A password with an @ in it would end in the host.
        let is_odd = |host: &Host| matches!(host, Host::Tcp(name) if name.is_empty() || name.contains('@'));
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty()
            || config.get_hosts().iter().any(is_odd)
        {
            return Err(invalid());
        }
        let mode = tls_mode(&config)?;
        config.ssl_mode(mode);
        Ok(Self { config })
    }

    /// Whether connections are encrypted.
    pub(crate) fn uses_tls(&self) -> bool {
        self.config.get_ssl_mode() == SslMode::Require
    }
}

/// A connection leaves the machine encrypted, or not at all.
fn tls_mode(config: &Config) -> Result<SslMode, Error> {
    if stays_here(config) {
        return Ok(match config.get_ssl_mode() {
            SslMode::Require => SslMode::Require,
            _ => SslMode::Disable,
        });
    }
    if config.get_ssl_mode() != SslMode::Disable {
        return Ok(SslMode::Require);
    }
    let why = "the connection to PostgreSQL on another machine would not be encrypted (sslmode=disable)";
    let advice = "remove sslmode from the address, or set it to require";
    Err(Error::new(ErrorKind::InvalidInput, why).with_advice(advice))
}

fn stays_here(config: &Config) -> bool {
    let is_own = |host: &Host| match host {
        Host::Tcp(name) => is_loopback(name),
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    // Where there are addresses, the names are not looked up.
    match config.get_hostaddrs() {
        [] => config.get_hosts().iter().all(is_own),
        addresses => addresses.iter().all(|address| address.is_loopback()),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(name)) => name.clone(),
            #[cfg(unix)]
            Some(Host::Unix(path)) => path.display().to_string(),
            None => self.config.get_hostaddrs().first().map(ToString::to_string).unwrap_or_default(),
        };
        write!(f, "{host}:{}", self.config.get_ports().first().unwrap_or(&5432))?;
        match self.config.get_dbname() {
            Some(database) => write!(f, "/{database}"),
            None => Ok(()),
        }
    }
}

fn invalid() -> Error {
    let why = "the address of PostgreSQL is not a URL like postgres://user:password@host:5432/database";
    Error::new(ErrorKind::InvalidInput, why)
        .with_advice("percent-encode the characters @ : / ? # % in the user and the password")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_to_other_machines_are_encrypted() {
        for (url, tls) in [
            ("postgres://app:canary@db.example.com/tokens", true),
            ("postgres://app:canary@db.example.com/tokens?sslmode=prefer", true),
            ("postgres://app:canary@localhost/tokens", false),
            ("postgres://app:canary@127.0.0.1:6432/tokens?sslmode=require", true),
            ("host=/var/run/postgresql user=app password=canary", false),
            ("host=localhost hostaddr=10.0.0.1 user=app password=canary", true),
            ("host=localhost,db.example.com user=app password=canary", true),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.uses_tls(), tls, "{url}");
            assert!(!address.to_string().contains("canary"), "{address}");
        }
        for plaintext in [
            "postgres://app:canary@db.example.com/tokens?sslmode=disable",
            "host=localhost hostaddr=10.0.0.1 user=app password=canary sslmode=disable",
            "postgres://app:canary@localhost,db.example.com/tokens?sslmode=disable",
        ] {
            let error = Address::parse(plaintext).map(drop).unwrap_err();
            let text = error.report();
            assert!(text.contains("not be encrypted") && !text.contains("canary"), "{text}");
        }
    }

    #[test]
    fn an_address_that_cannot_be_read_is_not_repeated() {
        for odd in [
            "",
            "canary",
            "postgres://app:can@ary@localhost/tokens",
            "postgres://app:canary@localhost:port/tokens",
            "host=localhost password='canary",
            "user=app password=canary",
            "http://canary@localhost",
        ] {
            let error = Address::parse(odd).map(drop).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{odd}");
            assert!(!error.report().contains("canary") && !error.report().contains("ary@"), "{error}");
        }
    }
}
