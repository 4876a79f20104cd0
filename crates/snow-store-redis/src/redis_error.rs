//! The failures of Redis, as errors of ours.
//!
//! What a server says may repeat the arguments of a command, and so a token. Its text is shown only where it cannot.

use crate::address::Address;
use redis::RedisError;
use snow_core::{Error, ErrorKind};

/// Returns what may be wrong, by the code with which the server's error begins.
const CAUSES: [(&str, &str); 10] = [
    ("NOAUTH", "the server wants a password: give it in the URL"),
    ("WRONGPASS", "the user or the password in the URL is wrong"),
    ("NOPERM", "the user may not run EVAL and GET on the store's keys: see the documentation of the crate"),
    ("OOM", "the server has no memory left"),
    ("MISCONF", "the server cannot save to its disk"),
    ("READONLY", "this is a replica: give the address of the master"),
    ("MOVED", "the cluster sends the client around in circles"),
    ("LOADING", "the server is starting"),
    ("CLUSTERDOWN", "the cluster has lost the node with the store's keys"),
    ("CROSSSLOT", "the keys of the store are in different slots"),
];

/// Why a command brought no response.
pub(crate) enum CommandError {
    Redis(RedisError),
    /// The operating system made no connection, and says why.
    NoConnection(String),
    /// No response came in time.
    Late,
    Own(Error),
}

impl From<RedisError> for CommandError {
    fn from(error: RedisError) -> Self {
        Self::Redis(error)
    }
}

/// Returns the error of a command that was sent to this address.
pub(crate) fn of(error: &CommandError, address: &Address) -> Error {
    match error {
        CommandError::Own(error) => error.clone(),
        CommandError::Late => {
            let why = format!("Redis at {address} did not respond in time");
            Error::new(ErrorKind::TimedOut, why)
        }
        CommandError::NoConnection(why) => {
            Error::new(ErrorKind::Connect, format!("Redis at {address} cannot be reached: {why}"))
        }
        CommandError::Redis(error) => of_server(error, address),
    }
}

/// Returns the error of a response that is not the one expected.
pub(crate) fn unexpected(address: &Address) -> Error {
    Error::new(ErrorKind::Other, format!("the response of Redis at {address} was not understood"))
}

fn of_server(error: &RedisError, address: &Address) -> Error {
    if error.is_io_error() || error.is_connection_dropped() {
        return Error::new(
            ErrorKind::ConnectionClosed,
            format!("the connection to Redis at {address} broke"),
        );
    }
    if error.kind() == redis::ErrorKind::AuthenticationFailed {
        let why =
            format!("Redis at {address} refused the login: the user or the password in the URL is wrong");
        return Error::new(ErrorKind::Connect, why);
    }
    let code = error.code().filter(|code| is_code(code)).unwrap_or("an error");
    let cause = CAUSES.iter().find(|(known, _)| *known == code).map(|(_, cause)| *cause);
    let cause = cause.map_or_else(String::new, |cause| format!(": {cause}"));
    Error::new(ErrorKind::Other, format!("Redis at {address} responded with {code}{cause}"))
}

/// Codes are words in capital letters.
fn is_code(code: &str) -> bool {
    (1..=20).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(line: &str) -> String {
        let value = redis::parse_redis_value(line.as_bytes()).unwrap();
        let error = value.extract_error().unwrap_err();
        let address = Address { host: "cache".into(), port: 6380, tls: true };
        of(&CommandError::Redis(error), &address).report()
    }

    #[test]
    fn the_servers_text_is_not_repeated_and_its_code_is_explained() {
        let text = said("-ERR unknown command 'EVAL', with args beginning with: 'canary' '1'\r\n");
        assert!(text.contains("cache:6380 responded with ERR") && !text.contains("canary"), "{text}");
        let text = said("-NOPERM User canary has no permissions to run the 'eval' command\r\n");
        assert!(text.contains("may not run EVAL") && !text.contains("canary"), "{text}");
        assert!(said("-WRONGPASS invalid username-password pair\r\n").contains("is wrong"));
        assert!(!said("-canary and more\r\n").contains("canary"));
    }
}
