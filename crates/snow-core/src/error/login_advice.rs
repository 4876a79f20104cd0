//! What a person can do about a 401 or 403, by how the request had logged in. The service does not say which of its settings refused
//! (facts 3.2, 4.5, 4.6, 13.2), so the advice names those that may have.

use super::execution::Execution;
use super::{ErrorKind, LoginUsed};

const PASSWORD: &str = "a wrong password and a restricted basic login cannot be told apart: check the user and the password, and that the \
     user is active and not locked out; if they are right, the instance restricts basic authentication, and there are three ways out: \
     a user with web service access only, the role snc_basic_auth_api_access, or a login with OAuth";

const API_KEY: &str = "check the key, and that a REST API access policy of this API lists the key's authentication profile: a key works \
     for no other API";

const TOKEN: &str = "obtain a new token; if that is refused as well, a REST API access policy or the token's auth scope does not allow it \
     for this API, or the user is inactive or locked out";

const NEW_TOKEN: &str = "the token was obtained a moment ago and has not expired: a REST API access policy or the token's auth scope does \
     not allow it for this API, or the user is inactive or locked out";

const SIGNATURE: &str = "check the key and its id and this machine's clock, that what is signed is what the instance's script verifies, \
     and that a REST API access policy of this API allows signed requests";

const FORBIDDEN: &str = "the user lacks a role, a rule of the instance refused, or the token is not allowed for this API by its auth scope \
     or a REST API access policy";

const FORBIDDEN_AND_WRITTEN: &str = "the user lacks a role, a rule of the instance refused, or the token is not allowed for this API by its \
     auth scope or a REST API access policy; read back before trying again: the record may have been written all the same";

const FORBIDDEN_NEW: &str = "the token was obtained a moment ago and is valid: its auth scope or a REST API access policy does not allow it \
     for this API, or the user lacks a role";

const FORBIDDEN_NEW_AND_WRITTEN: &str = "the token was obtained a moment ago and is valid: its auth scope or a REST API access policy does \
     not allow it for this API, or the user lacks a role; read back before trying again: the record may have been written all the same";

/// Returns the advice, if the login says more than the kind alone.
pub(super) fn of(kind: ErrorKind, login: Option<LoginUsed>, execution: Execution) -> Option<&'static str> {
    use LoginUsed::{ApiKey, NewToken, Password, Signature, Token};
    let may_have_executed = !matches!(execution, Execution::NotExecuted);
    Some(match (kind, login?) {
        (ErrorKind::Unauthenticated, Password) => PASSWORD,
        (ErrorKind::Unauthenticated, ApiKey) => API_KEY,
        (ErrorKind::Unauthenticated, Token) => TOKEN,
        (ErrorKind::Unauthenticated, NewToken) => NEW_TOKEN,
        (ErrorKind::Unauthenticated, Signature) => SIGNATURE,
        (ErrorKind::Forbidden, Token) if may_have_executed => FORBIDDEN_AND_WRITTEN,
        (ErrorKind::Forbidden, Token) => FORBIDDEN,
        (ErrorKind::Forbidden, NewToken) if may_have_executed => FORBIDDEN_NEW_AND_WRITTEN,
        (ErrorKind::Forbidden, NewToken) => FORBIDDEN_NEW,
        _ => return None,
    })
}
