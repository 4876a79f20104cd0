//! A user, a password and a one-time password with every request.

use crate::Credentials;
use crate::basic;
use crate::header::zeroized_header;
use crate::one_time_password::OneTimePassword;
use http::{header, request};
use snow_core::{BoxError, Error, Secret};
use std::fmt;
use std::future::Future;

/// Credentials of a user with a second factor, for basic authentication: a one-time password is appended to the password ([facts 3.2]).
/// An instance that restricts basic authentication lets such a login through ([facts 4.6]). Give it to a
/// [`CredentialsLayer`](crate::CredentialsLayer).
///
/// The closure is called for **each** request, because each one has to log in, and its result is not kept. That suits a program
/// that computes its codes. A person who types a code every time is better served by OAuth, which needs one in 100 days:
/// [`Grant::one_time_password`](crate::Grant::one_time_password). Whether an instance accepts one code for several requests is up
/// to the instance; a code is valid for about 30 seconds.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response};
/// use snow_client::{client::BasicWithOneTimePassword, layer::CredentialsLayer};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// let code = || async { Ok::<_, std::io::Error>("123456") }; // computed from the time and a seed
/// let credentials = BasicWithOneTimePassword::new("admin", "secret", code)?;
/// let instance = snow_client::Instance::parse("dev12345")?;
/// let inner = service_fn(|request: Request<()>| async move {
///     Ok::<_, std::convert::Infallible>(Response::new(request.headers()["authorization"].clone()))
/// });
/// let service = CredentialsLayer::new(instance.origin(), credentials).layer(inner);
/// let sent = service.oneshot(Request::get("/").body(())?).await?;
/// assert_eq!(sent.body(), "Basic YWRtaW46c2VjcmV0MTIzNDU2"); // admin:secret123456
/// # Ok(()) }
/// ```
///
/// [facts 3.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#32-401
/// [facts 4.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#46-basic-authentication
pub struct BasicWithOneTimePassword {
    user: String,
    password: Secret,
    one_time: OneTimePassword,
}

impl BasicWithOneTimePassword {
    /// Creates credentials of a user. `ask` returns the one-time password of a request.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](snow_core::ErrorKind::InvalidInput) for an empty user or password, for one that begins or ends with a line break or another
    /// control character, and for a user with a colon, which basic authentication cannot express.
    pub fn new<F, Fut, C, E>(
        user: impl Into<String>,
        password: impl Into<Secret>,
        ask: F,
    ) -> Result<Self, Error>
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<C, E>> + Send + 'static,
        C: Into<Secret>,
        E: Into<BoxError>,
    {
        let (user, password) = (user.into(), password.into());
        basic::check(&user, &password)?;
        Ok(Self { user, password, one_time: OneTimePassword::new(ask) })
    }
}

impl Credentials for BasicWithOneTimePassword {
    type Error = Error;

    async fn apply(&self, head: &mut request::Parts) -> Result<(), Error> {
        let password = self.one_time.append_to(&self.password).await?;
        let value = zeroized_header(basic::value(&self.user, &password));
        let value = value.ok_or_else(|| Error::internal("base64 has characters that no header may have"))?;
        head.headers.insert(header::AUTHORIZATION, value);
        Ok(())
    }
}

impl fmt::Debug for BasicWithOneTimePassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicWithOneTimePassword").field("user", &self.user).finish_non_exhaustive()
    }
}
