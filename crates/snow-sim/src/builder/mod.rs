//! What an instance is made of.

mod build;
mod placed;
mod records;

use crate::data::Fields;
use crate::place::Place;
use crate::state::{LoginScript, ScriptedApi};
use crate::{AccessPolicy, OAuthApplication, Rule, Settings, Simulator, Table, TransformMap, User};
use bytes::Bytes;
use http::{Request, Response, request::Parts};
use placed::Placed;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Settings of a [`Simulator`]. Everything is checked in [`build`](Self::build).
#[derive(Clone, Default)]
#[must_use]
pub struct Builder {
    /// The line of the file that is being read, if one is.
    place: Option<Place>,
    users: Vec<Placed<User>>,
    clients: Vec<Placed<Arc<OAuthApplication>>>,
    /// Keys, and the names of the users that they stand for.
    api_keys: Vec<Placed<(String, String)>>,
    scripts: Vec<(String, ScriptedApi)>,
    login_scripts: Vec<LoginScript>,
    maps: Vec<Placed<TransformMap>>,
    rules: Vec<Placed<Rule>>,
    policies: Vec<AccessPolicy>,
    settings: Settings,
    start: Option<SystemTime>,
    no_demo: bool,
    tables: Vec<Placed<Table>>,
    lengths: Vec<(String, String, usize)>,
    rows: Vec<Placed<(String, Fields)>>,
    json: Vec<(String, Vec<u8>)>,
    folders: Vec<Placed<PathBuf>>,
    incidents: u32,
}

impl Simulator {
    /// Returns a builder of an instance.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Says where what is described next comes from.
    #[cfg(feature = "config")]
    pub(crate) fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    fn placed<T>(&self, part: T) -> Placed<T> {
        Placed { part, place: self.place.clone() }
    }

    /// Adds an administrator.
    pub fn user(self, user_name: &str, password: &str) -> Self {
        self.user_with(User::new(user_name, password).role("admin"))
    }

    /// Adds a user with roles, a time zone and a date format.
    pub fn user_with(mut self, user: User) -> Self {
        self.users.push(self.placed(user));
        self
    }

    /// Adds an OAuth client with a secret. One without, or one that people consent to, is an
    /// [`oauth_application`](Self::oauth_application).
    pub fn oauth_client(self, id: &str, secret: &str) -> Self {
        self.oauth_application(OAuthApplication::new(id, secret))
    }

    /// Adds an OAuth client whose own credentials stand for a user. The grant has to be switched on in the settings, too.
    pub fn oauth_client_as(self, id: &str, secret: &str, user_name: &str) -> Self {
        self.oauth_application(OAuthApplication::new(id, secret).acts_as(user_name))
    }

    /// Adds an OAuth client that takes assertions signed by the holder of this key: see [`OAuthApplication::jwt_key`].
    pub fn oauth_client_with_key(self, id: &str, secret: &str, public_key: &[u8]) -> Self {
        self.oauth_application(OAuthApplication::new(id, secret).jwt_key(public_key))
    }

    /// Adds an OAuth client with all of its settings.
    pub fn oauth_application(mut self, application: OAuthApplication) -> Self {
        self.clients.push(self.placed(Arc::new(application)));
        self
    }

    /// Adds an API key that stands for a user.
    pub fn api_key(mut self, key: &str, user_name: &str) -> Self {
        self.api_keys.push(self.placed((key.to_owned(), user_name.to_owned())));
        self
    }

    /// Adds an API of your own: every request below this prefix goes to the handler, once the user has logged in. The prefix is a
    /// namespace (`x_acme`) or a path (`/api/now/cmdb/instance`), and fits its versions as well (`/api/now/v1/cmdb/instance`).
    /// Prefixes come before the built-in APIs, and the longest one that fits is taken, so a test can replace a part of an API, or
    /// provide one that is not simulated.
    ///
    /// The instance is locked while the handler runs: a handler that calls the simulator never returns.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use bytes::Bytes;
    /// use http_body_util::Full;
    /// use snow_sim::Simulator;
    /// use tower::ServiceExt;
    ///
    /// let simulator = Simulator::builder()
    ///     .user("admin", "secret")
    ///     .scripted("/api/now/cmdb/instance", |request| {
    ///         assert_eq!(request.uri().path(), "/api/now/cmdb/instance/cmdb_ci_server");
    ///         http::Response::new(Bytes::from_static(br#"{"result":[]}"#))
    ///     })
    ///     .build()?;
    /// let request = http::Request::get("/api/now/cmdb/instance/cmdb_ci_server")
    ///     .header("authorization", "Basic YWRtaW46c2VjcmV0")
    ///     .body(Full::<Bytes>::default())?;
    /// assert_eq!(simulator.oneshot(request).await?.status(), 200);
    /// # Ok(()) }
    /// ```
    pub fn scripted(
        mut self,
        prefix: &str,
        handler: impl Fn(Request<Bytes>) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        self.scripts.push((prefix.to_owned(), Arc::new(handler)));
        self
    }

