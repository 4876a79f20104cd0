//! The body of a request as it arrives: whole, or, where it is a file, digested on the way and perhaps not kept.

use crate::Settings;
use crate::multipart::Multipart;
use bytes::{Buf, Bytes};
use http::{Method, header, request::Parts};
use http_body::Body;
use http_body_util::BodyExt;
use ring::digest;
use std::fmt::Write;
use std::pin::pin;

/// What came of a request's body.
pub(crate) struct ReceivedBody {
    /// How many bytes arrived.
    pub(crate) size: usize,
    /// The bytes; none of them where it is an upload.
    pub(crate) body: Bytes,
    pub(crate) upload: Option<Upload>,
}

/// A file on its way to an attachment.
pub(crate) struct Upload {
    /// Its form, if it came in one.
    pub(crate) form: Option<Multipart>,
    /// The content type of the request.
    pub(crate) content_type: String,
    pub(crate) size: u64,
    /// SHA-256, in hexadecimal digits.
    pub(crate) hash: String,
    /// `None` if it is not kept: too large, or because the settings say so.
    pub(crate) bytes: Option<Bytes>,
}

/// Takes bytes, and knows what they are for.
pub(crate) enum BodyReceiver {
    Whole(Vec<u8>),
    File { size: usize, form: Option<Multipart>, content_type: String, sink: Box<FileSink> },
}

/// Counts and digests, and keeps what it may.
pub(crate) struct FileSink {
    digest: digest::Context,
    size: u64,
    kept: Option<Vec<u8>>,
    most: u64,
}

impl ReceivedBody {
    /// Reads a body to its end.
    pub(crate) async fn read<B: Body>(settings: &Settings, head: &Parts, body: B) -> Result<Self, B::Error> {
        let mut receiver = BodyReceiver::of(settings, head);
        let mut body = pin!(body);
        while let Some(frame) = body.frame().await {
            let Ok(mut data) = frame?.into_data() else { continue };
            while data.has_remaining() {
                let chunk = data.chunk();
                receiver.take(chunk);
                let taken = chunk.len();
                data.advance(taken);
            }
        }
        Ok(receiver.finish())
    }

    /// The bytes that arrived, as far as they are kept.
    pub(crate) fn received(&self) -> &Bytes {
        self.upload.as_ref().and_then(|upload| upload.bytes.as_ref()).unwrap_or(&self.body)
    }

    /// A body that is there already: that of an item of a batch.
    pub(crate) fn of(settings: &Settings, head: &Parts, body: &[u8]) -> Self {
        let mut receiver = BodyReceiver::of(settings, head);
        receiver.take(body);
        receiver.finish()
    }
}

impl BodyReceiver {
    fn of(settings: &Settings, head: &Parts) -> Self {
        let kind = is_upload(head);
        let Some(kind) = kind else { return Self::Whole(Vec::new()) };
        let content_type = head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default().to_owned();
        let form = (kind == UploadKind::Form).then(|| Multipart::of(&content_type)).flatten();
        let sink = Box::new(FileSink {
            digest: digest::Context::new(&digest::SHA256),
            size: 0,
            kept: settings.attachments_kept.then(Vec::new),
            most: settings.attachment_max_size,
        });
        Self::File { size: 0, form, content_type, sink }
    }

    fn take(&mut self, bytes: &[u8]) {
        match self {
            Self::Whole(all) => all.extend_from_slice(bytes),
            Self::File { size, form, sink, .. } => {
                *size += bytes.len();
                match form {
                    Some(form) => form.feed(bytes, &mut |bytes| sink.take(bytes)),
                    None => sink.take(bytes),
                }
            }
        }
    }

    fn finish(self) -> ReceivedBody {
        match self {
            Self::Whole(all) => ReceivedBody { size: all.len(), body: all.into(), upload: None },
            Self::File { size, form, content_type, sink } => {
                let hash = hex(sink.digest.finish().as_ref());
                let bytes = sink.kept.map(Bytes::from);
                let upload = Upload { form, content_type, size: sink.size, hash, bytes };
                ReceivedBody { size, body: Bytes::new(), upload: Some(upload) }
            }
        }
    }
}

impl FileSink {
    fn take(&mut self, bytes: &[u8]) {
        self.digest.update(bytes);
        self.size += bytes.len() as u64;
        match &mut self.kept {
            Some(kept) if self.size <= self.most => kept.extend_from_slice(bytes),
            kept => *kept = None,
        }
    }
}

#[derive(PartialEq, Eq)]
enum UploadKind {
    File,
    Form,
}

/// Whether a request brings a file: `POST …/attachment/file` does, and so does `…/attachment/upload` in a form.
fn is_upload(head: &Parts) -> Option<UploadKind> {
    let path = head.uri.path().strip_prefix("/api/now/").filter(|_| head.method == Method::POST)?;
    let path = ["v1/", "v2/"].iter().find_map(|version| path.strip_prefix(version)).unwrap_or(path);
    match path {
        "attachment/file" => Some(UploadKind::File),
        "attachment/upload" => Some(UploadKind::Form),
        _ => None,
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
