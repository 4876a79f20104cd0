//! The attempts of one download: each opens the file anew, in the form that the first one found.

use super::incoming::DownloadStream;
use super::progress::ProgressListener;
use super::stored_form::{StoredForm, describe_encoding};
use super::{Attachment, Attachments};
use crate::request::checked_request::CheckedRequest;
use crate::request::exchange::retire_if_mismatched;
use crate::request::read_retry::ReadRetry;
use crate::request::record_identity::Identity;
use crate::request::stream;
use crate::{Error, SysId};
use http::{Response, Uri};
use snow_core::layer::Attempts;
use snow_core::{Body, Params};

pub(super) struct DownloadAttempts<'a> {
    attachments: &'a Attachments,
    sys_id: SysId,
    request: CheckedRequest,
    hashes: bool,
    listener: Option<ProgressListener>,
    retry: ReadRetry,
    /// The form of the file, once it is known.
    form: Option<StoredForm>,
}

impl<'a> DownloadAttempts<'a> {
    /// Creates the attempts of this request, none of which has been made. `hashes`: whether the SHA-256 is compared.
    pub(super) fn new(
        attachments: &'a Attachments,
        sys_id: SysId,
        request: CheckedRequest,
        hashes: bool,
        listener: Option<ProgressListener>,
    ) -> Self {
        let retry = ReadRetry::new(&attachments.client);
        Self { attachments, sys_id, request, hashes, listener, retry, form: None }
    }

    /// Opens the file.
    pub(super) async fn open(&mut self) -> Result<DownloadStream, Error> {
        let (mut response, attachment) = self.send().await?;
        stream::extend_for(&self.request, attachment.size_bytes);
        let mut incoming = self.incoming(&response, attachment)?;
        let attachment = incoming.attachment();
        let form = match self.form.or_else(|| StoredForm::by_length(&response, attachment)) {
            Some(form) => form,
            None => match StoredForm::by_content(response, attachment, self.hashes).await {
                Ok(form) => {
                    response = self.fetch().await?;
                    form
                }
                // This fails the stream, so that it is retried like any read that broke off.
                Err(error) => return Ok(incoming.failing_with(error)),
            },
        };
        self.form = Some(form);
        incoming.set_body(describe_encoding(&response), form.body(response).await?);
        Ok(incoming)
    }

    /// Waits before the next attempt.
    ///
    /// # Errors
    ///
    /// The error itself, if there is none.
    pub(super) async fn retry(&mut self, error: Error, broken: DownloadStream) -> Result<(), Error> {
        let attempts = broken.attempts;
        drop(broken); // its permit is free while this waits
        self.retry.pause(&self.attachments.client, &self.request, error, attempts).await
    }

    /// Returns the head of the response, and the metadata of the file.
    async fn send(&self) -> Result<(Response<Body>, Attachment), Error> {
        let response = self.fetch().await?;
        match Attachment::from_headers(response.headers()) {
            Some(attachment) => {
                Identity::new(self.sys_id).matches(attachment.sys_id.as_str()).inspect_err(|error| {
                    retire_if_mismatched(error, response.extensions().get());
                })?;
                Ok((response, attachment))
            }
            None => {
                // The response would keep the permit that the request for the metadata needs.
                drop(response);
                let attachment = self.attachments.get(self.sys_id).await?;
                Ok((self.fetch().await?, attachment))
            }
        }
    }

    async fn fetch(&self) -> Result<Response<Body>, Error> {
        stream::open(&self.attachments.client, &self.request, &self.retry).await
    }

    fn incoming(&self, response: &Response<Body>, attachment: Attachment) -> Result<DownloadStream, Error> {
        let next = self.retry.attempts().saturating_add(1);
        let attempts = response.extensions().get::<Attempts>().map_or(next, Attempts::count);
        let incoming = DownloadStream::new(attachment, self.listener.clone(), self.address()?, attempts);
        Ok(if self.hashes { incoming } else { incoming.without_hash() })
    }

    /// The address that errors about the file name.
    fn address(&self) -> Result<Uri, Error> {
        self.attachments.client.instance.uri(&self.request.path, &Params::new())
    }
}
