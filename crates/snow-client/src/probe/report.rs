//! A probe as text.

use super::{ApiCheck, CurrentUser, Probe};
use crate::Error;
use std::fmt;

impl fmt::Display for Probe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        line(f, "instance", &self.instance)?;
        line(f, "user", &found(&self.user, CurrentUser::line))?;
        line(f, "roles", &found(&self.roles, |roles| roles.join(", ")))?;
        if let Ok(user) = &self.user {
            line(f, "time zone", &user.time_zone.as_deref().unwrap_or("that of the instance"))?;
        }
        line(f, "release", &found(&self.release, Clone::clone))?;
        line(f, "clock", &clock(self.clock_offset))?;
        self.apis.iter().try_for_each(|api| line(f, api.name, &ApiCheck::line(api)))
    }
}

fn line(f: &mut fmt::Formatter<'_>, name: &str, finding: &dyn fmt::Display) -> fmt::Result {
    writeln!(f, "{name:22} {finding}")
}

fn found<T>(finding: &Result<T, Error>, show: impl Fn(&T) -> String) -> String {
    match finding {
        Ok(finding) => show(finding),
        Err(error) => format!("unknown: {error}"),
    }
}

fn clock(offset: Option<i64>) -> String {
    match offset {
        None => "unknown: no response had a date".into(),
        Some(0) => "the same as on this machine".into(),
        Some(ahead @ 1..) => format!("{ahead} s ahead of this machine"),
        Some(behind) => format!("{} s behind this machine", behind.unsigned_abs()),
    }
}

impl CurrentUser {
    fn line(&self) -> String {
        format!("{} ({}), sys_id {}", self.user_name, self.name, self.sys_id)
    }
}

impl ApiCheck {
    fn line(&self) -> String {
        match &self.outcome {
            Ok(()) => "responds".into(),
            Err(error) => format!("{}: {error}", self.request),
        }
    }
}
