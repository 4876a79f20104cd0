//! One page on its way: from its request to the last of its rows.

use futures_util::future::BoxFuture;
use http::{Response, header};
use http_body::Body as _;
use snow_core::decode::{self, Answer, Records};
use snow_core::{Body, Error, HttpFuture, Kind, Record};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The end of a page.
pub(super) struct End {
    pub(super) total: Option<u64>,
    pub(super) error: Option<Error>,
}

pub(super) enum Progress {
    /// No more room: the rest stays where it is.
    Full,
    Over(End),
}

pub(super) struct Fetch(Stage);

enum Stage {
    Sent(HttpFuture),
    /// Something else than a list, which is read for what it says.
    Refused(BoxFuture<'static, Error>),
    Reading {
        body: Body,
        records: Box<Records>,
        ended: bool,
    },
    Over,
}

impl Fetch {
    pub(super) fn new(answer: HttpFuture) -> Self {
        Self(Stage::Sent(answer))
    }

    /// Goes as far as it can. `take` gets each row, and says whether there is room for more.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        like: &mut Records,
        limit: usize,
        take: &mut dyn FnMut(Record) -> Result<bool, Error>,
    ) -> Poll<Progress> {
        loop {
            match &mut self.0 {
                Stage::Sent(answer) => {
                    self.0 = match ready!(Pin::new(answer).poll(cx)) {
                        Ok(answer) if is_list(&answer) => Self::begin(answer, like),
                        Ok(answer) => Stage::Refused(Box::pin(refusal(answer, limit))),
                        Err(error) => return self.over(None, Some(error)),
                    }
                }
                Stage::Refused(refusal) => {
                    let error = ready!(refusal.as_mut().poll(cx));
                    return self.over(None, Some(error));
                }
                Stage::Reading { body, records, ended } => match records.next() {
                    Ok(Some(record)) => match take(record) {
                        Ok(true) => {}
                        Ok(false) => return Poll::Ready(Progress::Full),
                        Err(error) => return self.over(None, Some(error)),
                    },
                    Ok(None) if *ended => {
                        let total = records.total();
                        *like = records.again();
                        return self.over(total, None);
                    }
                    Ok(None) => match ready!(Pin::new(body).poll_frame(cx)) {
                        Some(Ok(frame)) => {
                            if let Ok(bytes) = frame.into_data() {
                                records.push(bytes);
                            }
                        }
                        Some(Err(error)) => return self.over(None, Some(broken(error))),
                        None => {
                            records.finish();
                            *ended = true;
                        }
                    },
                    Err(error) => return self.over(None, Some(error)),
                },
                Stage::Over => return self.over(None, None),
            }
        }
    }

    /// How many rows there are from where it begins, once its head has come.
    pub(super) fn total(&self) -> Option<u64> {
        match &self.0 {
            Stage::Reading { records, .. } => records.total(),
            _ => None,
        }
    }

    fn begin(answer: Response<Body>, like: &Records) -> Stage {
        let (head, body) = answer.into_parts();
        let records = like.again().head(head);
        Stage::Reading { body, records: Box::new(records), ended: false }
    }

    /// Whatever it holds below is let go.
    fn over(&mut self, total: Option<u64>, error: Option<Error>) -> Poll<Progress> {
        self.0 = Stage::Over;
        Poll::Ready(Progress::Over(End { total, error }))
    }
}

/// Whether it is worth reading record by record. Pages in HTML come with 200, too (facts 3.6).
fn is_list(answer: &Response<Body>) -> bool {
    let kind = answer.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    answer.status() == http::StatusCode::OK && kind.is_some_and(|kind| kind.starts_with("application/json"))
}

/// Whatever the transport, an answer that stops in the middle is one that broke.
fn broken(error: Error) -> Error {
    match error.kind() {
        Kind::Foreign => Error::new(Kind::Closed, "the answer broke off").with_source(error),
        _ => error,
    }
}

async fn refusal(answer: Response<Body>, limit: usize) -> Error {
    let told = async {
        let (head, body) = decode::receive(answer, limit).await?;
        Answer::new(head, body)?.list().map(drop)
    };
    match told.await {
        Err(error) => error,
        Ok(()) => Error::new(Kind::NotJson, "a list came as something else than JSON"),
    }
}
