//! The response with one page: from its request to the last of its records.

use super::read_context::StreamCounters;
use futures_util::future::BoxFuture;
use http::{Response, header};
use http_body::Body as _;
use snow_core::decode::{self, ApiResponse, Records};
use snow_core::{Body, Departure, Error, ErrorKind, HttpFuture, Record};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// How a page ended.
pub(super) struct PageEnd {
    /// What the service counted, if a list came.
    pub(super) total: Option<u64>,
    pub(super) error: Option<Error>,
    /// Whether the records themselves are not those that were asked for.
    pub(super) is_mismatch: bool,
}

impl PageEnd {
    fn complete() -> Self {
        Self { total: None, error: None, is_mismatch: false }
    }

    fn failed(error: Error) -> Self {
        Self { total: None, error: Some(error), is_mismatch: false }
    }

    fn mismatch(error: Error) -> Self {
        Self { is_mismatch: true, ..Self::failed(error) }
    }
}

/// How far a page has come.
pub(super) enum PageProgress {
    /// The buffer is full: the rest of the page stays on the connection.
    BufferFull,
    Ended(PageEnd),
}

/// The response with a page, which is read record by record.
pub(super) struct PageResponse(ResponseState);

enum ResponseState {
    Waiting(HttpFuture, Departure),
    /// Something other than a list, which is read for the error in it.
    Refused(BoxFuture<'static, Error>),
    Reading(PageBody),
    Ended,
}

struct PageBody {
    body: Body,
    records: Box<Records>,
    departure: Departure,
    has_ended: bool,
}

impl PageResponse {
    pub(super) fn new((response, departure): (HttpFuture, Departure)) -> Self {
        Self(ResponseState::Waiting(response, departure))
    }

    /// Reads as far as it can. `take` gets each record, and returns whether there is room for more.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        decoder: &mut Records,
        counters: &mut StreamCounters,
        limit: usize,
        take: &mut dyn FnMut(Record) -> Result<bool, Error>,
    ) -> Poll<PageProgress> {
        loop {
            let progress = match &mut self.0 {
                ResponseState::Waiting(response, departure) => match ready!(Pin::new(response).poll(cx)) {
                    Ok(response) => {
                        self.0 = match is_list(&response) {
                            true => PageBody::begin(response, decoder, departure.clone()),
                            false => ResponseState::Refused(Box::pin(refusal(response, limit))),
                        };
                        continue;
                    }
                    Err(error) => PageProgress::Ended(PageEnd::failed(error)),
                },
                ResponseState::Refused(refusal) => {
                    PageProgress::Ended(PageEnd::failed(ready!(refusal.as_mut().poll(cx))))
                }
                ResponseState::Reading(body) => ready!(body.poll(cx, decoder, counters, take)),
                ResponseState::Ended => {
                    PageProgress::Ended(PageEnd::failed(Error::internal("a page is read after its end")))
                }
            };
            if let PageProgress::Ended(_) = progress {
                self.0 = ResponseState::Ended; // drops the response, and with it the concurrency permit
            }
            return Poll::Ready(progress);
        }
    }

    /// Whether an attempt is under way, rather than waiting for a permit or for the time of the next attempt.
    pub(super) fn is_under_way(&self) -> bool {
        match &self.0 {
            ResponseState::Waiting(_, departure) => departure.is_under_way(),
            ResponseState::Refused(_) | ResponseState::Reading(_) => true,
            ResponseState::Ended => false,
        }
    }

    /// Whether the request was sent at least once.
    pub(super) fn was_sent(&self) -> bool {
        match &self.0 {
            ResponseState::Waiting(_, departure) => departure.has_left(),
            ResponseState::Refused(_) | ResponseState::Reading(_) | ResponseState::Ended => true,
        }
    }

    /// How many records match from the start of this page on, once the head of the response is there.
    pub(super) fn total(&self) -> Option<u64> {
        match &self.0 {
            ResponseState::Reading(body) => body.records.total(),
            _ => None,
        }
    }
}

impl PageBody {
    fn begin(response: Response<Body>, decoder: &Records, departure: Departure) -> ResponseState {
        let (head, body) = response.into_parts();
        let records = Box::new(decoder.again().head(head));
        ResponseState::Reading(Self { body, records, departure, has_ended: false })
    }

    fn poll(
        &mut self,
        cx: &mut Context<'_>,
        decoder: &mut Records,
        counters: &mut StreamCounters,
        take: &mut dyn FnMut(Record) -> Result<bool, Error>,
    ) -> Poll<PageProgress> {
        let end = loop {
            match self.records.next() {
                Ok(Some(record)) => match take(record) {
                    Ok(true) => {}
                    Ok(false) => return Poll::Ready(PageProgress::BufferFull),
                    Err(error) => {
                        // These are not the records that were asked for, and neither may be those of the next response.
                        self.departure.retire_connection();
                        break PageEnd::mismatch(error);
                    }
                },
                Ok(None) if self.has_ended => {
                    *decoder = self.records.again();
                    break PageEnd::complete();
                }
                Ok(None) => match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                    Some(Ok(frame)) => {
                        if let Ok(bytes) = frame.into_data() {
                            counters.bytes_received(bytes.len());
                            self.records.push(bytes);
                        }
                    }
                    Some(Err(error)) => break PageEnd::failed(broken_off(error)),
                    None => {
                        self.records.finish();
                        self.has_ended = true;
                    }
                },
                Err(error) => break PageEnd::failed(error),
            }
        };
        Poll::Ready(PageProgress::Ended(PageEnd { total: self.records.total(), ..end }))
    }
}

/// Whether the response is worth reading record by record. HTML pages come with 200, too (facts 3.6).
fn is_list(response: &Response<Body>) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_plain = !response.headers().contains_key(header::CONTENT_ENCODING);
    is_plain
        && response.status() == http::StatusCode::OK
        && kind.is_some_and(|kind| kind.starts_with("application/json"))
}

/// Whatever the transport, a response that ends in the middle has broken off.
fn broken_off(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Other => {
            Error::new(ErrorKind::ConnectionClosed, "the response broke off").with_source(error)
        }
        _ => error,
    }
}

/// Reads what a response that is not a list says.
async fn refusal(response: Response<Body>, limit: usize) -> Error {
    let list = async {
        let (head, body) = decode::receive(response, limit).await?;
        ApiResponse::new(head, body)?.records().map(drop)
    };
    match list.await {
        Err(error) => error,
        Ok(()) => Error::new(ErrorKind::NotJson, "the response to a list is not JSON"),
    }
}
