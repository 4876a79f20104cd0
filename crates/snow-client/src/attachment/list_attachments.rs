//! A list of files.

use super::Attachment;
use crate::batch::api_call::api_call;
use crate::request::call::Call;
use crate::request::call_options::{selection_options, window_options};
use crate::{Error, Query};

/// A call that lists files. Returned by [`Attachments::list`](super::Attachments::list) and
/// [`Attachments::for_record`](super::Attachments::for_record).
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let url = simulator.listen().await?;
/// # let client = snow_client::Client::builder().instance(url.url()).user("admin").password("secret").build()?;
/// use snow_client::field;
///
/// let large = field("size_bytes").gt(1 << 20).order_by_desc("size_bytes");
/// for file in client.attachments().list().query(large).limit(10).await? {
///     println!("{} has {} bytes", file.file_name, file.size_bytes);
/// }
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct ListAttachments<O = Vec<Attachment>> {
    call: Call<O>,
}

api_call!(ListAttachments<O>);

impl ListAttachments {
    pub(super) fn new(call: Call<Vec<Attachment>>) -> Self {
        Self { call }
    }

    /// Selects these files, whatever the caller's query says.
    pub(super) fn fix(self, query: Result<Query<'static>, Error>) -> Self {
        self.change(|mut request| {
            request.params.selection.fix(query?);
            Ok(request)
        })
    }
}

impl<O> ListAttachments<O> {
    selection_options!();
    window_options!();
}
