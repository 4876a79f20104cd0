//! A query in as many parts as it takes for each of them to fit into the URL of a page. The parts are read one after the other.

use super::read_order::ReadOrder;
use super::stream_request::StreamRequest;
use snow_core::{Error, ErrorKind, Instance, Query};

/// The parts of a query, and which of them is being read.
#[derive(Clone, Debug)]
pub(super) struct QueryParts {
    queries: Vec<Query<'static>>,
    current: usize,
    /// Whether a record can move from one part to another while they are read.
    may_move: bool,
}

impl QueryParts {
    /// Splits a query where it is too long for a URL.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::UriTooLong`] if it cannot be split.
    pub(super) fn split(request: &StreamRequest, query: Query<'static>) -> Result<Self, Error> {
        let room = request.room_for_query()?;
        if query.url_len()? <= room {
            return Ok(Self { queries: vec![query], current: 0, may_move: false });
        }
        if request.order != ReadOrder::SysId {
            let why = format!(
                "the query is longer than the {room} bytes that a page leaves for it in a URL of {} bytes, and its parts would not be in \
                 order: leave the order and by_offset() out, or shorten the query",
                Instance::MAX_URI
            );
            return Err(Error::new(ErrorKind::UriTooLong, why));
        }
        // The sys_id of a record never changes.
        let is_by_id = query.split_field() == Some("sys_id");
        let queries = query.split(room)?;
        Ok(Self { may_move: queries.len() > 1 && !is_by_id, queries, current: 0 })
    }

    pub(super) fn queries(&self) -> &[Query<'static>] {
        &self.queries
    }

    pub(super) fn is_split(&self) -> bool {
        self.queries.len() > 1
    }

    pub(super) fn may_move(&self) -> bool {
        self.may_move
    }

    /// The part that is being read; `None` after the last one.
    pub(super) fn current(&self) -> Option<&Query<'static>> {
        self.queries.get(self.current)
    }

    pub(super) fn index(&self) -> usize {
        self.current
    }

    /// Whether no further part follows.
    pub(super) fn is_last(&self) -> bool {
        self.current.saturating_add(1) >= self.queries.len()
    }

    pub(super) fn go_to(&mut self, index: usize) {
        self.current = index.min(self.queries.len());
    }

    /// Goes to the next part. Returns whether there is one.
    pub(super) fn advance(&mut self) -> bool {
        self.go_to(self.current.saturating_add(1));
        self.current < self.queries.len()
    }

    /// The same parts, to be read once more.
    pub(super) fn restarted(&self) -> Self {
        Self { current: 0, ..self.clone() }
    }
}
