//! What an instance is made of.

use crate::data::{self, Author, Database, Fields};
use crate::imports::Imports;
use crate::path_prefix::PathPrefix;
use crate::state::{ScriptedApi, State};
use crate::user::{is_date_format, is_time_zone};
use crate::{
    AccessPolicy, BuildError, OAuthApplication, Rule, Settings, Simulator, Table, TransformMap, User,
    clock::Clock,
};
use bytes::Bytes;
use http::{Request, Response};
use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Settings of a [`Simulator`]. Everything is checked in [`build`](Self::build).
#[derive(Clone, Default)]
#[must_use]
pub struct Builder {
    users: Vec<User>,
    clients: Vec<Arc<OAuthApplication>>,
    api_keys: Vec<(String, String)>,
    scripts: Vec<(String, ScriptedApi)>,
    maps: Vec<TransformMap>,
    rules: Vec<Rule>,
    policies: Vec<AccessPolicy>,
    settings: Settings,
    start: Option<SystemTime>,
    no_demo: bool,
    tables: Vec<Table>,
    lengths: Vec<(String, String, usize)>,
    rows: Vec<(String, Fields)>,
    json: Vec<(String, Vec<u8>)>,
    folders: Vec<PathBuf>,
    incidents: u32,
}

impl Simulator {
    /// An instance to be configured.
    pub fn builder() -> Builder {
        Builder::new()
    }
}

