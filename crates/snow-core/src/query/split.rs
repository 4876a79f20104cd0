//! Splits a query that is too long for a URL.

use super::condition::{Condition, Test};
use super::{Expr, Query, Value, write};
use crate::{Error, ErrorKind};
use std::collections::{HashMap, HashSet};

impl<'a> Query<'a> {
    /// Splits the query into queries of at most `max` bytes each in a URL, which together match the same records. A query that fits is
    /// returned as it is. Otherwise its longest `is_in` list is split. Only a list that every record has to match can be split: one
    /// outside every `or` that is not negated.
    ///
    /// Repeated values are used once, and values that differ only in case stay in one part, so that no record is returned twice (a
    /// database that treats `e` and `é` alike may still return one twice). The parts follow the order of the list. Each part has the order
    /// of this query, but **across parts, records are not sorted**: merge them if you need that.
    ///
    /// ```
    /// use snow_client::field;
    ///
    /// let query = field("number").is_in(["INC01", "INC02", "INC03", "INC02"]).and(field("active").eq(true));
    /// let parts = query.split(40)?;
    /// let parts: Vec<String> = parts.iter().map(|part| part.encode()).collect::<Result<_, _>>()?;
    /// assert_eq!(parts, ["numberININC01,INC02^active=true", "numberININC03^active=true"]);
    /// # Ok::<_, snow_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::UriTooLong`] if there is no such list, or if a part of one value is still too long. [`ErrorKind::InvalidInput`]
    /// if the query cannot be sent at all.
    pub fn split(&self, max: usize) -> Result<Vec<Query<'a>>, Error> {
        let whole = self.url_len()?;
        if whole <= max {
            return Ok(vec![self.clone()]);
        }
        let lists = self.terms.iter().enumerate().filter_map(|(at, term)| Some((at, list(term)?)));
        let longest = lists.max_by_key(|(_, values)| values.len());
        let Some((at, values @ [first, ..])) = longest else {
            return Err(too_long(
                whole,
                max,
                "it has no is_in() outside every or() whose list could be divided",
            ));
        };
        let room = self.room(at, first, max)?;
        let parts = parts(values, room)?;
        let parts =
            parts.ok_or_else(|| too_long(whole, max, "it is too long with a single value of its list"))?;
        parts.into_iter().map(|values| self.with_list(at, values)).collect()
    }

    /// Returns the field of the list that [`split`](Self::split) splits; `None` if there is no such list.
    #[doc(hidden)]
    pub fn split_field(&self) -> Option<&str> {
        let lists = self.terms.iter().filter_map(|term| Some((term, list(term)?)));
        match lists.max_by_key(|(_, values)| values.len())? {
            (Expr::Condition(condition), _) => Some(&condition.field),
            _ => None,
        }
    }

    /// Returns how many bytes of values fit, with a comma after each. It is measured, because a list is written once per group.
    fn room(&self, at: usize, value: &Value<'a>, max: usize) -> Result<usize, Error> {
        let one = self.with_list(at, vec![value.clone()])?.url_len()?;
        let two = self.with_list(at, vec![value.clone(); 2])?.url_len()?;
        let times = (two - one) / (write::encoded_len(value)? + COMMA);
        Ok(max.saturating_sub(two - 2 * (two - one)) / times.max(1))
    }

    fn with_list(&self, at: usize, values: Vec<Value<'a>>) -> Result<Self, Error> {
        let mut part = self.clone();
        match part.terms.get_mut(at) {
            Some(Expr::Condition(Condition { test: Test::In { values: list, .. }, .. })) => *list = values,
            _ => return Err(Error::internal("a query was to be split at a list that it does not have")),
        }
        Ok(part)
    }
}

const COMMA: usize = 1;

fn too_long(whole: usize, max: usize, why: &str) -> Error {
    let why = format!("the query takes {whole} bytes in a URL, more than {max}, and cannot be split: {why}");
    Error::new(ErrorKind::UriTooLong, why)
}

