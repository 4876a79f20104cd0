//! What the ranges of a stream have in common while they are polled.

use super::stream_request::StreamRequest;
use crate::request::missing_fields::FieldCheck;
use snow_core::decode::Records;
use snow_core::{Clock, Query};

/// Lent to a range while it is polled.
pub(super) struct ReadContext<'a> {
    pub(super) request: &'a StreamRequest,
    pub(super) query: &'a Query<'static>,
    /// Reads the records of a page, and knows what those of the last page looked like.
    pub(super) decoder: &'a mut Records,
    pub(super) clock: &'a Clock,
    pub(super) counters: &'a mut StreamCounters,
    pub(super) fields: &'a mut FieldCheck,
    /// Bytes of records that a range may hold.
    pub(super) room: usize,
    /// Whether the records of a page that will not fit are released as they come.
    pub(super) releases_early: bool,
    /// Whether no further request may be sent.
    pub(super) is_stopped: bool,
}

/// What a stream has done so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct StreamCounters {
    pub(super) requests: u64,
    /// Pages that were cut and requested again.
    pub(super) retried_pages: u64,
    /// Complete pages of a read by position.
    pub(super) pages_by_offset: u64,
    /// How many records the first pages of the ranges counted.
    pub(super) counted: u64,
    /// How many ranges have not been counted yet.
    pub(super) uncounted_ranges: usize,
    /// Bytes of a record, by the last page.
    pub(super) record_bytes: Option<usize>,
    /// Bytes of the bodies of pages that have come.
    pub(super) bytes: u64,
}

impl StreamCounters {
    pub(super) fn request_sent(&mut self) {
        self.requests = self.requests.saturating_add(1);
    }

    /// Takes back a request that was never sent.
    pub(super) fn request_withdrawn(&mut self) {
        self.requests = self.requests.saturating_sub(1);
    }

    pub(super) fn bytes_received(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_add(bytes as u64);
    }

    pub(super) fn add_counted(&mut self, records: u64) {
        self.counted = self.counted.saturating_add(records);
    }
}
