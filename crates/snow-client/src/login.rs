//! The one way that a `Client` logs in.

use crate::settings::Settings;
use crate::stack::Bottom;
use crate::target::Target;
use crate::{Instance, Secret};
use snow_auth::{ApiKeyLayer, BasicAuthLayer, BearerAuthLayer, Credentials, CredentialsLayer};
use snow_core::{Error, Kind, Origin};
use std::sync::Arc;
use tower_layer::Identity;

type Own = Arc<dyn Fn(Instance, &Settings, Bottom) -> Arc<Target> + Send + Sync>;

/// What was said about it, which may be too little or too much.
#[derive(Clone, Default)]
pub(crate) struct Login {
    pub(crate) user: Option<String>,
    pub(crate) password: Option<Secret>,
    pub(crate) bearer_token: Option<Secret>,
    pub(crate) api_key: Option<Secret>,
    own: Option<Own>,
}

/// One of them, checked.
pub(crate) enum Way {
    Basic(BasicAuthLayer),
    Bearer(BearerAuthLayer),
    ApiKey(ApiKeyLayer),
    Own(Own),
    /// The user's own transport does it.
    None,
}

impl Login {
    /// Credentials of the user's own: the stack is made by a function of its own, so that they keep their type.
    pub(crate) fn own(&mut self, credentials: impl Credentials) {
        let credentials = Arc::new(credentials);
        self.own = Some(Arc::new(move |instance, settings, bottom| {
            let layer = CredentialsLayer::shared(instance.origin(), credentials.clone());
            Target::new(instance, settings, layer, bottom)
        }));
    }

    fn given(&self) -> Vec<&'static str> {
        let ways = [
            (self.user.is_some() || self.password.is_some(), "user and password"),
            (self.bearer_token.is_some(), "a bearer token"),
            (self.api_key.is_some(), "an API key"),
            (self.own.is_some(), "credentials"),
        ];
        ways.into_iter().filter_map(|(given, name)| given.then_some(name)).collect()
    }

    pub(crate) fn is_given(&self) -> bool {
        !self.given().is_empty()
    }

    pub(crate) fn way(&self, origin: &Origin, has_transport: bool) -> Result<Way, Error> {
        if let [first, second, ..] = self.given()[..] {
            let why = format!("both {first} and {second} are given: give one way to log in");
            return Err(Error::new(Kind::InvalidInput, why));
        }
        if let Some(token) = &self.bearer_token {
            return BearerAuthLayer::new(origin, token.clone()).map(Way::Bearer);
        }
        if let Some(key) = &self.api_key {
            return ApiKeyLayer::new(origin, key.clone()).map(Way::ApiKey);
        }
        if let Some(own) = &self.own {
            return Ok(Way::Own(own.clone()));
        }
        let refuse = |why| Err(Error::new(Kind::InvalidInput, why));
        match (&self.user, &self.password) {
            (Some(user), Some(password)) => {
                BasicAuthLayer::new(origin, user, password.clone()).map(Way::Basic)
            }
            (None, None) if has_transport => Ok(Way::None),
            (None, None) => refuse("no way to log in is given: call user() and password()"),
            (Some(_), None) => refuse("a user is given without a password"),
            (None, Some(_)) => refuse("a password is given without a user"),
        }
    }
}

impl Way {
    pub(crate) fn target(self, instance: Instance, settings: &Settings, bottom: Bottom) -> Arc<Target> {
        match self {
            Self::Basic(layer) => Target::new(instance, settings, layer, bottom),
            Self::Bearer(layer) => Target::new(instance, settings, layer, bottom),
            Self::ApiKey(layer) => Target::new(instance, settings, layer, bottom),
            Self::None => Target::new(instance, settings, Identity::new(), bottom),
            Self::Own(own) => own(instance, settings, bottom),
        }
    }
}
