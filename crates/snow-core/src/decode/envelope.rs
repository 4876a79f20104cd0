//! `{"result":…}`, with `error` and `status` beside it where the service changed its mind (facts 3.1, 3.4).

use super::Record;
use super::records::Records;
use super::shape::Shapes;
use super::text;
use crate::{Error, Kind};
use bytes::Bytes;
use serde::Deserialize;

/// Which member of the envelope a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    Result,
    Error,
    Status,
    Other,
}

impl Member {
    /// By the name as it stands, without its quotes.
    pub(super) fn of(raw: &str) -> Self {
        match text::unescape(raw).as_deref() {
            Some("result") => Self::Result,
            Some("error") => Self::Error,
            Some("status") => Self::Status,
            _ => Self::Other,
        }
    }
}

/// What stands beside the result.
#[derive(Clone, Debug, Default)]
pub(super) struct Beside {
    error: Option<(String, String)>,
    failed: bool,
    met_result: bool,
    met_error: bool,
    met_status: bool,
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    detail: Option<String>,
}

impl Beside {
    /// Notes a member; false if it has been there before.
    pub(super) fn meet(&mut self, member: Member) -> bool {
        let met = match member {
            Member::Result => &mut self.met_result,
            Member::Error => &mut self.met_error,
            Member::Status => &mut self.met_status,
            Member::Other => return true,
        };
        !std::mem::replace(met, true)
    }

    pub(super) fn has_met_error(&self) -> bool {
        self.met_error
    }

    /// Message and detail. An error may be a bare text (facts 3.1).
    pub(super) fn error(&mut self, raw: &str) {
        if raw != "null" {
            let structured = serde_json::from_str::<Fault>(raw)
                .map(|fault| (fault.message.unwrap_or_default(), fault.detail.unwrap_or_default()));
            let text = || serde_json::from_str::<String>(raw).map(|text| (text, String::new()));
            self.error = Some(structured.or_else(|_| text()).unwrap_or_default());
        }
    }

    /// `"failure"` beside an error; scripted APIs put other things there.
    pub(super) fn status(&mut self, raw: &str) {
        self.failed = serde_json::from_str::<String>(raw).is_ok_and(|text| text == "failure");
    }

    /// Message and detail of the error, if there is one.
    pub(super) fn fault(&self) -> Option<(String, String)> {
        let bare = || (String::from("status \"failure\" without an error"), String::new());
        self.error.clone().or_else(|| self.failed.then(bare))
    }
}

pub(super) fn cut(message: &'static str) -> Error {
    Error::new(Kind::Cut, message)
}

pub(super) fn odd(message: &'static str) -> Error {
    Error::new(Kind::Decode, message)
}

/// What reads a whole body.
fn over(body: &Bytes, records: Records) -> Records {
    let mut records = records.max_record(usize::MAX);
    records.push(body.clone());
    records.finish();
    records
}

pub(super) fn check(body: &Bytes) -> Result<(), Error> {
    over(body, Records::skipping()).next().map(drop)
}

pub(super) fn one(body: &Bytes, shapes: Shapes) -> Result<Record, Error> {
    let mut records = over(body, Records::one().shapes(shapes));
    let record = records.next()?;
    // Whether the answer is whole shows behind it.
    records.next()?;
    record.ok_or_else(|| odd("the answer has no result"))
}

pub(super) fn list(body: &Bytes, shapes: Shapes) -> Result<Vec<Record>, Error> {
    let (mut records, mut all) = (over(body, Records::list().shapes(shapes)), Vec::new());
    while let Some(record) = records.next()? {
        all.push(record);
    }
    Ok(all)
}

/// Message and detail of a refusal, if its body has any.
pub(super) fn fault(body: &Bytes) -> Option<(String, String)> {
    let mut records = over(body, Records::skipping());
    drop(records.next());
    records.fault()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(body: &[u8]) -> Result<Vec<Record>, Error> {
        super::list(&Bytes::copy_from_slice(body), Shapes::default())
    }

    fn one(body: &[u8]) -> Result<Record, Error> {
        super::one(&Bytes::copy_from_slice(body), Shapes::default())
    }

    #[test]
    fn every_recorded_shape_of_a_cancelled_transaction_is_an_error() {
        let error = r#""error":{"detail":"Check logs","message":"Transaction cancelled"},"status":"failure""#;
        for body in [
            format!(r#"{{"result":[{{"a":"1"}}],{error}}}"#),
            format!(r#"{{{error},"result":[{{"a":"1"}}]}}"#),
            format!(r#"{{"result":[{{"a":"1"}},""],{error}}}"#),
            r#"{"result":[{"a":"1"},""]}"#.to_owned(),
            r#"{"result":[{"a":"1"},""]}"#.replace("\"\"]", "\"\"\"\"]"),
            r#"{"result":[{"a":"1"},{"b":"#.to_owned(),
            r#"{"result":[{"a":"1"}]"#.to_owned(),
            r#"{"result":[],"status":"failure"}"#.to_owned(),
            r#"{"result":[],"error":"in words"}"#.to_owned(),
        ] {
            assert_eq!(list(body.as_bytes()).unwrap_err().kind(), Kind::Cut, "{body}");
        }
    }

    #[test]
    fn a_whole_answer_is_read_whole() {
        assert_eq!(list(br#"{"result":[{"a":"1"},{"a":"2"}]}"#).unwrap().len(), 2);
        assert_eq!(list(br#"{"status":{"x":1},"error":null,"result":[]}"#).unwrap().len(), 0);
        assert_eq!(one(br#"{"result":{"a":"1"}}"#).unwrap().value("a").unwrap(), "1");
    }

    #[test]
    fn another_shape_is_told_apart_from_a_cut() {
        assert_eq!(list(br#"{"result":{"a":"1"}}"#).unwrap_err().kind(), Kind::Decode);
        assert_eq!(one(br#"{"result":[]}"#).unwrap_err().kind(), Kind::Decode);
        assert_eq!(one(br#"{}"#).unwrap_err().kind(), Kind::Decode);
    }
}
