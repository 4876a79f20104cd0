//! A page that was asked for, and whose records are coming.

use super::key_range::{RangeStart, RecordKey};
use super::page_request::PageRequest;
use super::page_response::{PageProgress, PageResponse};
use super::page_summary::PageSummary;
use super::read_context::ReadContext;
use super::record_buffer::RecordBuffer;
use super::stream_request::StreamRequest;
use snow_core::{Error, Record};
use std::task::{Context, Poll};

/// The page of a range that is being read.
pub(super) struct PageInFlight {
    pub(super) request: PageRequest,
    /// Whether the page was not waited for when it was asked for.
    pub(super) is_prefetch: bool,
    response: PageResponse,
    pub(super) summary: PageSummary,
    pub(super) bytes: usize,
}

impl PageInFlight {
    /// Asks for a page.
    pub(super) fn send(
        request: PageRequest,
        is_prefetch: bool,
        context: &mut ReadContext<'_>,
    ) -> Result<Self, Error> {
        let response = PageResponse::new(context.request.send(context.query, &request, is_prefetch)?);
        context.counters.request_sent();
        Ok(Self { request, is_prefetch, response, summary: PageSummary::default(), bytes: 0 })
    }

    /// Reads records into the buffer until the page ends, the buffer is full, or there is nothing more to read for now.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        context: &mut ReadContext<'_>,
        buffer: &mut RecordBuffer,
    ) -> Poll<PageProgress> {
        let before = self.key_before(buffer, context.request);
        let Self { request, is_prefetch: _, response, summary, bytes } = self;
        let (stream, fields, room) = (context.request, &mut *context.fields, context.room);
        let counters = &mut *context.counters;
        let mut take = |record: Record| {
            let key = stream.key(&record)?;
            if let Some(key) = &key {
                stream.order.verify(&request.range, summary.last.as_ref().or(before.as_ref()), key)?;
            }
            summary.add(key, request.limit)?;
            if !request.ids_only {
                fields.see(&record);
                *bytes = bytes.saturating_add(record.footprint());
                buffer.push(record);
            }
            // A page by position is given out whole or not at all.
            Ok((*bytes).min(buffer.bytes()) < room || request.offset.is_some())
        };
        response.poll(cx, context.decoder, counters, stream.client.limit, &mut take)
    }

    /// The count that came with the head of the response, if one was asked for.
    pub(super) fn total(&self) -> Option<u64> {
        self.response.total().filter(|_| self.request.counted)
    }

    /// Whether the request was sent, and its response has not ended.
    pub(super) fn is_under_way(&self) -> bool {
        self.response.is_under_way()
    }

    /// Whether the request was sent at least once.
    pub(super) fn was_sent(&self) -> bool {
        self.response.was_sent()
    }

    /// Whether the page will clearly have more bytes than `room`, by those of its records that have come. A page that fits has to be
    /// taken in whole: a consumer that calls the client for each record would otherwise wait for the permit that the page holds.
    pub(super) fn outgrows(&self, room: usize) -> bool {
        if self.request.ids_only || self.bytes < room / 4 {
            return false;
        }
        let limit = u64::from(self.request.limit);
        let records = self.response.total().map_or(limit, |total| total.min(limit));
        let bytes = u64::try_from(self.bytes).unwrap_or(u64::MAX);
        let expected = bytes.saturating_mul(records).checked_div(self.summary.records).unwrap_or(u64::MAX);
        expected > (room as u64 / 2).saturating_mul(3)
    }

    /// The key of the record before the next one, in this page or before it.
    fn key_before(&self, buffer: &RecordBuffer, stream: &StreamRequest) -> Option<RecordKey> {
        let start = match &self.request.range.from {
            RangeStart::After(key) => Some(key.clone()),
            _ => None,
        };
        let newest = || stream.key(buffer.newest()?).ok().flatten();
        self.summary.last.clone().or(start).or_else(newest)
    }
}
