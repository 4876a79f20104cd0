//! The state of an instance.

use crate::clock::Clock;
use crate::data::Database;
use crate::imports::Imports;
use crate::path_prefix::PathPrefix;
use crate::planned_fault::PlannedFaults;
use crate::rate_limit::RateCounter;
use crate::session::Sessions;
use crate::tokens::Tokens;
use crate::user::{is_date_format, is_time_zone};
use crate::{
    AccessPolicy, ConnectionFault, Entry, Fault, Gateway, Guess, OAuthApplication, Rule, Settings, User,
    WireFault,
};
use bytes::Bytes;
use http::{Request, Response, request::Parts};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

/// A scripted API: its response is sent as it is.
pub(crate) type ScriptedApi = Arc<dyn Fn(Request<Bytes>) -> Response<Bytes> + Send + Sync>;

/// A script that recognizes users by what they send, head and body.
pub(crate) type LoginScript = Arc<dyn Fn(&Parts, &Bytes) -> Option<String> + Send + Sync>;

pub(crate) struct State {
    pub(crate) users: HashMap<String, Arc<User>>,
    pub(crate) clients: HashMap<String, Arc<OAuthApplication>>,
    pub(crate) api_keys: HashMap<String, String>,
    pub(crate) scripts: Vec<(PathPrefix, ScriptedApi)>,
    pub(crate) login_scripts: Vec<LoginScript>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) policies: Vec<AccessPolicy>,
    /// Users whom a restriction of basic authentication would refuse.
    pub(crate) tracked_basic_logins: BTreeSet<String>,
    /// Shared with the requests that run.
    pub(crate) settings: Arc<Settings>,
    pub(crate) tokens: Tokens,
    pub(crate) sessions: Sessions,
    pub(crate) clock: Clock,
    pub(crate) database: Database,
    pub(crate) imports: Imports,
    pub(crate) rate_counter: RateCounter,
    pub(crate) faults: PlannedFaults,
    pub(crate) slow_faults: VecDeque<Fault>,
    /// For every request.
    pub(crate) fault: Option<Fault>,
    pub(crate) wire_faults: VecDeque<WireFault>,
    pub(crate) connection_faults: VecDeque<ConnectionFault>,
    pub(crate) connections: u64,
    /// How many requests arrived, gateways included.
    pub(crate) arrived: u64,
    /// For the request of that number.
    pub(crate) gateways: BTreeMap<u64, Gateway>,
    /// For every request.
    pub(crate) gateway: Option<Gateway>,
    pub(crate) journal: Vec<Entry>,
}

impl State {
    /// Counts a request that arrives. Returns the gateway that responds to it, if there is one.
    pub(crate) fn next_gateway(&mut self) -> Option<Gateway> {
        self.arrived += 1;
        self.gateways.remove(&self.arrived).or_else(|| self.gateway.clone())
    }

    /// Returns the fault that a request meets, if there is one.
    pub(crate) fn next_fault(&mut self, head: &Parts) -> Option<Fault> {
        self.faults.next(&head.method, head.uri.path()).or(self.fault).or(Fault::of(self.settings.node))
    }

    /// A user as their own row of `sys_user` has them: its zone and format rule (facts 13.1). What cannot be read counts as not
    /// given ([`Guess::UserLocale`]), and then UTC and `yyyy-MM-dd` are the instance's.
    pub(crate) fn account(&self, name: &str) -> Option<(Arc<User>, Option<Guess>)> {
        let user = self.users.get(name)?.clone();
        let database = &self.database;
        let Some(table) = database.dictionary.table("sys_user") else { return Some((user, None)) };
        let Some(row) = database.row(table, &database.user_id(name)) else { return Some((user, None)) };
        let field = |name: &str| database.field(table, row, name);
        let (zone, format) = (field("time_zone"), field("date_format"));
        if zone == user.time_zone && format == user.date_format {
            return Some((user, None));
        }
        let is_odd =
            !(zone.is_empty() || is_time_zone(zone)) || !(format.is_empty() || is_date_format(format));
        let standard = User::new("", "");
        let zone = if is_time_zone(zone) { zone } else { &standard.time_zone };
        let format = if is_date_format(format) { format } else { &standard.date_format };
        let user = User::clone(&user).time_zone(zone).date_format(format);
        Some((Arc::new(user), is_odd.then_some(Guess::UserLocale)))
    }

    /// Whether a user may use web services only (facts 4.6).
    pub(crate) fn is_for_web_services(&self, user_name: &str) -> bool {
        let database = &self.database;
        let row = database.dictionary.table("sys_user").and_then(|users| {
            let row = database.row(users, &database.user_id(user_name))?;
            Some(database.field(users, row, "web_service_access_only"))
        });
        row == Some("true")
    }

    /// Ends the scans of attachments whose time is up.
    pub(crate) fn end_scans(&mut self) {
        self.database.end_scans(self.clock.now(), self.clock.timestamp());
    }
}
