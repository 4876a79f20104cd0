//! `{"result":…}`, with `error` and `status` beside it where the service changed its mind (facts 3.1, 3.4).

use super::Record;
use crate::{Error, Kind};
use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    status: Option<Status>,
}

/// `"failure"` beside an error; scripted APIs put other things there.
#[derive(Deserialize)]
#[serde(untagged)]
enum Status {
    Text(String),
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
struct Fault {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    detail: Option<String>,
}

impl Envelope<'_> {
    pub(super) fn parse(body: &[u8]) -> Result<Envelope<'_>, serde_json::Error> {
        serde_json::from_slice(body)
    }

    /// Message and detail of the error, if there is one. An error may be a bare text (facts 3.1).
    pub(super) fn fault(&self) -> Option<(String, String)> {
        let failed = matches!(&self.status, Some(Status::Text(text)) if text == "failure");
        match self.error.map(RawValue::get) {
            None | Some("null") if failed => {
                Some((String::from("status \"failure\" without an error"), String::new()))
            }
            None | Some("null") => None,
            Some(raw) => {
                let structured = serde_json::from_str::<Fault>(raw)
                    .map(|fault| (fault.message.unwrap_or_default(), fault.detail.unwrap_or_default()));
                let text = || serde_json::from_str::<String>(raw).map(|text| (text, String::new()));
                Some(structured.or_else(|_| text()).unwrap_or_default())
            }
        }
    }
}

/// The envelope of a success, or the error in it.
fn success(body: &[u8]) -> Result<Envelope<'_>, Error> {
    let envelope = Envelope::parse(body).map_err(|e| cut("the answer breaks off").with_source(e))?;
    match envelope.fault() {
        Some((message, detail)) => {
            Err(cut("the answer began well and ended in an error").with_fault(&message, &detail))
        }
        None => Ok(envelope),
    }
}

pub(super) fn check(body: &[u8]) -> Result<(), Error> {
    success(body).map(drop)
}

pub(super) fn one(body: &[u8]) -> Result<Record, Error> {
    let result = result(body)?;
    serde_json::from_str(result.get())
        .map_err(|e| odd("the answer's result is not one record").with_source(e))
}

pub(super) fn list(body: &[u8]) -> Result<Vec<Record>, Error> {
    let result = result(body)?;
    let rows: Vec<&RawValue> = serde_json::from_str(result.get())
        .map_err(|e| odd("the answer's result is not a list").with_source(e))?;
    rows.into_iter().map(row).collect()
}

/// A row. A cancelled transaction may leave a text where a record should be (facts 3.4).
fn row(raw: &RawValue) -> Result<Record, Error> {
    serde_json::from_str(raw.get())
        .map_err(|e| cut("the answer has something else among its records").with_source(e))
}

fn result(body: &[u8]) -> Result<&RawValue, Error> {
    success(body)?.result.ok_or_else(|| odd("the answer has no result"))
}

fn cut(message: &'static str) -> Error {
    Error::new(Kind::Cut, message)
}

fn odd(message: &'static str) -> Error {
    Error::new(Kind::Decode, message)
}

#[cfg(test)]
mod tests {
    use super::*;

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
