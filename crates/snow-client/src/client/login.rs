//! The one way that a `Client` logs in.

use crate::Instance;
use crate::request::client_inner::ClientInner;
use crate::request::client_inner::dictionary::Dictionary;
use crate::stack::BaseService;
use crate::stack::Settings;
use snow_auth::{
    ApiKeyLayer, BasicAuthLayer, BearerAuthLayer, Credentials, CredentialsLayer, RequestSigner, SigningLayer,
};
use snow_core::{Error, ErrorKind, HttpService, LoginUsed, Origin, Secret};
use std::fmt;
use std::sync::Arc;
use tower_layer::Identity;

/// Creates a client with the user's own credentials, whose type only this function knows.
type CustomLogin =
    Arc<dyn Fn(Instance, &Settings, BaseService, Arc<dyn Dictionary>) -> Arc<ClientInner> + Send + Sync>;

/// Seals the ways to log in that a [`ClientBuilder`](crate::client::ClientBuilder) has.
pub trait LoginKind: fmt::Debug {}

impl LoginKind for DirectLogin {}

/// The login of a [`Client`](crate::Client): user and password, a token, a key, or a service that logs in by itself.
#[derive(Clone, Default)]
pub struct DirectLogin {
    pub(super) login: Login,
    /// A whole stack of the user's own.
    pub(super) stack: Option<HttpService>,
}

impl fmt::Debug for DirectLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DirectLogin").field("user", &self.login.user).finish_non_exhaustive()
    }
}

/// The settings of the login, which may be incomplete or contradictory.
#[derive(Clone, Default)]
pub(crate) struct Login {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) bearer_token: Option<Secret>,
    pub(crate) api_key: Option<Secret>,
    custom: Option<CustomLogin>,
    signer: Option<CustomLogin>,
}

/// One way to log in, checked.
pub(crate) enum CheckedLogin {
    Basic(BasicAuthLayer),
    Bearer(BearerAuthLayer),
    ApiKey(ApiKeyLayer),
    Custom(CustomLogin),
    /// The user's own transport logs in.
    None,
}

impl Login {
    /// Credentials of the user's own: the stack is made by a function of its own, so that they keep their type.
    pub(crate) fn own(&mut self, credentials: impl Credentials) {
        let credentials = Arc::new(credentials);
        self.custom = Some(Arc::new(move |instance, settings, bottom, dictionary| {
            let layer = CredentialsLayer::shared(instance.origin(), credentials.clone());
            ClientInner::new(instance, settings, None, layer, bottom, dictionary)
        }));
    }

    /// A signer of the user's own, in the same way.
    pub(crate) fn sign_with(&mut self, signer: impl RequestSigner) {
        let signer = Arc::new(signer);
        self.signer = Some(Arc::new(move |instance, settings, bottom, dictionary| {
            let layer = SigningLayer::shared(instance.origin(), signer.clone());
            ClientInner::new(instance, settings, Some(LoginUsed::Signature), layer, bottom, dictionary)
        }));
    }

    fn given(&self) -> Vec<&'static str> {
        let ways = [
            (self.user.is_some() || self.password.is_some(), "user and password"),
            (self.bearer_token.is_some(), "a bearer token"),
            (self.api_key.is_some(), "an API key"),
            (self.custom.is_some(), "credentials"),
            (self.signer.is_some(), "a request signer"),
        ];
        ways.into_iter().filter_map(|(given, name)| given.then_some(name)).collect()
    }

    pub(crate) fn is_given(&self) -> bool {
        !self.given().is_empty()
    }

    pub(crate) fn checked(&self, origin: &Origin, has_transport: bool) -> Result<CheckedLogin, Error> {
        if let [first, second, ..] = self.given()[..] {
            let why = format!("both {first} and {second} are given: give one way to log in");
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        if let Some(token) = &self.bearer_token {
            return BearerAuthLayer::new(origin, token.clone()).map(CheckedLogin::Bearer);
        }
        if let Some(key) = &self.api_key {
            return ApiKeyLayer::new(origin, key.clone()).map(CheckedLogin::ApiKey);
        }
        if let Some(custom) = self.custom.as_ref().or(self.signer.as_ref()) {
            return Ok(CheckedLogin::Custom(custom.clone()));
        }
        let refuse = |why| Err(Error::new(ErrorKind::InvalidInput, why));
        match (&self.user, &self.password) {
            (Some(user), Some(password)) => {
                BasicAuthLayer::new(origin, user, password.clone()).map(CheckedLogin::Basic)
            }
            (None, None) if has_transport => Ok(CheckedLogin::None),
            (None, None) => refuse("no way to log in is given: call user() and password()"),
            (Some(_), None) => refuse("a user is given without a password: call password()"),
            (None, Some(_)) => refuse("a password is given without a user: call user()"),
        }
    }
}

impl CheckedLogin {
    pub(crate) fn client(
        self,
        instance: Instance,
        settings: &Settings,
        bottom: BaseService,
        dictionary: Arc<dyn Dictionary>,
    ) -> Arc<ClientInner> {
        match self {
            Self::Basic(layer) => {
                ClientInner::new(instance, settings, Some(LoginUsed::Password), layer, bottom, dictionary)
            }
            Self::Bearer(layer) => {
                ClientInner::new(instance, settings, Some(LoginUsed::Token), layer, bottom, dictionary)
            }
            Self::ApiKey(layer) => {
                ClientInner::new(instance, settings, Some(LoginUsed::ApiKey), layer, bottom, dictionary)
            }
            Self::None => ClientInner::new(instance, settings, None, Identity::new(), bottom, dictionary),
            Self::Custom(login) => login(instance, settings, bottom, dictionary),
        }
    }
}
