//! Who may log in.

use crate::data::Locale;
use jiff::tz::TimeZone;

/// A user of an instance.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    pub(crate) name: String,
    pub(crate) password: String,
    pub(crate) roles: Vec<String>,
    pub(crate) time_zone: String,
    pub(crate) date_format: String,
    /// What zone and date format say.
    pub(crate) locale: Locale,
    pub(crate) locked: bool,
    pub(crate) web_service_access_only: bool,
    pub(crate) one_time_password: Option<String>,
}

/// What a password is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PasswordLogin {
    /// The user's, with the code of the second factor at its end.
    WithCode,
    /// The user's.
    Alone,
    Wrong,
}

impl User {
    /// Creates a user without roles, in UTC, who writes dates as `yyyy-MM-dd`.
    pub fn new(user_name: &str, password: &str) -> Self {
        Self {
            name: user_name.to_owned(),
            password: password.to_owned(),
            roles: Vec::new(),
            time_zone: "UTC".into(),
            date_format: "yyyy-MM-dd".into(),
            locale: Locale::default(),
            locked: false,
            web_service_access_only: false,
            one_time_password: None,
        }
    }

    /// Adds a role. `admin` may do everything.
    #[must_use]
    pub fn role(mut self, role: &str) -> Self {
        self.roles.push(role.to_owned());
        self
    }

    /// Sets the time zone, by its name in the IANA database (`America/Los_Angeles`).
    #[must_use]
    pub fn time_zone(mut self, zone: &str) -> Self {
        self.time_zone = zone.to_owned();
        // The builder of a simulator refuses a zone that does not exist.
        self.locale.zone = TimeZone::get(zone).unwrap_or(TimeZone::UTC);
        self
    }

    /// Sets the date format, as instances write it: `yyyy`, `MM` and `dd` with anything between.
    #[must_use]
    pub fn date_format(mut self, format: &str) -> Self {
        self.date_format = format.to_owned();
        self.locale.date = format.replace("yyyy", "%Y").replace("MM", "%m").replace("dd", "%d").into();
        self
    }

    /// Makes it an account for web services alone: it cannot log in by browser, and a [`BasicRestriction`](crate::BasicRestriction) lets it
    /// through ([facts 4.6]).
    ///
    /// [facts 4.6]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#46-basic-authentication
    #[must_use]
    pub fn web_service_access_only(mut self) -> Self {
        self.web_service_access_only = true;
        self
    }

    /// Adds a second factor whose code is this one, until
    /// [`Simulator::set_one_time_password`](crate::Simulator::set_one_time_password) sets another. It is appended to the password in
    /// basic authentication ([facts 3.2]) and in the password grant.
    ///
    /// [facts 3.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#32-401
    #[must_use]
    pub fn one_time_password(mut self, code: &str) -> Self {
        self.one_time_password = Some(code.to_owned());
        self
    }

    /// Classifies a password that was sent.
    pub(crate) fn password_login(&self, password: &str) -> PasswordLogin {
        let code = self.one_time_password.as_deref();
        if code.is_some_and(|code| password.strip_suffix(code) == Some(self.password.as_str())) {
            return PasswordLogin::WithCode;
        }
        if self.password == password { PasswordLogin::Alone } else { PasswordLogin::Wrong }
    }

    pub(crate) fn is_admin(&self) -> bool {
        self.has_role("admin")
    }

    pub(crate) fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|given| given == role)
    }
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("name", &self.name).field("roles", &self.roles).finish_non_exhaustive()
    }
}

pub(crate) fn is_time_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

/// Whether a format has a year, a month and a day, and nothing that would be a word of strftime.
pub(crate) fn is_date_format(format: &str) -> bool {
    ["yyyy", "MM", "dd"].iter().all(|part| format.contains(part)) && !format.contains('%')
}
