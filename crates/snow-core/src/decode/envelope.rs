//! The envelope of a response: `{"result":…}`, with `error` and `status` in addition to records if the service failed after the
//! response had begun (facts 3.1, 3.4).

use super::json_object::JsonObject;
use super::{json_string, scan};
use crate::{Error, ErrorKind};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Which member of the envelope a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EnvelopeMember {
    Result,
    Error,
    Status,
    Other,
}

impl EnvelopeMember {
    /// Returns the member by its name as it came, without the quotes.
    pub(super) fn of(raw: &str) -> Self {
        match json_string::unescape(raw).as_deref() {
            Some("result") => Self::Result,
            Some("error") => Self::Error,
            Some("status") => Self::Status,
            _ => Self::Other,
        }
    }
}

/// The errors in an envelope, as far as it has come.
#[derive(Clone, Debug, Default)]
pub(super) struct EnvelopeErrors {
    error: Option<StatedError>,
    failed: bool,
    has_result: bool,
    has_error: bool,
    has_status: bool,
}

/// The text of the member `error`.
#[derive(Clone, Debug)]
struct StatedError {
    /// Whether it has the form of the service's own: an object with a message (facts 3.1).
    is_envelope: bool,
    message: String,
    detail: String,
}

impl StatedError {
    /// Returns `None` for null and false.
    fn of(raw: &str) -> Option<Self> {
        if matches!(raw, "null" | "false") {
            return None;
        }
        let (mut message, mut detail) = (String::new(), String::new());
        if raw.starts_with('{') {
            for (name, value) in scan::members(raw) {
                match json_string::unescape(name).as_deref() {
                    Some("message") => message = to_text(value),
                    Some("detail") => detail = to_text(value),
                    _ => {}
                }
            }
        }
        let is_envelope = !message.is_empty();
        if message.is_empty() && detail.is_empty() {
            message = to_text(raw);
        }
        Some(Self { is_envelope, message, detail })
    }

    fn message_and_detail(&self) -> (String, String) {
        (self.message.clone(), self.detail.clone())
    }
}

/// More characters of a value than an error repeats.
const MAX_TEXT: usize = 4 << 10;

/// Returns the text of a string, an empty text for null, and the JSON of any other value.
fn to_text(raw: &str) -> String {
    match raw.as_bytes().first() {
        Some(b'n') => String::new(),
        Some(b'"') => {
            json_string::unescape_lossy(raw.get(scan::unquoted(&(0..raw.len()))).unwrap_or_default())
        }
        _ => raw.chars().take(MAX_TEXT).collect(),
    }
}

impl EnvelopeErrors {
    /// Records that a member has come, and returns whether it is the first of its name.
    pub(super) fn record_member(&mut self, member: EnvelopeMember) -> bool {
        let met = match member {
            EnvelopeMember::Result => &mut self.has_result,
            EnvelopeMember::Error => &mut self.has_error,
            EnvelopeMember::Status => &mut self.has_status,
            EnvelopeMember::Other => return true,
        };
        !std::mem::replace(met, true)
    }

    pub(super) fn has_error(&self) -> bool {
        self.has_error
    }

    pub(super) fn has_result(&self) -> bool {
        self.has_result
    }

    pub(super) fn set_error(&mut self, raw: &str) {
        self.error = StatedError::of(raw);
    }

    /// Sets the status: `"failure"` in addition to an error. Scripted APIs put other things there.
    pub(super) fn set_status(&mut self, raw: &str) {
        self.failed = raw == r#""failure""#;
    }

    /// Returns the message and detail of the error, if the response is one: by an object with a message, by the status, or by anything but null
    /// and false in addition to a result. Any other `error` is data of a scripted API (facts 3.1).
    pub(super) fn fault(&self) -> Option<(String, String)> {
        let is_error = |stated: &&StatedError| stated.is_envelope || self.failed || self.has_result;
        let bare = || (String::from("status \"failure\" without an error"), String::new());
        self.error
            .as_ref()
            .filter(is_error)
            .map(StatedError::message_and_detail)
            .or_else(|| self.failed.then(bare))
    }

    /// Returns the message and detail of an error, in whatever form.
    pub(super) fn stated(&self) -> Option<(String, String)> {
        self.error.as_ref().map(StatedError::message_and_detail)
    }
}

/// Creates the error of a response in which the service itself says, or shows by what it left behind, that it gave up.
pub(super) fn cancelled_error(message: &'static str) -> Error {
    Error::new(ErrorKind::TransactionCancelled, message)
}

pub(super) fn decode_error(message: &'static str) -> Error {
    Error::new(ErrorKind::Decode, message)
}

/// Returns whether a body has the form of the service's own: a result, or an error with a message (facts 3.1). Scripted APIs may
/// send a string as the error.
pub(super) fn is_envelope(body: &Bytes) -> bool {
    #[derive(Deserialize)]
    struct Form<'b> {
        #[serde(borrow, default)]
        result: Option<&'b RawValue>,
        #[serde(borrow, default)]
        error: Option<&'b RawValue>,
        #[serde(borrow, default)]
        status: Option<&'b RawValue>,
    }
    #[derive(Deserialize)]
    struct Message {
        #[serde(rename = "message")]
        _message: String,
    }
    let form = serde_json::from_slice::<JsonObject<Form<'_>>>(json_string::without_bom(body));
    let Ok(JsonObject(form)) = form else { return false };
    let failed = || form.status.is_some_and(|status| status.get() == "\"failure\"");
    form.result.is_some()
        || form.error.is_some_and(|error| {
            serde_json::from_str::<JsonObject<Message>>(error.get()).is_ok()
                || (error.get().starts_with('"') && failed())
        })
}
