//! The parts that a list can be read in, each by another task, process or machine.

use super::key_range::KeyRange;
use super::position;
use super::query_parts::QueryParts;
use super::read_order::ReadOrder;
use super::stream_request::StreamRequest;
use crate::table::list_request::ListRequest;
use serde::{Deserialize, Serialize};
use snow_core::{Error, ErrorKind};

/// How many parts a list can be cut into.
const MAX_PARTS: usize = 10_000;

/// A part of a list: the records of a range of `sys_id`s. Returned by [`ListRecords::parts`](crate::table::ListRecords::parts), and
/// read with [`ListRecords::part`](crate::table::ListRecords::part).
///
/// Store or send it with serde. It contains `sys_id`s and a fingerprint of the list, but no other values: another process needs the
/// same list to read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamPart {
    /// The fingerprint of the list that it belongs to.
    question: u64,
    range: KeyRange,
}

impl StreamPart {
    /// The fingerprint of positions inside this part, and its range, if it belongs to the list with the fingerprint `question`.
    pub(super) fn of(&self, question: u64) -> Result<(u64, KeyRange), Error> {
        if self.question != question {
            let why = "the part belongs to another list: read it with the same instance, table, query, order, domain, category and other \
                       parameters (fields, display values, view, limit and page size may differ)";
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        let fingerprint = match self.range == KeyRange::whole() {
            true => question,
            false => position::fingerprint_of_range(question, &self.range)?,
        };
        Ok((fingerprint, self.range.clone()))
    }
}

/// Cuts a list into so many parts.
pub(crate) fn cut<T>(list: &ListRequest<T>, parts: usize) -> Result<Vec<StreamPart>, Error> {
    let checked = list.request.clone()?.without_validation();
    let window = checked.params.selection.window();
    let query = checked.params.selection.query()?.clone().parsed();
    let request = StreamRequest::new(list.client.clone(), checked, &query, window.offset.is_some());
    let query_parts = QueryParts::split(&request, query).map_err(|error| request.annotate(error))?;
    let question = position::fingerprint(&request, query_parts.queries())?;
    let why = match parts {
        0 | 1 => None,
        _ if parts > MAX_PARTS => {
            Some(format!("a list can be read in at most {MAX_PARTS} parts, not in {parts}"))
        }
        _ if window.limit.is_some() => Some(
            "a list with a limit cannot be read in parts: set the limit of a part after they are cut"
                .to_owned(),
        ),
        _ if request.order != ReadOrder::SysId => {
            Some("a list in parts is sorted by sys_id: leave the order and the offset out".to_owned())
        }
        _ if query_parts.is_split() => Some(
            "a query that is too long for one URL cannot be read in parts: shorten its is_in()".to_owned(),
        ),
        _ => None,
    };
    if let Some(why) = why {
        return Err(request.annotate(Error::new(ErrorKind::InvalidInput, why)));
    }
    let ranges = KeyRange::whole().split(parts.max(1) as u64);
    Ok(ranges.into_iter().map(|range| StreamPart { question, range }).collect())
}
