//! The record of the user that a client is logged in as.

use crate::{Client, Error, ErrorKind, field};
use http::HeaderMap;
use snow_core::SysId;
use snow_core::decode::Record;
use snow_core::query::Value;

/// The user that a client is logged in as: their own record of `sys_user`. Returned by [`Client::me`](crate::Client::me).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CurrentUser {
    /// The `sys_id` of the record.
    pub sys_id: SysId,
    /// The name that the user logs in with.
    pub user_name: String,
    /// The name that people see.
    pub name: String,
    /// The time zone of display values, such as `Europe/Berlin`. `None` if the user has none of their own: then the instance's applies.
    pub time_zone: Option<String>,
    /// The format of dates in display values, such as `dd.MM.yyyy`. `None` if the user has none of their own.
    pub date_format: Option<String>,
}

const FIELDS: [&str; 5] = ["sys_id", "user_name", "name", "time_zone", "date_format"];

/// Returns the user, and the headers of the response.
pub(super) async fn read(client: &Client) -> Result<(CurrentUser, HeaderMap), Error> {
    let own = field("sys_id").eq(Value::script("gs.getUserID()"));
    let page = client.table("sys_user").list().query(own).fields(FIELDS).limit(1).await?;
    let record = page.first().ok_or_else(|| {
        Error::new(
            ErrorKind::NoResults,
            "the user who is logged in may not read their own record of sys_user, so it is not known who that is",
        )
    })?;
    Ok((CurrentUser::of(record)?, page.headers().clone()))
}

impl CurrentUser {
    fn of(record: &Record) -> Result<Self, Error> {
        let text = |name: &str| record.value(name).map(|value| value.into_owned());
        // Fields that this user may not read are missing.
        let optional =
            |name: &str| record.get(name).and_then(|_| text(name).ok()).filter(|value| !value.is_empty());
        Ok(Self {
            sys_id: record.sys_id()?,
            user_name: text("user_name")?,
            name: optional("name").unwrap_or_default(),
            time_zone: optional("time_zone"),
            date_format: optional("date_format"),
        })
    }
}
