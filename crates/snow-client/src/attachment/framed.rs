//! A body with something before and behind it: the one file of a form, which is its last part (facts 5).

use bytes::Bytes;
use http_body::{Frame, SizeHint};
use snow_core::{Body, Error, Kind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use super::local;

/// The texts of a form around its file.
#[derive(Clone)]
pub(super) struct Form {
    boundary: String,
    before: Bytes,
    behind: Bytes,
}

impl Form {
    /// A form with these fields, and then a file.
    pub(super) fn new(fields: &[(&str, &str)], file_name: &str, content_type: &str) -> Result<Self, Error> {
        let boundary = format!("snow-{}", local::random()?);
        let mut before = String::new();
        for (name, value) in fields {
            let line =
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            before.push_str(&line);
        }
        if file_name.contains(['"', '\\']) {
            let why = "has a character that means something in a form: leave out as_form()";
            return Err(Error::new(Kind::InvalidInput, format!("the file name {file_name:?} {why}")));
        }
        let head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"uploadFile\"; filename=\"{file_name}\"\r\n\
             Content-Type: {content_type}\r\n\r\n"
        );
        before.push_str(&head);
        let behind = Bytes::from(format!("\r\n--{boundary}--\r\n"));
        Ok(Self { boundary, before: Bytes::from(before), behind })
    }

    pub(super) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    pub(super) fn around(&self, file: Body) -> Body {
        Body::stream(Framed { before: Some(self.before.clone()), file, behind: Some(self.behind.clone()) })
    }
}

struct Framed {
    before: Option<Bytes>,
    file: Body,
    behind: Option<Bytes>,
}

impl http_body::Body for Framed {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(before) = self.before.take() {
            return Poll::Ready(Some(Ok(Frame::data(before))));
        }
        if self.behind.is_none() {
            return Poll::Ready(None);
        }
        match ready!(Pin::new(&mut self.file).poll_frame(cx)) {
            Some(Ok(frame)) if frame.is_trailers() => {
                let why = "a body with trailers cannot be part of a form";
                Poll::Ready(Some(Err(Error::new(Kind::InvalidInput, why))))
            }
            Some(frame) => Poll::Ready(Some(frame)),
            None => Poll::Ready(self.behind.take().map(|behind| Ok(Frame::data(behind)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.before.is_none() && self.behind.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let length = |text: &Option<Bytes>| text.as_ref().map_or(0, |text| text.len() as u64);
        let around = length(&self.before) + length(&self.behind);
        let (file, mut hint) = (self.file.size_hint(), SizeHint::new());
        hint.set_lower(file.lower().saturating_add(around));
        if let Some(upper) = file.upper() {
            hint.set_upper(upper.saturating_add(around));
        }
        hint
    }
}
