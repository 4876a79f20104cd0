//! The user's roles, the release of the instance, and its clock.

use crate::{Client, Error, ErrorKind, field};
use http::{HeaderMap, header};
use snow_core::query::Value;
use std::collections::BTreeSet;
use std::time::SystemTime;

/// More roles than any user has.
const MOST_ROLES: u32 = 5_000;

pub(super) async fn roles(client: &Client) -> Result<Vec<String>, Error> {
    let own = field("user").eq(Value::script("gs.getUserID()"));
    let list = client.table("sys_user_has_role").list().query(own).fields(["role.name"]);
    let page = list.limit(MOST_ROLES).await?;
    let read = u64::try_from(page.len()).unwrap_or(u64::MAX);
    if page.total().is_some_and(|total| total > read) {
        return Err(hidden(
            "the instance counts roles of this user in sys_user_has_role that the user may not read",
        ));
    }
    let names: Result<BTreeSet<String>, Error> =
        page.iter().map(|record| record.value("role.name").map(|name| name.into_owned())).collect();
    Ok(names?.into_iter().collect())
}

/// Reads the properties that name the release, of which an instance has one or both.
pub(super) async fn release(client: &Client) -> Result<String, Error> {
    let names = ["glide.war", "glide.buildtag.last"];
    let list =
        client.table("sys_properties").list().query(field("name").is_in(names)).fields(["name", "value"]);
    let page = list.limit(2).await?;
    let value = |name: &str| {
        let record = page.iter().find(|record| record.value("name").is_ok_and(|found| found == name))?;
        Some(record.value("value").ok()?.into_owned()).filter(|value| !value.is_empty())
    };
    names.into_iter().find_map(value).ok_or_else(|| {
        hidden("the release is not readable: users who are not administrators usually may not read sys_properties")
    })
}

/// Returns the seconds by which a response's `Date` is ahead of a clock.
pub(super) fn offset(headers: &HeaderMap, clock: &snow_core::Clock) -> Option<i64> {
    let date = headers.get(header::DATE)?.to_str().ok()?;
    let seconds = |time: SystemTime| {
        let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        i64::try_from(since.as_secs()).ok()
    };
    seconds(httpdate::parse_http_date(date).ok()?)?.checked_sub(seconds(clock.now())?)
}

fn hidden(why: &'static str) -> Error {
    Error::new(ErrorKind::NoResults, why)
}
