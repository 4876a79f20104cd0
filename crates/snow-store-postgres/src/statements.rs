//! What is done in PostgreSQL, each step as one statement: no transaction is left open, nothing belongs to a session, and so a pooler that
//! gives each transaction another connection does no harm. All times are those of the server.
//!
//! Each statement does the same if it is run twice, because a response may be lost with its connection.

/// The table of all stores of a database.
///
/// `holder` is who had the lease last. It stays when the lease ends, and so tells whether somebody else has had it since. The only mutable
/// key column is the primary key, so that nearly all updates stay on their page.
pub(crate) const TABLE: &str = "\
CREATE TABLE IF NOT EXISTS snow_token (
    key         text PRIMARY KEY,
    token       bytea,
    failure     bytea,
    holder      text NOT NULL,
    lease_until timestamptz NOT NULL
)";

/// Parameters: key, lease's id, length in ms. A row comes back if the lease was acquired.
pub(crate) const ACQUIRE: &str = "\
INSERT INTO snow_token AS stored (key, holder, lease_until)
VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')
ON CONFLICT (key) DO UPDATE SET holder = EXCLUDED.holder, lease_until = EXCLUDED.lease_until
WHERE stored.lease_until < clock_timestamp() OR stored.holder = EXCLUDED.holder
RETURNING true";

/// Parameters: key, lease's id, length in ms. Never shortens the lease. One that has expired is acquired again if nobody else has had it;
/// otherwise no row comes back.
pub(crate) const EXTEND: &str = "\
UPDATE snow_token SET lease_until = GREATEST(lease_until, clock_timestamp() + $3 * interval '1 millisecond')
WHERE key = $1 AND holder = $2
RETURNING true";

/// Parameters: key, lease's id.
pub(crate) const RELEASE: &str = "\
UPDATE snow_token SET lease_until = '-infinity' WHERE key = $1 AND holder = $2
RETURNING true";

/// Parameters: key, lease's id, token. No row comes back if somebody else has had the lease since. In a table that was emptied meanwhile
/// there is nothing that the token could replace. Ends the lease: a process may end before it can return it.
pub(crate) const SAVE: &str = "\
INSERT INTO snow_token AS stored (key, holder, token, lease_until) VALUES ($1, $2, $3, '-infinity')
ON CONFLICT (key) DO UPDATE SET token = EXCLUDED.token, failure = NULL, lease_until = EXCLUDED.lease_until
WHERE stored.holder = EXCLUDED.holder
RETURNING true";

/// Parameters: key, lease's id. No row comes back if somebody else has had the lease since.
pub(crate) const REMOVE: &str = "\
UPDATE snow_token SET token = NULL, failure = NULL, lease_until = '-infinity' WHERE key = $1 AND holder = $2
RETURNING true";

/// Parameters: key, lease's id, failure. No row comes back if somebody else has had the lease since.
pub(crate) const SAVE_FAILURE: &str = "\
UPDATE snow_token SET failure = $3 WHERE key = $1 AND holder = $2
RETURNING true";

/// Parameter: key.
pub(crate) const LOAD: &str = "SELECT token FROM snow_token WHERE key = $1";

/// Parameter: key.
pub(crate) const FAILURE: &str = "SELECT failure FROM snow_token WHERE key = $1";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_step_is_one_statement_without_a_session() {
        for statement in [ACQUIRE, EXTEND, RELEASE, SAVE, REMOVE, SAVE_FAILURE, LOAD, FAILURE] {
            assert!(!statement.contains(';'), "{statement}");
            for session in ["BEGIN", "LISTEN", "advisory", "FOR UPDATE", "SET LOCAL", "PREPARE"] {
                assert!(!statement.contains(session), "{statement}");
            }
        }
        for write in [EXTEND, RELEASE, REMOVE, SAVE_FAILURE] {
            assert!(write.contains("WHERE key = $1 AND holder = $2"), "{write}");
        }
        assert!(SAVE.contains("WHERE stored.holder = EXCLUDED.holder"));
    }
}