/// Returns the values of a list that every record has to match.
fn list<'q, 'a>(term: &'q Expr<'a>) -> Option<&'q [Value<'a>]> {
    match term {
        Expr::Condition(Condition { test: Test::In { not: false, values }, or_empty: false, .. }) => {
            Some(values)
        }
        _ => None,
    }
}

/// Splits values into lists of at most `room` bytes with a comma after each value; `None` if one value, with those that differ from it
/// in case only, takes more.
fn parts<'a>(values: &[Value<'a>], room: usize) -> Result<Option<Vec<Vec<Value<'a>>>>, Error> {
    let mut parts: Vec<Vec<Value<'a>>> = Vec::new();
    let mut left = 0;
    for alike in alike(values)? {
        let mut len = 0;
        for value in &alike {
            len += write::encoded_len(value)? + COMMA;
        }
        if len > room {
            return Ok(None);
        }
        match parts.last_mut().filter(|_| len <= left) {
            Some(part) => {
                part.extend(alike);
                left -= len;
            }
            None => {
                parts.push(alike);
                left = room - len;
            }
        }
    }
    Ok(Some(parts))
}

/// Groups the values that differ in case only, each once, in the order in which they come first.
fn alike<'a>(values: &[Value<'a>]) -> Result<Vec<Vec<Value<'a>>>, Error> {
    let mut seen = HashSet::new();
    let mut places = HashMap::new();
    let mut alike: Vec<Vec<Value<'a>>> = Vec::new();
    for value in values {
        let text = write::plain_value(value)?;
        let place = *places.entry(text.to_lowercase()).or_insert(alike.len());
        if !seen.insert(text) {
            continue;
        }
        match alike.get_mut(place) {
            Some(others) => others.push(value.clone()),
            None => alike.push(vec![value.clone()]),
        }
    }
    Ok(alike)
}

#[cfg(test)]
mod tests {
    use super::super::field;
    use super::*;

    #[test]
    fn only_a_list_that_every_row_has_to_be_in_is_parted() {
        let ids = || field("sys_id").is_in((0..400).map(|n| format!("{n:032}")));
        let parts = ids().and(field("active").eq(true)).order_by("number").split(8_000).unwrap();
        assert_eq!(parts.len(), 2);
        assert!(parts.iter().all(|part| part.url_len().unwrap() <= 8_000));
        for query in
            [ids().or(field("active").eq(true)), ids().not(), Query::all([ids().not(), field("a").eq(1)])]
        {
            let error = query.split(8_000).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::UriTooLong);
            assert!(error.to_string().contains("outside every or()"), "{error}");
        }
        assert_eq!(field("a").is_in(["x"]).split(3).unwrap_err().kind(), ErrorKind::UriTooLong);
        assert_eq!(field("a").eq(1).split(100).unwrap().len(), 1);
    }

    #[test]
    fn a_list_that_is_written_once_a_group_is_counted_so() {
        let list = field("a").is_in((100..200).map(|n| n.to_string()));
        let pair = |n| field("b").eq(n).and(super::super::related_list("t", "f").none());
        let query = list.and(pair(1).or(pair(2)).or(pair(3)));
        assert_eq!(query.encode().unwrap().matches("^NQ").count(), 2);
        let parts = query.split(600).unwrap();
        assert!(
            parts.len() < 10 && parts.iter().all(|part| part.url_len().unwrap() <= 600),
            "{}",
            parts.len()
        );
        let values: usize = parts.iter().map(|part| part.encode().unwrap().matches(',').count()).sum();
        // Three groups of a hundred values: commas between them, and one in each related list.
        assert_eq!(values, 3 * (100 - parts.len()) + 3 * parts.len());
    }

    #[test]
    fn values_are_taken_once_and_those_alike_stay_together() {
        let query = field("a").is_in(["b", "c", "B", "b", "d", "C"]);
        let texts = |max| -> Vec<String> {
            query.split(max).unwrap().iter().map(|part| part.encode().unwrap()).collect()
        };
        assert_eq!(texts(6), ["aINb,B", "aINc,C", "aINd"]);
        assert_eq!(texts(8), ["aINb,B", "aINc,C,d"]);
        assert_eq!(query.split(5).unwrap_err().kind(), ErrorKind::UriTooLong);
    }
}
