//! What a list of the Change API says of itself: its last element (facts 7.3).

use super::envelope::{EnvelopeMember, decode_error};
use super::records::check_body;
use super::{Record, json_string, scan};
use crate::Error;
use bytes::Bytes;

/// The only member of the element that is not a record.
const META: &str = "__meta";

/// Splits the body of a response into the body without the element, and the content of the element.
pub(super) fn split_meta(body: &Bytes) -> Result<(Bytes, Option<Record>), Error> {
    check_body(body)?;
    let whole = || (body.clone(), None);
    let Ok(text) = str::from_utf8(json_string::without_bom(body)) else {
        return Err(Error::internal("what was checked to be JSON is not UTF-8"));
    };
    let named = |name: &std::ops::Range<usize>| text.get(scan::unquoted(name)).unwrap_or_default();
    if !text.trim_start().starts_with('{') {
        return Ok(whole());
    }
    let result =
        scan::member_places(text).find(|(name, _)| EnvelopeMember::of(named(name)) == EnvelopeMember::Result);
    let Some((_, place)) = result else { return Ok(whole()) };
    let list = text.get(place.clone()).unwrap_or_default();
    if !list.starts_with('[') {
        return Ok(whole());
    }
    let (metas, records): (Vec<&str>, Vec<&str>) =
        scan::elements(list).partition(|element| meta_of(element).is_some());
    let meta = match *metas.as_slice() {
        [] => return Ok(whole()),
        [meta] => Record::parse(meta_of(meta).unwrap_or_default()).map_err(decode_error)?,
        _ => {
            return Err(decode_error(
                "the list of the response has two elements that are about the list itself",
            ));
        }
    };
    let (before, behind) = (text.get(..place.start), text.get(place.end..));
    let rest =
        [before.unwrap_or_default(), "[", &records.join(","), "]", behind.unwrap_or_default()].concat();
    Ok((Bytes::from(rest), Some(meta)))
}

/// Returns the content of the element; `None` for an element that is a record.
fn meta_of(element: &str) -> Option<&str> {
    if !element.starts_with('{') {
        return None;
    }
    let mut members = scan::members(element);
    match (members.next()?, members.next()) {
        ((name, value), None) if json_string::unescape(name).as_deref() == Some(META) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn parted(body: &str) -> Result<(String, Option<String>), ErrorKind> {
        let (rest, meta) =
            split_meta(&Bytes::copy_from_slice(body.as_bytes())).map_err(|error| error.kind())?;
        Ok((String::from_utf8(rest.to_vec()).unwrap(), meta.map(|meta| meta.json().to_owned())))
    }

    #[test]
    fn only_an_element_with_that_single_member_is_taken_out() {
        let (rest, meta) =
            parted(r#" {"a":1, "result" : [ {"n":"1"} , {"__meta":{"x":[1]}} ] ,"b":2}"#).unwrap();
        assert_eq!(rest, r#" {"a":1, "result" : [{"n":"1"}] ,"b":2}"#);
        assert_eq!(meta.unwrap(), r#"{"x":[1]}"#);
        let (rest, meta) = parted(r#"{"result":[{"\u005f_meta":{}}]}"#).unwrap();
        assert_eq!((&*rest, meta.as_deref()), (r#"{"result":[]}"#, Some("{}")));
        for whole in [
            r#"{"result":[{"__meta":{},"n":"1"},{"meta":{}},{}]}"#,
            r#"{"result":{"__meta":{}}}"#,
            r#"{"result":[["__meta"]]}"#,
            r#"{"other":[{"__meta":{}}]}"#,
            r#"{"result":[]}"#,
        ] {
            assert_eq!(parted(whole), Ok((whole.to_owned(), None)));
        }
    }

    #[test]
    fn what_cannot_be_told_is_an_error() {
        assert_eq!(parted(r#"{"result":[{"__meta":{}},{"__meta":{}}]}"#), Err(ErrorKind::Decode));
        assert_eq!(parted(r#"{"result":[{"__meta":7}]}"#), Err(ErrorKind::Decode));
        assert_eq!(parted(r#"{"result":[{"__meta":{}}"#), Err(ErrorKind::Truncated));
        assert_eq!(
            parted(r#"{"result":[{"__meta":{}}],"error":{"message":"m"}}"#),
            Err(ErrorKind::TransactionCancelled)
        );
    }
}