impl Builder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// An administrator.
    pub fn user(self, user_name: &str, password: &str) -> Self {
        self.user_with(User::new(user_name, password).role("admin"))
    }

    /// A user with roles, a time zone and a date format.
    pub fn user_with(mut self, user: User) -> Self {
        self.users.push(user);
        self
    }

    /// An OAuth client with a secret. One without, or one that people consent to, is an
    /// [`oauth_application`](Self::oauth_application).
    pub fn oauth_client(self, id: &str, secret: &str) -> Self {
        self.oauth_application(OAuthApplication::new(id, secret))
    }

    /// An OAuth client whose own credentials stand for a user. The grant has to be switched on in the settings, too.
    pub fn oauth_client_as(self, id: &str, secret: &str, user_name: &str) -> Self {
        self.oauth_application(OAuthApplication::new(id, secret).acts_as(user_name))
    }

    /// An OAuth client that takes assertions signed by the holder of this key: for RS256 the DER of an `RSAPublicKey`, for
    /// ES256 the uncompressed point.
    pub fn oauth_client_with_key(self, id: &str, secret: &str, public_key: &[u8]) -> Self {
        self.oauth_application(OAuthApplication::new(id, secret).jwt_key(public_key))
    }

    /// An OAuth client with everything that can be said of it.
    pub fn oauth_application(mut self, application: OAuthApplication) -> Self {
        self.clients.push(Arc::new(application));
        self
    }

    /// An API key that stands for a user.
    pub fn api_key(mut self, key: &str, user_name: &str) -> Self {
        self.api_keys.push((key.to_owned(), user_name.to_owned()));
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

    /// Adds a REST API access policy.
    pub fn access_policy(mut self, policy: AccessPolicy) -> Self {
        self.policies.push(policy);
        self
    }

    /// A transform map: what becomes of rows that are imported into its staging table. Without any, a table's imports are 500. With
    /// the demo data there is one, "User", from `imp_user` to `sys_user`.
    pub fn transform_map(mut self, map: TransformMap) -> Self {
        self.maps.push(map);
        self
    }

    /// A rule for those who are no administrators.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Turns the knobs.
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// How long an access token lives; 1,800 seconds by default (facts 4.2).
    pub fn access_token_lifetime(self, life: Duration) -> Self {
        self.settings(|settings| settings.access_token_lifetime = life)
    }

    /// How long a refresh token lives; 8,640,000 seconds by default (facts 4.2).
    pub fn refresh_token_lifetime(self, life: Duration) -> Self {
        self.settings(|settings| settings.refresh_token_lifetime = life)
    }

    /// The instance's time when it starts; now by default. It runs on with tokio's clock.
    pub fn start_at(mut self, time: SystemTime) -> Self {
        self.start = Some(time);
        self
    }

    /// Without the records that a fresh instance has.
    pub fn without_demo_data(mut self) -> Self {
        self.no_demo = true;
        self
    }

    /// A table of one's own.
    pub fn table(mut self, table: Table) -> Self {
        self.tables.push(table);
        self
    }

    /// Sets the length of a string column that the table has already, as [`Table::text_column`] does for one that is added.
    pub fn max_length(mut self, table: &str, column: &str, characters: usize) -> Self {
        self.lengths.push((table.to_owned(), column.to_owned(), characters));
        self
    }

    /// A row; fields that are not given have their defaults. `sys_id` and its kind may be given.
    pub fn row<'a>(mut self, table: &str, fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        self.rows.push((table.to_owned(), fields));
        self
    }

    /// Rows in the form in which the Table API exports them: an array, or `{"result":[…]}`. Tables and columns that are
    /// not known are added to the dictionary.
    pub fn json(mut self, table: &str, rows: impl Into<Vec<u8>>) -> Self {
        self.json.push((table.to_owned(), rows.into()));
        self
    }

    /// The rows of every `TABLE.json` in a folder.
    pub fn data_folder(mut self, folder: impl AsRef<Path>) -> Self {
        self.folders.push(folder.as_ref().to_owned());
        self
    }

    /// Adds `count` incidents that look like real ones, in addition to those of the demo data (see
    /// [`without_demo_data`](Self::without_demo_data)). The crate's documentation says what a million of them takes.
    pub fn incidents(mut self, count: u32) -> Self {
        self.incidents = count;
        self
    }

    /// The instance.
    ///
    /// # Errors
    /// [`BuildError`] if something is empty, unknown, or there twice.
    pub fn build(self) -> Result<Simulator, BuildError> {
        let clock = Clock::starting(self.start);
        let stamp = clock.stamp();
        let users =
            unique("user", self.users.iter().map(|user| (user.name.clone(), Arc::new(user.clone()))))?;
        users.values().try_for_each(|user| check(user))?;
        let known = |user: &String| match users.contains_key(user) {
            true => Ok(()),
            false => Err(BuildError::new(format!("the user {user:?} is not one of the instance"))),
        };
        self.api_keys.iter().map(|(_, user)| user).try_for_each(known)?;
        self.clients.iter().filter_map(|client| client.user.as_ref()).try_for_each(known)?;
        self.clients.iter().try_for_each(|client| client.check())?;
        let mut database = Database::new()?;
        self.tables.iter().try_for_each(|table| table.define(&mut database))?;
        for (table, column, characters) in &self.lengths {
            database.dictionary.set_max_length(table, column, *characters)?;
        }
        if !self.no_demo {
            data::fill(&mut database, &stamp);
        }
        self.add_rows(&mut database, &stamp)?;
        self.add_users(&mut database, &stamp);
        database.describe_itself(&stamp);
        database.generate_incidents(self.incidents, clock.timestamp());
        let stock = (!self.no_demo).then(TransformMap::of_users);
        let maps: Vec<_> = stock.into_iter().chain(self.maps.iter().cloned()).collect();
        maps.iter().try_for_each(|map| map.check(&database))?;
        let clients = self.clients.iter().map(|client| (client.id.clone(), client.clone()));
        Ok(Simulator::new(State {
            users,
            clients: unique("OAuth client", clients)?,
            api_keys: unique("API key", self.api_keys.into_iter())?,
            scripts: scripts(self.scripts)?,
            rules: self.rules,
            policies: self.policies,
            tracked_basic_logins: Default::default(),
            settings: Arc::new(self.settings),
            tokens: Default::default(),
            sessions: Default::default(),
            clock,
            database,
            imports: Imports { maps, ..Imports::default() },
            rate_counter: Default::default(),
            faults: Default::default(),
            slow_faults: Default::default(),
            fault: None,
            wire_faults: Default::default(),
            connection_faults: Default::default(),
            connections: 0,
            arrived: 0,
            gateways: Default::default(),
            gateway: None,
            journal: Vec::new(),
        }))
    }

    fn add_users(&self, database: &mut Database, stamp: &str) {
        let Some(table) = database.dictionary.table("sys_user") else { return };
        for user in &self.users {
            let id = database.user_id(&user.name);
            let there = database.row(table, &id);
            // What a row says already of a user stays.
            let own = |name: &str| there.map(|row| database.field(table, row, name)).unwrap_or_default();
            let web_services = if user.web_service_access_only { "true".to_owned() } else { String::new() };
            let row = [
                ("user_name", &user.name),
                ("name", &user.name),
                ("time_zone", &user.time_zone),
                ("date_format", &user.date_format),
                ("user_password", &user.password),
                ("web_service_access_only", &web_services),
            ];
            let row: Fields = row
                .into_iter()
                .filter(|(name, _)| own(name).is_empty())
                .map(|(field, value)| (field.to_owned(), value.clone()))
                .collect();
            match there {
                None => drop(database.insert(table, &row, Author::unrestricted(stamp))),
                Some(_) => drop(database.update(table, &id, &row, Author::unrestricted(stamp))),
            }
        }
    }

    fn add_rows(&self, database: &mut Database, stamp: &str) -> Result<(), BuildError> {
        for (table, fields) in &self.rows {
            let unknown = |what: &str| BuildError::new(format!("a row of {table:?} cannot be added: {what}"));
            let id = database.dictionary.table(table).ok_or_else(|| unknown("there is no such table"))?;
            if let Some(field) = fields.keys().find(|field| database.dictionary.find(id, field).is_none()) {
                return Err(unknown(&format!("it has no column {field:?}")));
            }
            if database.is_taken(id, None, fields) {
                return Err(unknown("a value that may be there once is there already"));
            }
            database.insert(id, fields, Author::unrestricted(stamp));
        }
        for (table, json) in &self.json {
            data::load(database, table, json, stamp)?;
        }
        for folder in &self.folders {
            load_folder(database, folder, stamp)?;
        }
        Ok(())
    }
}

