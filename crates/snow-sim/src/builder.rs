//! What an instance is made of.

use crate::simulator::{Account, Simulator, State};
use crate::tokens::{Lifetimes, Tokens};
use crate::{clock::Clock, data};
use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, SystemTime};

/// Settings of a [`Simulator`].
#[derive(Clone)]
#[must_use]
pub struct Builder {
    users: Vec<(String, String)>,
    clients: Vec<(String, String)>,
    lifetimes: Lifetimes,
    start: Option<SystemTime>,
    demo: bool,
}

impl Builder {
    pub(crate) fn new() -> Self {
        let lifetimes =
            Lifetimes { access: Duration::from_secs(1_800), refresh: Duration::from_secs(8_640_000) };
        Self { users: Vec::new(), clients: Vec::new(), lifetimes, start: None, demo: true }
    }

    /// A user who may log in and do everything.
    pub fn user(mut self, user_name: &str, password: &str) -> Self {
        self.users.push((user_name.to_owned(), password.to_owned()));
        self
    }

    /// An OAuth client, with the password and refresh grants.
    pub fn oauth_client(mut self, id: &str, secret: &str) -> Self {
        self.clients.push((id.to_owned(), secret.to_owned()));
        self
    }

    /// How long an access token lives; 1,800 seconds by default (facts 4.2).
    pub fn access_token_lifetime(mut self, life: Duration) -> Self {
        self.lifetimes.access = life;
        self
    }

    /// How long a refresh token lives; 8,640,000 seconds by default (facts 4.2).
    pub fn refresh_token_lifetime(mut self, life: Duration) -> Self {
        self.lifetimes.refresh = life;
        self
    }

    /// The instance's time when it starts; now by default. It runs on with tokio's clock.
    pub fn start_at(mut self, time: SystemTime) -> Self {
        self.start = Some(time);
        self
    }

    /// Without the records that a fresh instance has.
    pub fn without_demo_data(mut self) -> Self {
        self.demo = false;
        self
    }

    /// The instance.
    ///
    /// # Errors
    /// [`BuildError`] if something is empty or named twice.
    pub fn build(self) -> Result<Simulator, BuildError> {
        let clients = unique("OAuth client", self.clients)?;
        let users = unique("user", self.users)?;
        let clock = Clock::starting(self.start);
        let mut database = data::Database::new();
        let stamp = clock.stamp();
        let author = data::Author { user: "glide.maint", stamp: &stamp };
        if self.demo {
            data::fill(&mut database, author);
        }
        if let Some(table) = database.table("sys_user") {
            for name in users.keys() {
                let row = [("user_name", name), ("name", name)]
                    .map(|(field, value)| (field.to_owned(), value.clone()));
                database.insert(table, &row.into(), author);
            }
        }
        let account = |password| Account { password, locked: false };
        Ok(Simulator::new(State {
            users: users.into_iter().map(|(name, password)| (name, account(password))).collect(),
            clients,
            lifetimes: self.lifetimes,
            tokens: Tokens::default(),
            clock,
            database,
            faults: Default::default(),
            fault: None,
            journal: Vec::new(),
        }))
    }
}

fn unique(what: &str, pairs: Vec<(String, String)>) -> Result<HashMap<String, String>, BuildError> {
    let mut map = HashMap::new();
    for (name, secret) in pairs {
        if name.is_empty() || secret.is_empty() {
            return Err(BuildError(format!("a {what} has an empty name or secret")));
        }
        if map.insert(name.clone(), secret).is_some() {
            return Err(BuildError(format!("the {what} {name:?} is named twice")));
        }
    }
    Ok(map)
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names =
            |pairs: &[(String, String)]| pairs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        f.debug_struct("Builder").field("users", &names(&self.users)).finish_non_exhaustive()
    }
}

/// Why a simulator cannot be built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildError(String);

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for BuildError {}
