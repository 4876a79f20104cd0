//! From what was described to an instance: everything is checked here.

use super::{Builder, Placed};
use crate::clock::Clock;
use crate::data::{self, Database};
use crate::imports::Imports;
use crate::path_prefix::PathPrefix;
use crate::state::{ScriptedApi, State};
use crate::user::{is_date_format, is_time_zone};
use crate::{BuildError, OAuthApplication, Simulator, TransformMap, User};
use std::collections::HashMap;
use std::sync::Arc;

/// What a simulator logs in.
struct Accounts {
    users: HashMap<String, Arc<User>>,
    clients: HashMap<String, Arc<OAuthApplication>>,
    api_keys: HashMap<String, String>,
}

impl Builder {
    /// Builds the instance.
    ///
    /// # Errors
    /// [`BuildError`] if something is empty, unknown, or there twice.
    pub fn build(self) -> Result<Simulator, BuildError> {
        let clock = Clock::starting(self.start);
        let accounts = self.accounts()?;
        let database = self.database(&clock)?;
        let context = (&database, clock.timestamp());
        self.rules.iter().try_for_each(|rule| rule.check(|rule| rule.check(context.0, context.1)))?;
        let maps = self.transform_maps(&database)?;
        Ok(Simulator::new(State {
            users: accounts.users,
            clients: accounts.clients,
            api_keys: accounts.api_keys,
            scripts: scripts(self.scripts)?,
            login_scripts: self.login_scripts,
            rules: self.rules.into_iter().map(|rule| rule.part).collect(),
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

    fn accounts(&self) -> Result<Accounts, BuildError> {
        let users = unique("user", &self.users, |user| (user.name.clone(), Arc::new(user.clone())))?;
        self.users.iter().try_for_each(|user| user.check(check_user))?;
        let known = |user: &String| match users.contains_key(user) {
            true => Ok(()),
            false => Err(BuildError::new(format!("the user {user:?} is not one of the instance"))),
        };
        self.api_keys.iter().try_for_each(|key| key.check(|(_, user)| known(user)))?;
        for client in &self.clients {
            client.check(|client| client.user.iter().try_for_each(known))?;
            client.check(|client| client.check())?;
        }
        let clients = unique("OAuth client", &self.clients, |client| (client.id.clone(), client.clone()))?;
        let api_keys = unique("API key", &self.api_keys, Clone::clone)?;
        Ok(Accounts { users, clients, api_keys })
    }

    fn database(&self, clock: &Clock) -> Result<Database, BuildError> {
        let (mut database, stamp) = (Database::new()?, clock.stamp());
        self.tables.iter().try_for_each(|table| table.check(|table| table.define(&mut database)))?;
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
        Ok(database)
    }

    fn transform_maps(&self, database: &Database) -> Result<Vec<TransformMap>, BuildError> {
        self.maps.iter().try_for_each(|map| map.check(|map| map.check(database)))?;
        let stock = (!self.no_demo).then(TransformMap::of_users);
        Ok(stock.into_iter().chain(self.maps.iter().map(|map| map.part.clone())).collect())
    }
}

/// The handlers by the prefixes of their paths.
fn scripts(given: Vec<(String, ScriptedApi)>) -> Result<Vec<(PathPrefix, ScriptedApi)>, BuildError> {
    let named = given.into_iter().map(|(prefix, handler)| match prefix.trim_matches('/') {
        "" => (String::new(), handler),
        _ => (PathPrefix::new(&prefix).as_str().to_owned(), handler),
    });
    let named: Vec<_> = named.map(|part| Placed { part, place: None }).collect();
    let handlers = unique("scripted API", &named, Clone::clone)?;
    Ok(handlers.into_iter().map(|(prefix, handler)| (PathPrefix::new(&prefix), handler)).collect())
}

fn check_user(user: &User) -> Result<(), BuildError> {
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

/// Returns the parts by their names.
fn unique<P, T>(
    what: &str,
    parts: &[Placed<P>],
    named: impl Fn(&P) -> (String, T),
) -> Result<HashMap<String, T>, BuildError> {
    let mut map = HashMap::new();
    for part in parts {
        part.check(|part| {
            let (name, thing) = named(part);
            if name.is_empty() {
                return Err(BuildError::new(format!("a {what} has an empty name")));
            }
            // An API key's name is the key itself: a secret.
            let shown = if what == "API key" { "…" } else { name.as_str() };
            if map.contains_key(&name) {
                return Err(BuildError::new(format!("the {what} {shown:?} is there twice")));
            }
            map.insert(name, thing);
            Ok(())
        })?;
    }
    Ok(map)
}