/// The handlers by the prefixes of their paths.
fn scripts(given: Vec<(String, ScriptedApi)>) -> Result<Vec<(PathPrefix, ScriptedApi)>, BuildError> {
    let named = given.into_iter().map(|(prefix, handler)| match prefix.trim_matches('/') {
        "" => (String::new(), handler),
        _ => (PathPrefix::new(&prefix).as_str().to_owned(), handler),
    });
    let handlers = unique("scripted API", named)?;
    Ok(handlers.into_iter().map(|(prefix, handler)| (PathPrefix::new(&prefix), handler)).collect())
}

fn load_folder(database: &mut Database, folder: &Path, stamp: &str) -> Result<(), BuildError> {
    let wrong = |path: &Path, why: &dyn fmt::Display| BuildError::new(format!("{}: {why}", path.display()));
    let entries = std::fs::read_dir(folder).map_err(|e| wrong(folder, &e))?;
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()
        .map_err(|e| wrong(folder, &e))?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    if paths.is_empty() {
        return Err(wrong(folder, &"there is no TABLE.json in it"));
    }
    for path in paths {
        let table = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default().to_owned();
        let json = std::fs::read(&path).map_err(|e| wrong(&path, &e))?;
        data::load(database, &table, &json, stamp).map_err(|e| wrong(&path, &e))?;
    }
    Ok(())
}

fn check(user: &User) -> Result<(), BuildError> {
    let wrong = |what: String| Err(BuildError::new(format!("the user {:?} {what}", user.name)));
    if user.password.is_empty() {
        return wrong("has no password".into());
    }
    if !is_time_zone(&user.time_zone) {
        return wrong(format!("has the time zone {:?}, which does not exist", user.time_zone));
    }
    if !is_date_format(&user.date_format) {
        return wrong(format!("has the date format {:?}: write yyyy, MM and dd", user.date_format));
    }
    Ok(())
}

fn unique<T>(what: &str, pairs: impl Iterator<Item = (String, T)>) -> Result<HashMap<String, T>, BuildError> {
    let mut map = HashMap::new();
    for (name, thing) in pairs {
        if name.is_empty() {
            return Err(BuildError::new(format!("a {what} has an empty name")));
        }
        if map.insert(name.clone(), thing).is_some() {
            // An API key's name is the key itself: a secret.
            let shown = if what == "API key" { "…" } else { name.as_str() };
            return Err(BuildError::new(format!("the {what} {shown:?} is there twice")));
        }
    }
    Ok(map)
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("users", &self.users)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}
