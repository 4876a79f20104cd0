//! A request to an API that has no type of its own here.

use super::body_options::body_options;
use super::read_response::ReadResponse;
use crate::Record;
use crate::batch::api_call::api_call;
use crate::request::call::Call;
use crate::request::call_options::{selection_options, window_options};
use crate::request::exchange::PlainReader;
use serde::de::DeserializeOwned;
use snow_core::decode::ApiResponse;

/// A call of any API. Returned by the methods of [`Api`](super::Api).
///
/// It returns the whole response. [`record`](Self::record), [`records`](Self::records), [`result`](Self::result),
/// [`json`](Self::json) and [`discard`](Self::discard) turn it into a call that reads the response.
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
/// let response = client.api("/api/now/table/incident").get().limit(2).header("X-Request-Source", "nightly").await?;
/// assert_eq!(response.status(), 200);
/// assert_eq!(response.records()?.len(), 2);
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct SendRequest {
    pub(super) call: Call<ApiResponse>,
}

api_call!(SendRequest -> ApiResponse);

impl SendRequest {
    selection_options!();
    window_options!();
    body_options!();

    /// Reads the response as the one record of `{"result":{…}}`.
    ///
    /// # Errors
    ///
    /// As [`ApiResponse::record`].
    pub fn record(self) -> ReadResponse<Record> {
        ReadResponse { call: self.call.read_as(|response, _| response.record()) }
    }

    /// Reads the response as the records of `{"result":[…]}`. Whether these are all records that match depends on the API.
    ///
    /// Lists of the Change API (`/api/sn_chg_rest`) end with an element that says which parts of the query were applied and which
    /// were ignored. It is not a record, and is left out here. To get it, await the request itself and call [`ApiResponse::meta`].
    ///
    /// # Errors
    ///
    /// As [`ApiResponse::records`].
    pub fn records(self) -> ReadResponse<Vec<Record>> {
        ReadResponse { call: self.call.read_as(|response, _| response.records()) }
    }

    /// Reads the content of `result` as a type of your own, for results that are not records.
    ///
    /// # Errors
    ///
    /// As [`ApiResponse::result`].
    pub fn result<T: DeserializeOwned + 'static>(self) -> ReadResponse<T> {
        let read: PlainReader<T> = |response, _| response.result();
        ReadResponse { call: self.call.read_as(read) }
    }

    /// Reads the whole body as a type of your own, for APIs whose responses have no `result`.
    ///
    /// # Errors
    ///
    /// As [`ApiResponse::json`].
    pub fn json<T: DeserializeOwned + 'static>(self) -> ReadResponse<T> {
        let read: PlainReader<T> = |response, _| response.json();
        ReadResponse { call: self.call.read_as(read) }
    }

    /// Checks a response that has no body, such as that to a DELETE.
    ///
    /// # Errors
    ///
    /// As [`ApiResponse::discard`].
    pub fn discard(self) -> ReadResponse<()> {
        ReadResponse { call: self.call.read_as(|response, _| response.discard()) }
    }
}
