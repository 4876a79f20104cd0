//! The failures of PostgreSQL, as errors of ours.
//!
//! What a server says may repeat values of a statement, and so a token. Its text is shown only for failures that are not about values.

use crate::address::Address;
use deadpool_postgres::{PoolError, TimeoutType};
use snow_core::{Error, ErrorKind};
use std::error::Error as _;

/// Classes and codes of failures whose text names no value: of connections, logins, databases, resources, the server's state, tables and
/// rights.
const SHOWN: [&str; 8] = ["08", "28", "3D", "53", "57", "42P01", "42501", "42703"];
/// Classes and codes that end by themselves: of connections, resources, restarts, and of statements that met another one.
const PASSING: [&str; 4] = ["08", "53", "57P", "40"];

/// Why a statement brought no rows.
pub(crate) enum StatementError {
    Pool(PoolError),
    Postgres(tokio_postgres::Error),
    /// No response came in time.
    Late,
    Own(Error),
}

impl StatementError {
    /// Returns whether the statement may succeed in a moment.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::Pool(PoolError::Backend(error)) | Self::Postgres(error) => match error.code() {
                Some(code) => begins_with(code.code(), &PASSING),
                None => true, // of the connection
            },
            Self::Pool(PoolError::Closed | PoolError::NoRuntimeSpecified) | Self::Own(_) => false,
            Self::Pool(_) | Self::Late => true,
        }
    }

    /// Returns it as an error that says where it happened.
    pub(crate) fn into_error(self, address: &Address) -> Error {
        match self {
            Self::Own(error) => error,
            Self::Late | Self::Pool(PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle)) => {
                Error::new(ErrorKind::TimedOut, format!("PostgreSQL at {address} did not respond in time"))
            }
            Self::Pool(PoolError::Timeout(TimeoutType::Wait)) => {
                let why = format!("all connections to PostgreSQL at {address} are in use");
                Error::new(ErrorKind::TimedOut, why)
            }
            Self::Pool(PoolError::Backend(error)) | Self::Postgres(error) => of_server(&error, address),
            Self::Pool(_) => {
                Error::new(ErrorKind::Other, format!("no connection to PostgreSQL at {address}"))
            }
        }
    }
}

fn of_server(error: &tokio_postgres::Error, address: &Address) -> Error {
    let Some(failure) = error.as_db_error() else {
        // The cause is an error of the operating system or of TLS.
        let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
        let why = format!("PostgreSQL at {address} cannot be reached, or the connection broke{cause}");
        return Error::new(ErrorKind::Connect, why);
    };
    let code = failure.code().code();
    let text = if begins_with(code, &SHOWN) { format!(": {}", failure.message()) } else { String::new() };
    // It is part of the text, because the advice of a store's error is not shown with the error of the call.
    let cure = match code {
        "42P01" => " (create the table once, with the statement that PostgresStore::ddl() returns)",
        _ => "",
    };
    Error::new(ErrorKind::Other, format!("PostgreSQL at {address} responded with {code}{text}{cure}"))
}

fn begins_with(code: &str, beginnings: &[&str]) -> bool {
    beginnings.iter().any(|beginning| code.starts_with(beginning))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_about_values_are_not_shown_and_only_some_pass_by_themselves() {
        for about_values in ["22P02", "23502", "23505", "42601", "XX000"] {
            assert!(
                !begins_with(about_values, &SHOWN) && !begins_with(about_values, &PASSING),
                "{about_values}"
            );
        }
        for (code, shown, passes) in [
            ("28P01", true, false),
            ("42P01", true, false),
            ("57P01", true, true),
            ("57014", true, false),
            ("08006", true, true),
            ("40001", false, true),
        ] {
            assert_eq!(begins_with(code, &SHOWN), shown, "{code}");
            assert_eq!(begins_with(code, &PASSING), passes, "{code}");
        }
    }
}
