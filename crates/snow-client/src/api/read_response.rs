//! A request to an API that has no type of its own here, and what its response is read as.

use super::body_options::body_options;
use crate::batch::api_call::api_call;
use crate::request::call::Call;
use crate::request::call_options::{selection_options, window_options};

/// A call of any API that reads its response as `O`. Returned by the methods of [`SendRequest`](super::SendRequest).
///
/// # Cancel safety
///
/// Dropping the future of a write leaves it unknown whether it was executed.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let url = simulator.listen().await?;
/// # let client = snow_client::Client::builder().instance(url.url()).user("admin").password("secret").build()?;
/// let (records, headers) = client.api("/api/now/table/incident").get().records().limit(2).with_headers().await?;
/// assert_eq!(records.len(), 2);
/// assert!(headers.contains_key("x-total-count"));
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct ReadResponse<O> {
    pub(super) call: Call<O>,
}

api_call!(ReadResponse<O>);

impl<O> ReadResponse<O> {
    selection_options!();
    window_options!();
    body_options!();
}
