//! A password that is followed by a one-time password (facts 3.2, 4.6).

use crate::Credentials;
use crate::basic;
use crate::header::zeroized_header;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::{header, request};
use snow_core::{BoxError, Error, ErrorKind, Secret, check_credential};
use std::fmt;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

type Ask = dyn Fn() -> BoxFuture<'static, Result<Secret, BoxError>> + Send + Sync;

/// Asks for one-time passwords, and keeps none.
#[derive(Clone)]
pub(crate) struct OneTimePassword(Arc<Ask>);

impl OneTimePassword {
    pub(crate) fn new<F, Fut, C, E>(ask: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<C, E>> + Send + 'static,
        C: Into<Secret>,
        E: Into<BoxError>,
    {
        Self(Arc::new(move || ask().map(|code| code.map(Into::into).map_err(Into::into)).boxed()))
    }

    /// Asks for a one-time password, and returns the password with it at its end.
    pub(crate) async fn append_to(&self, password: &Secret) -> Result<Secret, Error> {
        const WHAT: &str = "the callback that returns one-time passwords";
        let failed = |why: &str| Error::new(ErrorKind::Other, format!("{WHAT} {why}")).before_sending();
        let code = match AssertUnwindSafe(async { (self.0)().await }).catch_unwind().await {
            Ok(Ok(code)) => code,
            Ok(Err(error)) => {
                return Err(match error.downcast::<Error>() {
                    Ok(own) if own.kind() != ErrorKind::Other => *own,
                    Ok(own) => failed("failed").with_reason(*own),
                    Err(foreign) => failed("failed").with_reason(foreign),
                });
            }
            Err(_panic) => return Err(failed("panicked")),
        };
        if code.is_empty() {
            return Err(Error::new(ErrorKind::InvalidInput, format!("{WHAT} returned none")).before_sending());
        }
        check_credential("one-time password", code.expose()).map_err(Error::before_sending)?;
        Ok(format!("{}{}", password.expose(), code.expose()).into())
    }
}

/// Credentials of a user with a second factor, for basic authentication: a one-time password is appended to the password (facts 3.2).
/// An instance that restricts basic authentication lets such a login through (facts 4.6). Give it to a
/// [`CredentialsLayer`](crate::CredentialsLayer).
///
/// The closure is called for **each** request, because each one has to log in, and nothing keeps its answer. That suits a program that
/// computes its codes. A person who types a code every time is better served by OAuth, which needs one in 100 days:
/// [`Grant::one_time_password`](crate::Grant::one_time_password). Whether an instance accepts one code for several requests is up to
/// the instance; a code is valid for about 30 seconds.
///
/// # Examples
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use http::{Request, Response};
/// use snow_auth::{BasicWithOneTimePassword, CredentialsLayer};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// let code = || async { Ok::<_, std::io::Error>("123456") }; // computed from the time and a seed
/// let credentials = BasicWithOneTimePassword::new("admin", "secret", code)?;
/// let instance = snow_core::Instance::parse("dev12345")?;
/// let inner = service_fn(|request: Request<()>| async move {
///     Ok::<_, std::convert::Infallible>(Response::new(request.headers()["authorization"].clone()))
/// });
/// let service = CredentialsLayer::new(instance.origin(), credentials).layer(inner);
/// let sent = service.oneshot(Request::get("/").body(())?).await?;
/// assert_eq!(sent.body(), "Basic YWRtaW46c2VjcmV0MTIzNDU2"); // admin:secret123456
/// # Ok(()) }
/// ```
pub struct BasicWithOneTimePassword {
    user: String,
    password: Secret,
    one_time: OneTimePassword,
}

impl BasicWithOneTimePassword {
    /// Creates credentials of a user. `ask` returns the one-time password of a request.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an empty user or password, for one that begins or ends with a line break or another
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn appended<E: Into<BoxError> + Send + 'static>(
        code: impl Fn() -> Result<&'static str, E> + Send + Sync + Copy + 'static,
    ) -> Result<Secret, Error> {
        let ask = move || async move { code() };
        OneTimePassword::new(ask).append_to(&"secret".into()).await
    }

    #[tokio::test]
    async fn a_code_is_appended_or_the_error_says_why_not() {
        assert_eq!(appended(|| Ok::<_, Error>("123456")).await.unwrap().expose(), "secret123456");
        for (error, says) in [
            (appended(|| Ok::<_, Error>("")).await, "returned none"),
            (appended(|| Ok::<_, Error>("canary\n")).await, "ends with a line end"),
            (appended(|| Err(std::io::Error::other("nobody is there"))).await, "failed: nobody is there"),
            (appended(|| -> Result<_, Error> { panic!("canary") }).await, "panicked"),
        ] {
            let error = error.unwrap_err();
            assert!(
                error.to_string().contains(says) && !format!("{error:?}").contains("canary"),
                "{error:?}"
            );
            assert!(!error.may_have_executed());
        }
    }
}
