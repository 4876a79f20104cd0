//! What a client can do on its instance, and what stops it.
//!
//! [`Client::probe`](crate::Client::probe) returns a [`Probe`]; [`Client::me`](crate::Client::me) returns the [`CurrentUser`] alone.

mod api_checks;
mod current_user;
mod instance_facts;
mod report;

pub use current_user::CurrentUser;

use crate::{Client, Error, ErrorKind, Instance};

/// What a client can do on its instance. Returned by [`Client::probe`](crate::Client::probe).
///
/// Each finding is a result of its own: what this user may not read is an error that says why, and the rest is there all the same.
/// `Display` shows everything as a report of several lines, which contains no secret.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Probe {
    /// The instance.
    pub instance: Instance,
    /// The user that the client is logged in as.
    pub user: Result<CurrentUser, Error>,
    /// The names of the user's roles, in alphabetical order. Reading them takes access to `sys_user_has_role`.
    pub roles: Result<Vec<String>, Error>,
    /// The release: the value of the property `glide.war`, such as `glide-zurich-07-01-2025__patch4-10-02-2025`. Most users who are
    /// not administrators may not read properties ([facts 1.9]).
    ///
    /// [facts 1.9]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#19-access-control
    pub release: Result<String, Error>,
    /// How many seconds the instance's clock is ahead of this machine's; negative if it is behind. It comes from the header `Date`,
    /// which has whole seconds and is set at the edge of the instance. `None` if no response had one.
    pub clock_offset: Option<i64>,
    /// Which APIs respond to this user.
    pub apis: Vec<ApiCheck>,
}

/// Whether an API responds.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ApiCheck {
    /// The name of the API in ServiceNow's documentation.
    pub name: &'static str,
    /// The method and path that were requested.
    pub request: &'static str,
    /// The error that says why it does not respond.
    pub outcome: Result<(), Error>,
}

impl Client {
    /// Returns the user that the client is logged in as.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// let me = client.me().await?;
    /// println!("{} ({})", me.user_name, me.sys_id);
    /// # assert_eq!(me.user_name, "admin");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoResults`] if the user may not read their own record of `sys_user`, and the errors of a list.
    #[doc(alias("whoami", "current_user"))]
    pub async fn me(&self) -> Result<CurrentUser, Error> {
        current_user::read(self).await.map(|(user, _)| user)
    }

    /// Tells what this client can do on its instance: the user and their roles, the release, how far the clocks are apart, and which
    /// APIs respond, with the reason where one does not.
    ///
    /// It takes about eight small requests, one after the other, and changes nothing. If two APIs respond with 401, nothing else is
    /// requested, because an instance may lock out a user after a few failed logins: the other findings are then the same error.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// let probe = client.probe().await?;
    /// println!("{probe}");
    /// # assert!(probe.apis.iter().all(|api| api.outcome.is_ok()), "{probe}");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// The error of the first request if it says that no other one can succeed: no connection, no token, an instance that hibernates.
    /// A response of the instance, such as 401 or 403, is a finding.
    #[doc(alias("doctor", "ping", "test_connection"))]
    pub async fn probe(&self) -> Result<Probe, Error> {
        let clock = snow_core::Clock::new();
        let own_record = current_user::read(self).await;
        if let Err(error) = &own_record
            && !is_finding(error)
        {
            return Err(error.clone());
        }
        let clock_offset =
            own_record.as_ref().ok().and_then(|(_, headers)| instance_facts::offset(headers, &clock));
        let table = own_record.as_ref().map(drop).map_err(Clone::clone);
        let aggregate = api_checks::aggregate(self).await;
        let login = login_of(&table, &aggregate);
        Ok(Probe {
            instance: self.instance().clone(),
            user: own_record.map(|(user, _)| user),
            roles: with(&login, instance_facts::roles(self)).await,
            release: with(&login, instance_facts::release(self)).await,
            clock_offset,
            apis: api_checks::all(self, &login, (table, aggregate)).await,
        })
    }
}

/// Returns the error of a login that two APIs refused. A single one may be closed to this way to log in.
fn login_of(table: &Result<(), Error>, aggregate: &Result<(), Error>) -> Result<(), Error> {
    let refused = |error: &Error| error.kind() == ErrorKind::Unauthenticated;
    match aggregate {
        Err(error) if refused(error) && table.as_ref().is_err_and(refused) => Err(error.clone()),
        _ => Ok(()),
    }
}

/// Requests a finding, unless the login is refused.
async fn with<T>(
    login: &Result<(), Error>,
    finding: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    login.clone()?;
    finding.await
}

/// Whether the instance responded, so that another request may have another outcome.
fn is_finding(error: &Error) -> bool {
    let responded = error.status().is_some() || error.kind() == ErrorKind::NoResults;
    responded
        && !matches!(error.kind(), ErrorKind::Hibernating | ErrorKind::Unavailable | ErrorKind::LoginPage)
}
