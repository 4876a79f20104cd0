//! Many calls in one request, with the Batch API ([facts 7.1]).
//!
//! Start with [`Client::batch_all`](crate::Client::batch_all) for calls of one kind, or with
//! [`Client::batch`](crate::Client::batch) for any: [`Batch::add`] takes a call and returns a [`BatchItem`], and
//! [`BatchResponse::take`] returns the result of that item. Every type that implements [`ApiCall`] can be added.
//!
//! [facts 7.1]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#71-batch

pub(crate) mod api_call;
mod item;
mod json;

use api_call::Token;

pub use crate::request::call::CallFuture;
pub use api_call::ApiCall;

use crate::request::api_request::ApiRequest;
use crate::request::call::Call;
use crate::request::client_inner::ClientInner;
use crate::request::exchange::{ResponseReader, exchange};
use crate::{Error, ErrorKind};
use bytes::Bytes;
use http::Method;
use snow_core::ApiPath;
use snow_core::decode::{ApiResponse, JsonObject};
use snow_core::layer::Attempts;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use item::{AddedItem, CheckedItem};
use json::BatchResult;

/// How many items go in one request: clients use 50 to 150, and all of them have 30 s together (facts 7.1).
const ITEMS: usize = 50;
/// How many bytes of items go in one request: the service takes 10 MB (facts 1.10).
const BYTES: usize = 8 << 20;

/// Calls that are sent together: in one request, or in as few as their number and size allow. Create it with
/// [`Client::batch`](crate::Client::batch).
///
/// The instance executes the items one after the other, in their order; nothing is rolled back. Each item has a result of its own,
/// with the same type and the same errors as if it were sent alone. The deadline of the batch applies, not those of its items.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let url = simulator.listen().await?;
/// # let client = snow_client::Client::builder().instance(url.url()).user("admin").password("secret").build()?;
/// let mut batch = client.batch();
/// let list = batch.add(client.table("incident").list().limit(2));
/// let created = batch.add(client.table("incident").create(&serde_json::json!({ "short_description": "x" })));
/// let mut responses = batch.send().await;
/// assert_eq!(responses.take(&list)?.len(), 2);
/// println!("{}", responses.take(&created)?.value("number")?);
/// # Ok(()) }
/// ```
#[must_use = "a batch goes out when it is sent"]
pub struct Batch {
    client: Arc<ClientInner>,
    items: Vec<Result<AddedItem, Error>>,
    /// Which batch an item is of.
    id: Arc<()>,
    most_items: usize,
    most_bytes: usize,
    deadline: Option<Duration>,
}

/// A call that was added to a batch. Pass it to [`BatchResponse::take`] to get its result.
pub struct BatchItem<T> {
    batch: Arc<()>,
    at: usize,
    read: Box<ResponseReader<T>>,
    of: PhantomData<fn() -> T>,
}

impl Batch {
    pub(crate) fn new(client: Arc<ClientInner>) -> Self {
        let (items, id) = (Vec::new(), Arc::new(()));
        Self { client, items, id, most_items: ITEMS, most_bytes: BYTES, deadline: None }
    }

    /// Adds a call of the same client, and returns the item whose result [`BatchResponse::take`] returns.
    ///
    /// A call with invalid input is not sent; its result is the error.
    pub fn add<C: ApiCall>(&mut self, call: C) -> BatchItem<C::Response> {
        self.add_call(call.into_call(Token(())))
    }

    fn add_call<T>(&mut self, call: Call<T>) -> BatchItem<T> {
        let (client, request, read) = call.into_batch_item();
        let request = request.and_then(|request| match Arc::ptr_eq(&client, &self.client) {
            true => AddedItem::new(self.items.len(), request, &client),
            false => {
                Err(Error::new(ErrorKind::InvalidInput, "the call belongs to another client than the batch"))
            }
        });
        self.items.push(request);
        BatchItem { batch: self.id.clone(), at: self.items.len() - 1, read, of: PhantomData }
    }

    /// Sets the maximum number of items in one request; 50 by default.
    pub fn max_items(self, most: usize) -> Self {
        Self { most_items: most.max(1), ..self }
    }

    /// Sets the maximum size of the items in one request, in bytes; 8 MiB by default. A larger item is sent alone.
    pub fn max_bytes(self, most: usize) -> Self {
        Self { most_bytes: most, ..self }
    }

    /// Sets how long each request may take, instead of the client's own limit.
    #[doc(alias = "timeout")]
    pub fn deadline(self, limit: Duration) -> Self {
        Self { deadline: Some(limit), ..self }
    }

    /// Returns the number of calls.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Returns whether the batch has no calls.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Sends all calls, in one request after the other.
    ///
    /// Reads that the instance did not service are sent again. Writes are not, and fail with [`ErrorKind::Unserviced`]. The
    /// first of these writes may have used up the time of the batch and may have been executed; those after it were not. See
    /// [`Error::may_have_executed`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future leaves it unknown which writes were executed.
    pub async fn send(self) -> BatchResponse {
        let mut outcomes: Vec<Option<Result<ApiResponse, Error>>> = Vec::new();
        outcomes.resize_with(self.items.len(), || None);
        let mut requests = Vec::with_capacity(self.items.len());
        let mut waiting = Vec::new();
        for (at, item) in self.items.into_iter().enumerate() {
            requests.push(item.as_ref().ok().map(|item| item.request.clone()));
            let checked = match item {
                Ok(item) => item.check(&self.client).await,
                Err(error) => Err(error),
            };
            match checked {
                Ok(item) => waiting.push(item),
                Err(error) => put(&mut outcomes, at, Err(error)),
            }
        }
        let sender = Sender { client: &self.client, deadline: self.deadline };
        while !waiting.is_empty() {
            let rest = waiting.split_off(fitting(&waiting, self.most_items, self.most_bytes));
            let mut again = sender.round(waiting, &mut outcomes).await;
            again.extend(rest);
            waiting = again;
        }
        BatchResponse { batch: self.id, requests, outcomes }
    }
}

