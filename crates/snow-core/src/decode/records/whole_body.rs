//! Reads a whole body at once.

use super::Records;
use crate::decode::Record;
use crate::decode::envelope::decode_error;
use crate::decode::shape::Shapes;
use crate::{Error, ErrorKind};
use bytes::Bytes;

/// Feeds a whole body to a reader.
fn feed_whole(body: &Bytes, records: Records) -> Records {
    let mut records = records.max_record(usize::MAX);
    records.push(body.clone());
    records.finish();
    records
}

/// Checks that a body is complete and reports no error.
pub(in crate::decode) fn check_body(body: &Bytes) -> Result<(), Error> {
    feed_whole(body, Records::checking()).next().map(drop)
}

/// Reads the one record of a body.
pub(in crate::decode) fn read_one(body: &Bytes, shapes: Shapes) -> Result<Record, Error> {
    let mut records = feed_whole(body, Records::one().shapes(shapes));
    let record = records.next()?;
    // Only the end of the response shows whether it is complete.
    records.next()?;
    record.ok_or_else(|| decode_error("the response has no result"))
}

/// Reads at most `max` records. One more is an error, and nothing after it is read.
pub(in crate::decode) fn read_list(body: &Bytes, shapes: Shapes, max: usize) -> Result<Vec<Record>, Error> {
    let (mut records, mut all) = (feed_whole(body, Records::list().shapes(shapes)), Vec::new());
    while let Some(record) = records.next().map_err(|error| name_last_record(error, all.last()))? {
        if all.len() == max {
            let why = format!("the response has more records than the {max} that were requested");
            return Err(Error::new(ErrorKind::ResponseMismatch, why));
        }
        all.push(record);
    }
    Ok(all)
}

/// Names the record before the malformed one, so that the caller can leave out what follows it.
fn name_last_record(error: Error, last: Option<&Record>) -> Error {
    match last.and_then(|record| record.sys_id().ok()) {
        Some(sys_id) if error.kind() == ErrorKind::Malformed => {
            error.with_context(&format!("after the record with sys_id {sys_id}"))
        }
        _ => error,
    }
}

/// Reads the message and detail of an error response, if its body has any.
pub(in crate::decode) fn read_fault(body: &Bytes) -> Option<(String, String)> {
    let mut records = feed_whole(body, Records::checking());
    drop(records.next());
    records.stated_error()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(body: &[u8]) -> Result<Vec<Record>, Error> {
        read_list(&Bytes::copy_from_slice(body), Shapes::default(), 2)
    }

    fn one(body: &[u8]) -> Result<Record, Error> {
        read_one(&Bytes::copy_from_slice(body), Shapes::default())
    }

    #[test]
    fn every_recorded_shape_of_a_cancelled_transaction_is_an_error() {
        let error = r#""error":{"detail":"Check logs","message":"Transaction cancelled"},"status":"failure""#;
        for body in [
            format!(r#"{{"result":[{{"a":"1"}}],{error}}}"#),
            format!(r#"{{{error},"result":[{{"a":"1"}}]}}"#),
            format!(r#"{{{error}}}"#),
            format!(r#"{{"result":[{{"a":"1"}},""],{error}}}"#),
            // The error says more than the end that is missing after it.
            format!(r#"{{"result":[{{"a":"1"}}],{error}"#),
            r#"{"result":[{"a":"1"},""]}"#.to_owned(),
            r#"{"result":[{"a":"1"},""]}"#.replace("\"\"]", "\"\"\"\"]"),
            r#"{"result":[],"status":"failure"}"#.to_owned(),
            r#"{"result":[],"error":"in words"}"#.to_owned(),
        ] {
            assert_eq!(list(body.as_bytes()).unwrap_err().kind(), ErrorKind::TransactionCancelled, "{body}");
        }
        for body in [r#"{"result":[{"a":"1"},{"b":"#, r#"{"result":[{"a":"1"}]"#, r#"{"result":[{"a":"1"},"#]
        {
            assert_eq!(list(body.as_bytes()).unwrap_err().kind(), ErrorKind::Truncated, "{body}");
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
        assert_eq!(list(br#"{"result":{"a":"1"}}"#).unwrap_err().kind(), ErrorKind::Decode);
        assert_eq!(one(br#"{"result":[]}"#).unwrap_err().kind(), ErrorKind::Decode);
        assert_eq!(one(br#"{}"#).unwrap_err().kind(), ErrorKind::Decode);
    }
}
