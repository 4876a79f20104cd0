//! The ways to obtain a token.

use super::Token;
use super::jwt_bearer::JwtBearer;
use crate::one_time_password::OneTimePassword;
use futures_util::future::{BoxFuture, FutureExt};
use snow_core::{BoxError, Error, ErrorKind, Secret, check_credential};
use std::fmt;
use std::future::Future;
use std::sync::Arc;

/// A way to obtain a token without a person. Set by [`OAuthBuilder::grant`](crate::OAuthBuilder::grant), it is used for the first
/// token, and when the refresh token is no longer accepted.
///
/// | grant | what the instance needs ([facts 4.1]) |
/// |---|---|
/// | [`password`](Self::password) | on by default; may be switched off |
/// | [`one_time_password`](Self::one_time_password) | the same, for users with a second factor |
/// | [`client_credentials`](Self::client_credentials) | a property, and the client's "OAuth Application User" |
/// | [`jwt_bearer`](Self::jwt_bearer) | the issuer's public key, or a shared secret, in the registry; not for users with the role `admin` ([facts 13.2]) |
/// | [`callback`](Self::callback) | what the token is good for: an OIDC entity for another provider's tokens ([facts 4.5]) |
///
/// For a login by a person, see [`OAuth::authorization`](crate::OAuth::authorization).
///
/// [facts 4.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#41-token-endpoint
/// [facts 13.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#132-authentication-2025-to-2026
/// [facts 4.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#45-other-ways-in
#[derive(Clone)]
pub struct Grant(pub(super) GrantKind);

/// What a grant sends to the token endpoint, or where else the token comes from.
#[derive(Clone)]
pub(super) enum GrantKind {
    Password { user: String, password: Secret, one_time: Option<OneTimePassword> },
    ClientCredentials,
    JwtBearer(Arc<JwtBearer>),
    Callback(Arc<TokenCallback>),
}

/// Obtains a token elsewhere.
pub(super) type TokenCallback = dyn Fn() -> BoxFuture<'static, Result<Token, BoxError>> + Send + Sync;

impl Grant {
    /// Creates a grant by user and password, which are kept in memory.
    pub fn password(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self(GrantKind::Password { user: user.into(), password: password.into(), one_time: None })
    }

    /// Creates a grant by user and password for a user with a second factor: a one-time password is appended to the password
    /// ([facts 3.2]). The closure returns it, computed or typed by a person. It is asked for each token request, and only then: for
    /// the first token, and when the refresh token is no longer accepted. Its result is not kept.
    ///
    /// Each call of the closure may take as long as [`callback_timeout`](crate::OAuthBuilder::callback_timeout) says.
    ///
    /// ```
    /// use snow_client::oauth::Grant;
    ///
    /// let grant = Grant::one_time_password("admin", "secret", || async {
    ///     let typed = tokio::task::spawn_blocking(|| {
    ///         let mut code = String::new();
    ///         std::io::stdin().read_line(&mut code).map(|_| code.trim_end().to_owned())
    ///     });
    ///     typed.await? // or computed, by a library for TOTP
    /// });
    /// assert!(!format!("{grant:?}").contains("secret"));
    /// ```
    ///
    /// [facts 3.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#32-401
    pub fn one_time_password<F, Fut, C, E>(
        user: impl Into<String>,
        password: impl Into<Secret>,
        ask: F,
    ) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<C, E>> + Send + 'static,
        C: Into<Secret>,
        E: Into<BoxError>,
    {
        let one_time = Some(OneTimePassword::new(ask));
        Self(GrantKind::Password { user: user.into(), password: password.into(), one_time })
    }

    /// Creates a grant by the client's own id and secret, for the user that the instance's registry names.
    pub fn client_credentials() -> Self {
        Self(GrantKind::ClientCredentials)
    }

    /// Creates a grant by an assertion, which is signed anew for each token request.
    pub fn jwt_bearer(assertion: JwtBearer) -> Self {
        Self(GrantKind::JwtBearer(Arc::new(assertion)))
    }

    /// Creates a grant by a closure that obtains a token elsewhere: from an OIDC provider, a vault, another process.
    ///
    /// ```
    /// use snow_client::oauth::{Grant, Token};
    /// use std::time::Duration;
    ///
    /// let grant = Grant::callback(|| async {
    ///     let id_token = "eyJ…"; // requested from the provider
    ///     Ok::<_, std::io::Error>(Token::new(id_token).with_lifetime(Duration::from_secs(3_600)))
    /// });
    /// # let _ = grant;
    /// ```
    pub fn callback<F, Fut, E>(obtain: F) -> Self
    where
        F: Fn() -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Token, E>> + Send + 'static,
        E: Into<BoxError>,
    {
        Self(GrantKind::Callback(Arc::new(move || {
            obtain().map(|obtained| obtained.map_err(Into::into)).boxed()
        })))
    }

    /// Refuses invalid input before anything is sent.
    pub(super) fn check(&self) -> Result<(), Error> {
        let empty = match &self.0 {
            GrantKind::Password { user, .. } if user.is_empty() => "user",
            GrantKind::Password { password, .. } if password.is_empty() => "password",
            GrantKind::JwtBearer(assertion) if assertion.subject.is_empty() => "subject of the assertion",
            _ => return self.check_texts(),
        };
        Err(Error::new(ErrorKind::InvalidInput, format!("the {empty} is empty")))
    }

    fn check_texts(&self) -> Result<(), Error> {
        match &self.0 {
            GrantKind::Password { user, password, .. } => {
                check_credential("user", user)?;
                check_credential("password", password.expose())
            }
            GrantKind::JwtBearer(assertion) => assertion.check(),
            GrantKind::ClientCredentials | GrantKind::Callback(_) => Ok(()),
        }
    }

    pub(super) fn sends_a_password(&self) -> bool {
        self.user_and_password().is_some()
    }

    pub(super) fn user_and_password(&self) -> Option<(&str, &Secret)> {
        match &self.0 {
            GrantKind::Password { user, password, .. } => Some((user, password)),
            _ => None,
        }
    }

    /// Returns `true` if tokens are requested from the token endpoint, which takes a client's id.
    pub(super) fn needs_endpoint(&self) -> bool {
        !matches!(self.0, GrantKind::Callback(_))
    }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            GrantKind::Password { user, .. } => {
                f.debug_struct("Password").field("user", user).finish_non_exhaustive()
            }
            GrantKind::ClientCredentials => f.write_str("ClientCredentials"),
            GrantKind::JwtBearer(assertion) => assertion.fmt(f),
            GrantKind::Callback(_) => f.write_str("Callback"),
        }
    }
}
