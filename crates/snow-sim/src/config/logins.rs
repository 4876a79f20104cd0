//! Who may log in, and how.

use super::scalar::Secret;
use crate::{AccessPolicy, LoginMethod, OAuthApplication, User};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserEntry {
    name: String,
    password: Secret,
    #[serde(default)]
    roles: Vec<String>,
    time_zone: Option<String>,
    date_format: Option<String>,
    #[serde(default)]
    web_service_access_only: bool,
    one_time_password: Option<Secret>,
}

impl From<UserEntry> for User {
    fn from(entry: UserEntry) -> Self {
        let user = Self::new(&entry.name, &entry.password.0);
        let user = entry.roles.iter().fold(user, |user, role| user.role(role));
        let user = entry.time_zone.iter().fold(user, |user, zone| user.time_zone(zone));
        let user = entry.date_format.iter().fold(user, |user, format| user.date_format(format));
        let user = entry.one_time_password.iter().fold(user, |user, code| user.one_time_password(&code.0));
        if entry.web_service_access_only { user.web_service_access_only() } else { user }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeyEntry {
    key: Secret,
    user: String,
}

impl ApiKeyEntry {
    pub(super) fn key(&self) -> &str {
        &self.key.0
    }

    pub(super) fn user(&self) -> &str {
        &self.user
    }
}

/// An OAuth client; without a secret it is a public one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OAuthClientEntry {
    id: String,
    secret: Option<Secret>,
    name: Option<String>,
    #[serde(default)]
    redirect_uris: Vec<String>,
    /// The user of the grant `client_credentials`.
    acts_as: Option<String>,
    scope: Option<ScopeEntry>,
}

/// What tokens are good for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ScopeEntry {
    name: String,
    apis: Vec<String>,
}

impl From<OAuthClientEntry> for OAuthApplication {
    fn from(entry: OAuthClientEntry) -> Self {
        let client = match &entry.secret {
            Some(secret) => Self::new(&entry.id, &secret.0),
            None => Self::public(&entry.id),
        };
        let client = entry.name.iter().fold(client, |client, name| client.name(name));
        let client = entry.redirect_uris.iter().fold(client, |client, uri| client.redirect_uri(uri));
        let client = entry.acts_as.iter().fold(client, |client, user| client.acts_as(user));
        entry
            .scope
            .iter()
            .fold(client, |client, scope| client.scope(&scope.name, scope.apis.iter().map(String::as_str)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AccessPolicyEntry {
    path: String,
    allow: Vec<LoginMethod>,
}

impl From<AccessPolicyEntry> for AccessPolicy {
    fn from(entry: AccessPolicyEntry) -> Self {
        entry.allow.into_iter().fold(Self::new(&entry.path), Self::allow)
    }
}
