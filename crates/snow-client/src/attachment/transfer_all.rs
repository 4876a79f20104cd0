//! Uploads and downloads of several files at once.

use super::{Attachment, Attachments, Download, Upload, Uploaded};
use crate::Error;
use futures_util::{StreamExt, stream};
use std::future::IntoFuture;
use std::path::PathBuf;

impl Attachments {
    /// Uploads several files, at most `concurrency` of them at the same time (`0` is treated as `1`). Returns the outcome of each,
    /// in the order of the files. A file that fails does not stop the others.
    ///
    /// ```no_run
    /// # async fn example(client: snow_client::Client, incident: &str) -> Result<(), snow_client::Error> {
    /// let attachments = client.attachments();
    /// let files = ["a.log", "b.log", "c.log"].map(|path| attachments.upload_file("incident", incident, path));
    /// for outcome in attachments.upload_all(files, 2).await {
    ///     println!("{}", outcome?.file_name);
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves it unknown which files were uploaded.
    pub async fn upload_all(
        &self,
        files: impl IntoIterator<Item = Upload>,
        concurrency: usize,
    ) -> Vec<Result<Uploaded, Error>> {
        let files: Vec<_> = files.into_iter().map(IntoFuture::into_future).collect();
        stream::iter(files).buffered(concurrency.max(1)).collect().await
    }

    /// Downloads several files to the given paths, at most `concurrency` of them at the same time (`0` is treated as `1`). Returns
    /// the outcome of each, in the order of the files.
    pub async fn download_all(
        &self,
        files: impl IntoIterator<Item = (Download, PathBuf)>,
        concurrency: usize,
    ) -> Vec<Result<Attachment, Error>> {
        let files: Vec<_> = files.into_iter().map(|(file, place)| file.to_file(place)).collect();
        stream::iter(files).buffered(concurrency.max(1)).collect().await
    }
}
