//! The simulator: what a program holds, and what a test does to it.

mod attachments;
mod before_each;
mod faults;
mod http_response;
mod pipeline;
mod records;
mod service;

use crate::gate::Gate;
use crate::state::State;
use crate::tokens::Code;
use crate::{Entry, Rule, Settings};
use before_each::BeforeEach;
pub use faults::PlannedFault;
pub use service::SimulatorFuture;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A ServiceNow instance. Clones are the same instance.
///
/// It is a tower `Service` for requests with any body, and [`listen`](Self::listen) puts it on a socket.
#[derive(Clone)]
pub struct Simulator {
    state: Arc<Mutex<State>>,
    /// Apart from the state, which is not locked while it runs.
    before_each: Arc<Mutex<Option<BeforeEach>>>,
    pool: Gate,
}

impl Simulator {
    pub(crate) fn new(state: State) -> Self {
        Self { state: Arc::new(Mutex::new(state)), before_each: Arc::default(), pool: Gate::default() }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the settings.
    ///
    /// ```
    /// # let simulator = snow_sim::Simulator::builder().build().unwrap();
    /// simulator.settings(|settings| settings.node = snow_sim::Node::Hibernating);
    /// ```
    pub fn settings(&self, change: impl FnOnce(&mut Settings)) {
        change(Arc::make_mut(&mut self.lock().settings));
    }

    /// Adds a rule.
    pub fn add_rule(&self, rule: Rule) {
        self.lock().rules.push(rule);
    }

    /// Removes a rule; returns `false` if there is no such rule.
    pub fn remove_rule(&self, rule: &Rule) -> bool {
        let rules = &mut self.lock().rules;
        let found = rules.iter().position(|known| known == rule);
        found.map(|at| rules.remove(at)).is_some()
    }

    /// Moves the instance's time on.
    pub fn advance(&self, by: Duration) {
        self.lock().clock.advance(by);
    }

    /// Ends every access token, as an administrator can; refresh tokens live on.
    pub fn revoke_access_tokens(&self) {
        self.lock().tokens.revoke_access();
    }

    /// Ends every refresh token.
    pub fn revoke_refresh_tokens(&self) {
        self.lock().tokens.revoke_refresh();
    }

    /// Locks a user out, or lets them in again: all their calls and logins get a 401. A refresh
    /// grant gives them the same token as before.
    pub fn lock_out(&self, user_name: &str, locked: bool) {
        if let Some(user) = self.lock().users.get_mut(user_name) {
            Arc::make_mut(user).locked = locked;
        }
    }

    /// Sets the one-time password of a user from now on.
    pub fn set_one_time_password(&self, user_name: &str, code: &str) {
        if let Some(user) = self.lock().users.get_mut(user_name) {
            Arc::make_mut(user).one_time_password = Some(code.to_owned());
        }
    }

    /// Returns the users who logged in by basic authentication although a restriction that is only tracked would refuse them, in
    /// alphabetical order: see [`BasicRestriction::tracked`](crate::BasicRestriction::tracked).
    pub fn tracked_basic_logins(&self) -> Vec<String> {
        self.lock().tracked_basic_logins.iter().cloned().collect()
    }

    /// Issues an authorization code, as a user's consent would have given it. It works once, for ten minutes.
    pub fn authorization_code(
        &self,
        client_id: &str,
        user_name: &str,
        redirect_uri: &str,
        challenge: Option<&str>,
    ) -> String {
        let state = &mut *self.lock();
        let end = state.clock.now() + Code::LIFETIME;
        state.tokens.issue_code(Code {
            client: client_id.into(),
            user: user_name.into(),
            redirect: redirect_uri.into(),
            challenge: challenge.map(str::to_owned),
            end,
        })
    }

    /// Returns everything that arrived so far, in order.
    pub fn journal(&self) -> Vec<Entry> {
        self.lock().journal.clone()
    }

    /// Returns what arrived since this was last called, in order, and forgets it: for runs that are so long that a journal of all
    /// would fill the memory.
    pub fn take_journal(&self) -> Vec<Entry> {
        std::mem::take(&mut self.lock().journal)
    }

    /// Returns how many requests arrived at the token endpoint.
    pub fn token_requests(&self) -> usize {
        self.lock().journal.iter().filter(|entry| entry.path == "/oauth_token.do").count()
    }

    /// Returns how many access tokens were issued; the same one given again counts once.
    pub fn tokens_issued(&self) -> u64 {
        self.lock().tokens.access_tokens
    }

    /// Returns how many connections listeners accepted.
    pub fn connections(&self) -> u64 {
        self.lock().connections
    }

    /// Returns how many sessions were opened.
    pub fn sessions(&self) -> u64 {
        self.lock().sessions.made()
    }
}

impl fmt::Debug for Simulator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Simulator")
    }
}
