//! Which kind a failure on the wire is: decided here, where the types are known.

use crate::{Body, BoxError, Error, Kind};
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use hyper::body::Incoming;
use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// A failure before the head of the answer.
pub(super) fn of_client(error: hyper_util::client::legacy::Error) -> Error {
    if let Some(own) = find::<Error>(&error) {
        return own.clone();
    }
    if error.is_connect() && is_tls(&error) {
        let why = "no encrypted connection could be made (for a certificate of your own authority, add it to the \
                   certificates this machine trusts)";
        return Error::new(Kind::Tls, why).with_source(error);
    }
    if error.is_connect() {
        return Error::new(Kind::Connect, "no connection could be made").with_source(error);
    }
    broken(error.into())
}

/// Whether the handshake failed. Complaints about a peer that speaks no TLS arrive as plain I/O errors.
fn is_tls(error: &hyper_util::client::legacy::Error) -> bool {
    let not_tls = |io: &io::Error| io.kind() == io::ErrorKind::InvalidData;
    find::<rustls::Error>(error).is_some() || find::<io::Error>(error).is_some_and(not_tls)
}

/// A failure on a connection that stood.
fn broken(error: BoxError) -> Error {
    match find::<Error>(&*error) {
        Some(own) => own.clone(), // the request's own body failed
        None => {
            Error::new(Kind::Closed, "the connection broke before the answer was whole").with_source(error)
        }
    }
}

fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        // An io::Error hides the error inside it from `source`, and shows what is below that instead.
        let inside = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        next = inside.map(|inside| inside as &dyn StdError).or_else(|| error.source());
    }
    None
}

/// The body of an answer, whose failures are told apart like those of its head.
pub(super) fn told_apart(incoming: Incoming) -> Body {
    Body::stream(Answered { incoming })
}

struct Answered {
    incoming: Incoming,
}

impl http_body::Body for Answered {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let frame = Pin::new(&mut self.incoming).poll_frame(cx);
        frame.map(|frame| frame.map(|frame| frame.map_err(|error| broken(error.into()))))
    }

    fn is_end_stream(&self) -> bool {
        self.incoming.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.incoming.size_hint()
    }
}
