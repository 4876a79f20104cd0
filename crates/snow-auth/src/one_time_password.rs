//! One-time passwords, which are asked for when a password is sent, and appended to it (facts 3.2, 4.6).

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use snow_core::{BoxError, Error, ErrorKind, Secret, check_credential};
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
            return Err(
                Error::new(ErrorKind::InvalidInput, format!("{WHAT} returned an empty one")).before_sending()
            );
        }
        check_credential("one-time password", code.expose()).map_err(Error::before_sending)?;
        Ok(format!("{}{}", password.expose(), code.expose()).into())
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
            (appended(|| Ok::<_, Error>("")).await, "returned an empty one"),
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
