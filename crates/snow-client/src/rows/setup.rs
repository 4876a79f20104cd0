//! What is said about a read of many rows before the first one.

use super::lane::Count;
use super::position::{self, Position};
use super::run::Run;
use super::source::{Source, Way};
use super::wake::Alarm;
use crate::list::List;
use snow_core::decode::Records;
use snow_core::{Clock, DisplayValue, Error, Instance, Kind, Query};
use std::collections::VecDeque;

/// Rows of a page, unless told otherwise: what keeps a page of records with all their fields far from the quota (facts 9).
pub(super) const PAGE: u32 = 1_000;
/// Of the first page, which tells how large rows are.
pub(super) const FIRST_PAGE: u32 = 100;
/// Bytes of rows that are kept, unless told otherwise.
const BUFFER: usize = 2 << 20;

/// What is said before the first row.
pub(super) struct Setup<T> {
    pub(super) list: List<T>,
    pub(super) page_size: Option<u32>,
    pub(super) buffer: usize,
    pub(super) parallel: usize,
    pub(super) in_order: bool,
    pub(super) by_offset: bool,
    pub(super) resume: Option<Position>,
}

impl<T> Setup<T> {
    pub(super) fn new(list: List<T>) -> Self {
        let (page_size, resume) = (None, None);
        Self { list, page_size, buffer: BUFFER, parallel: 1, in_order: true, by_offset: false, resume }
    }

    pub(super) fn start(self) -> Result<Run<T>, Error> {
        let clock = Clock::new();
        let by_offset = self.by_offset || self.list.params.get("sysparm_offset").is_some();
        let (source, query, read) = self.list.into_source(by_offset)?;
        let skip = source.params.get("sysparm_offset").and_then(|rows| rows.parse().ok()).unwrap_or(0);
        if self.parallel > 1 && source.way != Way::BySysId {
            let why = "a parallel read goes by sys_id: leave the order out, or read one page after the other";
            return Err(source.told(Error::new(Kind::InvalidInput, why)));
        }
        let parts = parts(&source, query).map_err(|error| source.told(error))?;
        let question = position::question(&source, &parts)?;
        let left = source.params.get("sysparm_limit").and_then(|rows| rows.parse().ok());
        let most = self.page_size.unwrap_or(PAGE).max(1);
        let mut run = Run {
            added: source.added().into_iter().map(str::to_owned).collect(),
            look_ahead: self.parallel > 1 || source.target.look_ahead,
            read,
            parts,
            part: 0,
            question,
            lanes: VecDeque::new(),
            front: 0,
            alarm: Alarm::new(),
            clock,
            like: Records::list().displayed(source.values == DisplayValue::Display),
            count: Count::default(),
            received: 0,
            resumed: None,
            left,
            page_size: self.page_size,
            most,
            buffer: self.buffer.max(1),
            parallel: self.parallel,
            in_order: self.in_order,
            lingering: false,
            source,
        };
        match self.resume {
            Some(position) => run.resume(position)?,
            None => run.begin(skip),
        }
        Ok(run)
    }
}

/// The query in as many parts as it takes for each of them to fit into the URL of a page.
fn parts(source: &Source, query: Query<'static>) -> Result<Vec<Query<'static>>, Error> {
    let room = source.room()?;
    if query.url_len()? <= room {
        return Ok(vec![query]);
    }
    if source.way != Way::BySysId {
        let why = format!(
            "the query takes more than the {room} of {} bytes of a URL that a page leaves, and in parts it would lose its order: \
             leave the order out",
            Instance::MAX_URI
        );
        return Err(Error::new(Kind::UriTooLong, why));
    }
    query.split(room)
}
