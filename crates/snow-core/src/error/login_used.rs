//! How a request had logged in, for the advice of its error.

/// A way that a request had logged in, from which the error of a 401 or 403 takes its [advice](crate::Error::advice): the service gives
/// the same refusal for a wrong password, a restricted login and a token that a policy does not allow ([facts 4.6]).
///
/// A layer that adds credentials puts it into the extensions of a response with status 401 or 403, where
/// [`ApiResponse`](crate::decode::ApiResponse) finds it; [`Error::with_login`](crate::Error::with_login) adds it to an error.
///
/// ```
/// use snow_client::{api::ApiResponse, error::LoginUsed};
///
/// let refused = http::Response::builder().status(401).header("www-authenticate", "BASIC realm=\"Service-now\"");
/// let refused = refused.extension(LoginUsed::ApiKey).body(()).unwrap();
/// let error = ApiResponse::new(refused.into_parts().0, bytes::Bytes::new()).unwrap_err();
/// assert!(error.advice().unwrap().contains("REST API access policy"));
/// ```
///
/// [facts 4.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#46-basic-authentication
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoginUsed {
    /// A user and a password with each request.
    Password,
    /// An API key with each request.
    ApiKey,
    /// A bearer token.
    Token,
    /// A bearer token that was obtained a moment ago, and that the instance has never accepted.
    NewToken,
    /// A signature over each request.
    Signature,
}