    /// Adds a script that logs users in, as an instance has them for HMAC signatures and for the tokens of other issuers ([facts 4.5],
    /// [facts 13.2]): it gets the head and the body of each request that no other login is for, and returns the `user_name`, or `None` if
    /// it does not recognize the request. Of a name that no user has the request is 401.
    ///
    /// ```
    /// use snow_sim::Simulator;
    ///
    /// let simulator = Simulator::builder()
    ///     .user("robot", "x")
    ///     .login_script(|head, body| {
    ///         let signature = head.headers.get("x-sn-hmac-signature-256")?.to_str().ok()?;
    ///         (signature == format!("{} {}", head.method, body.len())).then(|| "robot".to_owned()) // a real one is an HMAC
    ///     })
    ///     .build()?;
    /// # Ok::<_, snow_sim::BuildError>(())
    /// ```
    ///
    /// [facts 4.5]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#45-other-ways-in
    /// [facts 13.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#132-authentication-2025-to-2026
    pub fn login_script(
        mut self,
        script: impl Fn(&Parts, &Bytes) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.login_scripts.push(Arc::new(script));
        self
    }

    /// Adds a REST API access policy.
    pub fn access_policy(mut self, policy: AccessPolicy) -> Self {
        self.policies.push(policy);
        self
    }

    /// Adds a transform map: what becomes of rows that are imported into its staging table. Without any, a table's imports are 500. With
    /// the demo data there is one, "User", from `imp_user` to `sys_user`.
    pub fn transform_map(mut self, map: TransformMap) -> Self {
        self.maps.push(self.placed(map));
        self
    }

    /// Adds a rule for users who are not administrators.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(self.placed(rule));
        self
    }

    /// Changes the settings.
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Sets how long an access token lives; 1,800 seconds by default ([facts 4.2]).
    ///
    /// [facts 4.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#42-lifetimes
    pub fn access_token_lifetime(self, life: Duration) -> Self {
        self.settings(|settings| settings.access_token_lifetime = life)
    }

    /// Sets how long a refresh token lives; 8,640,000 seconds by default ([facts 4.2]).
    ///
    /// [facts 4.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#42-lifetimes
    pub fn refresh_token_lifetime(self, life: Duration) -> Self {
        self.settings(|settings| settings.refresh_token_lifetime = life)
    }

    /// Sets the instance's time when it starts; now by default. It runs on with tokio's clock.
    pub fn start_at(mut self, time: SystemTime) -> Self {
        self.start = Some(time);
        self
    }

    /// Leaves out the records that a fresh instance has.
    pub fn without_demo_data(mut self) -> Self {
        self.no_demo = true;
        self
    }

    /// Adds a table of your own.
    pub fn table(mut self, table: Table) -> Self {
        self.tables.push(self.placed(table));
        self
    }

    /// Sets the length of a string column that the table has already, as [`Table::text_column`] does for one that is added.
    pub fn max_length(mut self, table: &str, column: &str, characters: usize) -> Self {
        self.lengths.push((table.to_owned(), column.to_owned(), characters));
        self
    }

    /// Adds a record; fields that are not given have their defaults. `sys_id` and its kind may be given.
    pub fn row<'a>(mut self, table: &str, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.rows.push(self.placed((table.to_owned(), fields)));
        self
    }

    /// Adds records in the form in which the Table API exports them: an array, or `{"result":[…]}`. Tables and columns that are
    /// not known are added to the dictionary.
    pub fn json(mut self, table: &str, rows: impl Into<Vec<u8>>) -> Self {
        self.json.push((table.to_owned(), rows.into()));
        self
    }

    /// Adds the records of every `TABLE.json` in a folder.
    pub fn data_folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.folders.push(self.placed(folder.as_ref().to_owned()));
        self
    }

    /// Adds `count` incidents that look like real ones, in addition to those of the demo data (see
    /// [`without_demo_data`](Self::without_demo_data)). The crate's documentation says what a million of them takes.
    pub fn incidents(mut self, count: u32) -> Self {
        self.incidents = count;
        self
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("users", &self.users.iter().map(|user| &user.part).collect::<Vec<_>>())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
