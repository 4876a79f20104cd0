//! Whether a response is about the record that was asked for.

use crate::Record;
use snow_core::{Error, ErrorKind, SysId};
use std::borrow::Cow;

/// The field that is added to those that the caller asked for.
static ADDED: [Cow<'static, str>; 1] = [Cow::Borrowed("sys_id")];

/// The record that a request names by its `sys_id`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Identity {
    sys_id: SysId,
    /// The caller did not ask for the field, and gets the record without it.
    is_added: bool,
}

impl Identity {
    pub(crate) fn new(sys_id: SysId) -> Self {
        Self { sys_id, is_added: false }
    }

    /// The same, after the field was added to those that the caller asked for.
    pub(crate) fn added(self) -> Self {
        Self { is_added: true, ..self }
    }

    /// Checks that the record is the one that was asked for, and returns which of its fields the caller did not ask for. Case does
    /// not count: the service looks ids up without it. A record that shows no `sys_id`, of a database view for one, cannot be
    /// compared.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ResponseMismatch`]
    pub(crate) fn verify(self, record: &Record) -> Result<&'static [Cow<'static, str>], Error> {
        let Some(found) = record.get("sys_id").filter(|found| !found.is_empty()) else { return Ok(&[]) };
        self.matches(&found.value()?)?;
        Ok(if self.is_added { &ADDED } else { &[] })
    }

    /// Whether this is the `sys_id` that was asked for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::ResponseMismatch`]
    pub(crate) fn matches(self, found: &str) -> Result<(), Error> {
        if found.eq_ignore_ascii_case(self.sys_id.as_str()) {
            return Ok(());
        }
        let why = format!("the response has another record than {}, which was requested", self.sys_id);
        Err(Error::new(ErrorKind::ResponseMismatch, why))
    }

    /// What may be wrong with the id of a record that was not found. A number is not an id, but looks enough like one to be sent.
    pub(super) fn hint(self) -> Option<String> {
        let id = self.sys_id.as_str();
        is_number(id).then(|| {
            format!(
                "{id:?} looks like a number, not like a sys_id (list().query(field(\"number\").eq({id:?})).one() reads a record by \
                 its number)"
            )
        })
    }
}

/// `INC0010001`
fn is_number(id: &str) -> bool {
    let digits = id.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    id.len() - digits.len() >= 2 && digits.len() >= 4 && digits.bytes().all(|byte| byte.is_ascii_digit())
}
