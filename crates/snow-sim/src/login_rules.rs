//! Which ways to log in an instance lets through (facts 4.5, 4.6).

use crate::path_prefix::PathPrefix;

/// The restriction of basic authentication that new instances have ([facts 4.6]). A user whom it refuses gets the ordinary 401. It lets
/// through accounts that [`may only use web services`](crate::User::web_service_access_only), MID servers (role `mid_server`), users with
/// the role `snc_basic_auth_api_access` or a one-time password, and those that are named here.
///
/// ```
/// use snow_sim::{BasicRestriction, Simulator};
///
/// let restriction = BasicRestriction::enforced().allow_user("nightly.import");
/// let simulator = Simulator::builder()
///     .user("admin", "secret")
///     .settings(|settings| settings.basic_restriction = Some(restriction))
///     .build()?;
/// # Ok::<_, snow_sim::BuildError>(())
/// ```
///
/// [facts 4.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#46-basic-authentication
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Deserialize), serde(deny_unknown_fields))]
#[must_use]
pub struct BasicRestriction {
    pub(crate) enforced: bool,
    #[cfg_attr(feature = "config", serde(default, rename = "allowed_users"))]
    users: Vec<String>,
    #[cfg_attr(feature = "config", serde(default, rename = "allowed_roles"))]
    roles: Vec<String>,
    #[cfg_attr(feature = "config", serde(default, rename = "allow_snc_external"))]
    external: bool,
}

/// What of an account decides.
pub(crate) struct Account<'a> {
    pub(crate) name: &'a str,
    pub(crate) roles: &'a [String],
    pub(crate) web_service_access_only: bool,
}

impl BasicRestriction {
    /// Creates a restriction that refuses, as new instances have.
    pub fn enforced() -> Self {
        Self { enforced: true, users: Vec::new(), roles: Vec::new(), external: false }
    }

    /// Creates a restriction that refuses nobody and only notes whom it would refuse, as upgraded instances have: see
    /// [`Simulator::tracked_basic_logins`](crate::Simulator::tracked_basic_logins).
    pub fn tracked() -> Self {
        Self { enforced: false, ..Self::enforced() }
    }

    /// Lets a user through: `…restriction.allowed_users`.
    pub fn allow_user(mut self, user_name: &str) -> Self {
        self.users.push(user_name.to_owned());
        self
    }

    /// Lets users with a role through: `…restriction.allowed_roles`.
    pub fn allow_role(mut self, role: &str) -> Self {
        self.roles.push(role.to_owned());
        self
    }

    /// Lets external users (role `snc_external`) through: `…restriction.allow_snc_external`.
    pub fn allow_external(mut self) -> Self {
        self.external = true;
        self
    }

    pub(crate) fn lets_through(&self, account: &Account<'_>) -> bool {
        let has = |role: &str| account.roles.iter().any(|given| given == role);
        account.web_service_access_only
            || has("snc_basic_auth_api_access")
            || has("mid_server")
            || (self.external && has("snc_external"))
            || self.users.iter().any(|user| user == account.name)
            || self.roles.iter().any(|role| has(role))
    }
}

/// A way to log in, as access policies name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum LoginMethod {
    /// A user name and a password with each request.
    Basic,
    /// An OAuth token, or a token of another issuer that a [login script](crate::Builder::login_script) takes.
    #[cfg_attr(feature = "config", serde(rename = "oauth"))]
    OAuth,
    /// A signature over the request, which a [login script](crate::Builder::login_script) verifies.
    Signature,
    /// An API key.
    ApiKey,
    /// The cookie of a session.
    Session,
}

/// A REST API access policy: the ways to log in to the APIs below a path. Every other way is 401 there, with good credentials
/// ([facts 4.5]). Where several policies fit, one that allows the login is enough; without a policy every way is allowed.
///
/// [facts 4.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#45-other-ways-in
///
/// ```
/// use snow_sim::{AccessPolicy, LoginMethod, Simulator};
///
/// let tokens_only = AccessPolicy::new("/api/now/table").allow(LoginMethod::OAuth);
/// let simulator = Simulator::builder().user("admin", "secret").access_policy(tokens_only).build()?;
/// # Ok::<_, snow_sim::BuildError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct AccessPolicy {
    prefix: PathPrefix,
    methods: Vec<LoginMethod>,
}

impl AccessPolicy {
    /// Creates a policy for a path and everything below it, in all versions. It allows nothing yet.
    pub fn new(path: &str) -> Self {
        Self { prefix: PathPrefix::new(path), methods: Vec::new() }
    }

    /// Allows a way to log in.
    pub fn allow(mut self, method: LoginMethod) -> Self {
        self.methods.push(method);
        self
    }

    pub(crate) fn fits(&self, path: &str) -> bool {
        self.prefix.fits(path)
    }

    pub(crate) fn allows(&self, method: LoginMethod) -> bool {
        self.methods.contains(&method)
    }
}

/// What has to be the audience of an assertion: the documentation names both ([facts 4.1]).
///
/// [facts 4.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#41-token-endpoint
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "config", derive(serde::Deserialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum JwtAudience {
    /// The id of the OAuth client.
    ClientId,
    /// The URL of the token endpoint, `https://HOST/oauth_token.do`.
    TokenEndpoint,
}
