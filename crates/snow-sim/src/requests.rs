//! Assertions on what a program sent.

use crate::path_prefix::PathPrefix;
use crate::{Entry, Simulator};
use http::Method;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

impl Simulator {
    /// Returns what arrived so far, for assertions. Later requests are not in it.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use http::Request;
    /// use http_body_util::Full;
    /// use snow_sim::Simulator;
    /// use tower::ServiceExt;
    ///
    /// let simulator = Simulator::builder().user("admin", "secret").build()?;
    /// // The program under test:
    /// let body = Full::<bytes::Bytes>::from(r#"{"short_description":"No mail"}"#);
    /// let request = Request::post("/api/now/table/incident").header("authorization", "Basic YWRtaW46c2VjcmV0");
    /// simulator.clone().oneshot(request.body(body)?).await?;
    ///
    /// let requests = simulator.requests();
    /// let created = requests.to("incident").posted().once();
    /// assert_eq!(created.json()["short_description"], "No mail");
    /// requests.to("problem").never();
    /// requests.nothing_else();
    /// # Ok(()) }
    /// ```
    pub fn requests(&self) -> Requests {
        let all: Arc<[Entry]> = self.journal().into();
        let chosen = (0..all.len()).collect();
        Requests { all, chosen, asserted: Arc::default(), method: None, details: String::new() }
    }
}

/// Requests that arrived: see [`Simulator::requests`]. Methods such as [`to`](Self::to) and [`posted`](Self::posted) choose some of
/// them, [`once`](Self::once), [`times`](Self::times), [`never`](Self::never) and [`nothing_else`](Self::nothing_else) fail the test
/// with a list of what arrived in place of what was expected.
#[derive(Clone)]
#[must_use = "choosing requests asserts nothing"]
pub struct Requests {
    all: Arc<[Entry]>,
    /// Indices of those that are chosen.
    chosen: Vec<usize>,
    /// Indices of those that an assertion expected.
    asserted: Arc<Mutex<BTreeSet<usize>>>,
    method: Option<Method>,
    /// How the choice reads in a message: ` to the table "incident"`.
    details: String,
}

impl Requests {
    /// Chooses the requests of the Table API for a table and its records (`incident`), or those to a path and below it, whose first
    /// character is a slash (`/oauth_token.do`, `/api/now/attachment`). A path fits its versions as well.
    pub fn to(&self, target: &str) -> Self {
        let is_path = target.starts_with('/');
        let path = if is_path { target.to_owned() } else { format!("/api/now/table/{target}") };
        let prefix = PathPrefix::new(&path);
        let details = if is_path { format!(" to {target}") } else { format!(" to the table {target:?}") };
        self.choose(&details, |entry| prefix.fits(&entry.path))
    }

    /// Chooses the requests that were carried out for a user.
    pub fn by(&self, user_name: &str) -> Self {
        self.choose(&format!(" by {user_name:?}"), |entry| entry.user == user_name)
    }

    /// Chooses the requests with this parameter in their query, percent-decoded.
    pub fn with_param(&self, name: &str, value: &str) -> Self {
        let fits = |entry: &Entry| entry.param(name).as_deref() == Some(value);
        self.choose(&format!(" with {name}={value}"), fits)
    }

    /// Chooses the requests with this method.
    pub fn with_method(&self, method: Method) -> Self {
        let chosen = self.choose("", |entry| entry.method == method);
        Self { method: Some(method), ..chosen }
    }

    /// Chooses the GET requests.
    pub fn got(&self) -> Self {
        self.with_method(Method::GET)
    }

    /// Chooses the POST requests.
    pub fn posted(&self) -> Self {
        self.with_method(Method::POST)
    }

    /// Chooses the PUT requests.
    pub fn put(&self) -> Self {
        self.with_method(Method::PUT)
    }

    /// Chooses the PATCH requests.
    pub fn patched(&self) -> Self {
        self.with_method(Method::PATCH)
    }

    /// Chooses the DELETE requests.
    pub fn deleted(&self) -> Self {
        self.with_method(Method::DELETE)
    }

    /// Returns how many requests are chosen.
    pub fn count(&self) -> usize {
        self.chosen.len()
    }

    /// Returns the chosen requests, in the order in which they were carried out.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.chosen.iter().filter_map(|at| self.all.get(*at))
    }

    /// Asserts that exactly one request is chosen, and returns it.
    ///
    /// # Panics
    /// Panics if there is none or more than one.
    #[track_caller]
    pub fn once(&self) -> Entry {
        let mut found = self.times(1);
        found.swap_remove(0)
    }

    /// Asserts that so many requests are chosen, and returns them.
    ///
    /// # Panics
    /// Panics if there are more or fewer.
    #[track_caller]
    pub fn times(&self, count: usize) -> Vec<Entry> {
        assert!(
            self.chosen.len() == count,
            "expected {}, found {}{}{}",
            self.expected(count),
            self.chosen.len(),
            list(self.entries()),
            self.others()
        );
        self.asserted().extend(&self.chosen);
        self.entries().cloned().collect()
    }

    /// Asserts that no request is chosen.
    ///
    /// # Panics
    /// Panics if there is one.
    #[track_caller]
    pub fn never(&self) {
        self.times(0);
    }

    /// Asserts that every chosen request was expected by an earlier assertion on the same [`Simulator::requests`].
    ///
    /// # Panics
    /// Panics if there is another one.
    #[track_caller]
    pub fn nothing_else(&self) {
        let asserted = self.asserted().clone();
        let other = self.chosen.iter().filter(|at| !asserted.contains(at)).filter_map(|at| self.all.get(*at));
        let other: Vec<&Entry> = other.collect();
        let what = self.expected(0).replacen("no ", "no other ", 1);
        assert!(other.is_empty(), "expected {what}, found {}{}", other.len(), list(other.iter().copied()));
    }

    fn choose(&self, details: &str, fits: impl Fn(&Entry) -> bool) -> Self {
        let is_it = |at: &usize| self.all.get(*at).is_some_and(&fits);
        let chosen = self.chosen.iter().copied().filter(is_it).collect();
        Self { chosen, details: format!("{}{details}", self.details), ..self.clone() }
    }

    fn asserted(&self) -> MutexGuard<'_, BTreeSet<usize>> {
        self.asserted.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `1 POST request to the table "incident"`.
    fn expected(&self, count: usize) -> String {
        let number = if count == 0 { "no".to_owned() } else { count.to_string() };
        let method = self.method.as_ref().map(|method| format!(" {method}")).unwrap_or_default();
        let plural = if count == 1 { "" } else { "s" };
        format!("{number}{method} request{plural}{}", self.details)
    }

    /// What else arrived, where something is missing.
    fn others(&self) -> String {
        let chosen: BTreeSet<usize> = self.chosen.iter().copied().collect();
        let others = self.all.iter().enumerate().filter(|(at, _)| !chosen.contains(at));
        let others: Vec<&Entry> = others.map(|(_, entry)| entry).collect();
        match others.is_empty() {
            true => "\nNothing else arrived.".to_owned(),
            false => format!("\nOther requests{}", list(others.into_iter())),
        }
    }
}

/// A colon and a line for each request, if there are any.
fn list<'a>(entries: impl Iterator<Item = &'a Entry>) -> String {
    let lines: Vec<String> = entries.map(|entry| format!("\n  {entry}")).collect();
    if lines.is_empty() { String::new() } else { format!(":{}", lines.concat()) }
}

impl fmt::Debug for Requests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries()).finish()
    }
}