fn put(outcomes: &mut [Option<Result<ApiResponse, Error>>], at: usize, outcome: Result<ApiResponse, Error>) {
    if let Some(place) = outcomes.get_mut(at) {
        *place = Some(outcome);
    }
}

/// How many of these go into one request: at least one.
fn fitting(items: &[CheckedItem], most_items: usize, most_bytes: usize) -> usize {
    let mut bytes = 0_usize;
    let fits = items.iter().take(most_items).take_while(|item| {
        bytes += item.json.len();
        bytes <= most_bytes
    });
    fits.count().max(1)
}

struct Sender<'a> {
    client: &'a ClientInner,
    deadline: Option<Duration>,
}

impl Sender<'_> {
    /// Sends these in one request, notes their results, and returns those that are to be sent again.
    async fn round(
        &self,
        items: Vec<CheckedItem>,
        outcomes: &mut [Option<Result<ApiResponse, Error>>],
    ) -> Vec<CheckedItem> {
        let (result, attempts) = match self.exchange(&items).await {
            Ok(result) => result,
            Err(error) => {
                for item in items {
                    put(outcomes, item.at, Err(item.failed_with_batch(error.clone())));
                }
                return Vec::new();
            }
        };
        // An item that is refused may have been executed by an earlier attempt of the batch.
        let doubtful = attempts.filter(Attempts::are_doubtful);
        let with_attempts = |error: Error| match doubtful {
            Some(attempts) => error.with_attempts(attempts),
            None => error,
        };
        let (mut again, mut serviced) = (Vec::new(), 0_usize);
        for item in items {
            let failed = |error| Err(item.annotate(with_attempts(error)));
            match result.response(item.at) {
                Some(Ok(response)) => {
                    serviced += 1;
                    put(outcomes, item.at, Ok(response.lossy_text(self.client.lossy_text)));
                }
                Some(Err(error)) => {
                    serviced += 1;
                    put(outcomes, item.at, failed(error));
                }
                None if item.is_safe => again.push(item),
                None if result.is_untouched(item.at) => {
                    put(outcomes, item.at, failed(unserviced().before_sending()));
                }
                None => put(outcomes, item.at, Err(item.annotate(unserviced()))),
            }
        }
        if serviced == 0 && !again.is_empty() {
            // An item that the instance does not get to even as the first one is too much for any batch.
            let first = again.remove(0);
            put(outcomes, first.at, Err(first.annotate(unserviced())));
        }
        again
    }

    async fn exchange(&self, items: &[CheckedItem]) -> Result<(BatchResult, Option<Attempts>), Error> {
        let mut request = ApiRequest::new(Method::POST, ApiPath::parse("/api/now/v1/batch")?);
        let json = json::request(items.iter().map(|item| item.json.as_str()));
        request.body = Some(Bytes::from(json));
        if items.iter().all(|item| item.is_safe) {
            request = request.options(|options| options.idempotent(true));
        }
        if let Some(limit) = self.deadline {
            request = request.options(|options| options.deadline(limit));
        }
        let request = request.check(self.client).await?;
        let read = |response: &ApiResponse, _: &ApiRequest| {
            let JsonObject(result) = response.json()?;
            Ok((result, response.attempts()))
        };
        exchange(self.client, &request, &read, None).await
    }
}

fn unserviced() -> Error {
    Error::new(ErrorKind::Unserviced, "the instance did not service this item of the batch")
}

/// The results of a batch.
pub struct BatchResponse {
    batch: Arc<()>,
    requests: Vec<Option<ApiRequest>>,
    outcomes: Vec<Option<Result<ApiResponse, Error>>>,
}

impl BatchResponse {
    /// Returns the result of an item, as its call would have returned it.
    ///
    /// # Errors
    ///
    /// - The errors of the call itself.
    /// - The error of the whole request, if it failed.
    /// - [`ErrorKind::Unserviced`] if the instance did not service the item.
    /// - [`ErrorKind::InvalidInput`] for an item of another batch, and for an item that was taken before.
    pub fn take<T>(&mut self, item: &BatchItem<T>) -> Result<T, Error> {
        let not_here = |why: &'static str| Error::new(ErrorKind::InvalidInput, why);
        if !Arc::ptr_eq(&item.batch, &self.batch) {
            return Err(not_here("the item belongs to another batch"));
        }
        let outcome = self.outcomes.get_mut(item.at).and_then(Option::take);
        let response = outcome.ok_or_else(|| not_here("the outcome of this item was taken already"))??;
        match self.requests.get(item.at).and_then(Option::as_ref) {
            Some(request) => {
                let response = request.prepare_response(response);
                (item.read)(&response, request)
                    .map_err(|error| item::annotate(response.about(error), request))
            }
            None => Err(not_here("the item was not sent")),
        }
    }
}

/// Sends a call inside a batch of its own.
pub(crate) async fn send_alone<T>(call: Call<T>) -> Result<T, Error> {
    let mut batch = Batch::new(call.client());
    let item = batch.add_call(call);
    batch.send().await.take(&item)
}

impl<T> fmt::Debug for BatchItem<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BatchItem({})", self.at)
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Batch({} items)", self.items.len())
    }
}

impl fmt::Debug for BatchResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BatchResponse({} items)", self.outcomes.len())
    }
}

#[cfg(feature = "blocking")]
crate::blocking::wait_output!({} BatchResponse);
