//! A form (`multipart/form-data`) whose last part is a file (facts 5).

use super::random_name::random_name;
use bytes::Bytes;
use http_body::{Frame, SizeHint};
use snow_core::{Body, Error, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The form around a file.
#[derive(Clone)]
pub(super) struct MultipartForm {
    boundary: String,
    before: Bytes,
    after: Bytes,
}

impl MultipartForm {
    /// Creates a form with these fields, followed by a file.
    pub(super) fn new(fields: &[(&str, &str)], file_name: &str, content_type: &str) -> Result<Self, Error> {
        let boundary = format!("snow-{}", random_name()?);
        let mut before = String::new();
        for (name, value) in fields {
            let part =
                format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
            before.push_str(&part);
        }
        if file_name.contains(['"', '\\']) {
            let why = "has a character that means something in a form: leave out as_form()";
            return Err(Error::new(ErrorKind::InvalidInput, format!("the file name {file_name:?} {why}")));
        }
        let file_head = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"uploadFile\"; filename=\"{file_name}\"\r\n\
             Content-Type: {content_type}\r\n\r\n"
        );
        before.push_str(&file_head);
        let after = Bytes::from(format!("\r\n--{boundary}--\r\n"));
        Ok(Self { boundary, before: Bytes::from(before), after })
    }

    pub(super) fn content_type(&self) -> String {
        format!("multipart/form-data; boundary={}", self.boundary)
    }

    /// Puts the form around its file.
    pub(super) fn wrap(&self, file: Body) -> Body {
        Body::stream(MultipartBody {
            before: Some(self.before.clone()),
            file,
            after: Some(self.after.clone()),
        })
    }
}

struct MultipartBody {
    before: Option<Bytes>,
    file: Body,
    after: Option<Bytes>,
}

impl http_body::Body for MultipartBody {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        if let Some(before) = self.before.take() {
            return Poll::Ready(Some(Ok(Frame::data(before))));
        }
        if self.after.is_none() {
            return Poll::Ready(None);
        }
        match ready!(Pin::new(&mut self.file).poll_frame(cx)) {
            Some(Ok(frame)) if frame.is_trailers() => {
                let why = "a body with trailers cannot be part of a form";
                Poll::Ready(Some(Err(Error::new(ErrorKind::InvalidInput, why))))
            }
            Some(frame) => Poll::Ready(Some(frame)),
            None => Poll::Ready(self.after.take().map(|after| Ok(Frame::data(after)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.before.is_none() && self.after.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let length = |text: &Option<Bytes>| text.as_ref().map_or(0, |text| text.len() as u64);
        let form = length(&self.before).saturating_add(length(&self.after));
        let (file, mut hint) = (self.file.size_hint(), SizeHint::new());
        hint.set_lower(file.lower().saturating_add(form));
        if let Some(upper) = file.upper() {
            hint.set_upper(upper.saturating_add(form));
        }
        hint
    }
}
