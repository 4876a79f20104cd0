//! One call, from its parameters to its result.

use crate::correlation;
use crate::exchange::{Reader, exchange};
use crate::parameters::parameters;
use crate::target::Target;
use bytes::Bytes;
use http::{HeaderMap, Method};
use snow_core::decode::Answer;
use snow_core::{ApiPath, DisplayValue, Error, Kind, Operation, Params};
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A call that goes out when it is awaited. Its parameters are its own: nothing is left for the next call.
///
/// Input that cannot be right, a table's name with a slash for one, is an error when the call is awaited, before anything
/// is sent.
///
/// **Cancelling**: a dropped future of a read is harmless; of a write, it leaves open whether it was carried out.
#[must_use = "a call goes out when it is awaited"]
pub struct Call<T> {
    target: Arc<Target>,
    pub(crate) request: Result<Prepared, Error>,
    read: Box<Reader<T>>,
}

#[derive(Clone)]
pub(crate) struct Prepared {
    pub(crate) method: Method,
    pub(crate) path: ApiPath,
    pub(crate) params: Params,
    pub(crate) headers: HeaderMap,
    /// JSON, unless a header says otherwise.
    pub(crate) body: Option<Bytes>,
    pub(crate) operation: Option<Operation>,
    /// Fields that the answer has to have, whatever was asked for.
    pub(crate) needed: Vec<String>,
    /// The field whose value tells this creation from all others.
    pub(crate) correlation: Option<Box<str>>,
}

impl Prepared {
    pub(crate) fn new(method: Method, path: ApiPath) -> Self {
        let (params, headers, needed) = (Params::new(), HeaderMap::new(), Vec::new());
        Self { method, path, params, headers, body: None, operation: None, needed, correlation: None }
    }

    /// With one more thing said of the operation.
    pub(crate) fn operation(self, set: impl FnOnce(Operation) -> Operation) -> Self {
        let operation = Some(set(self.operation.unwrap_or_default()));
        Self { operation, ..self }
    }

    /// The answer to it, which is read as its parameters asked for it.
    pub(crate) fn answered(&self, answer: Answer) -> Answer {
        answer.displayed(self.params.display_values() == DisplayValue::Display)
    }

    /// As an item of another request, where nothing can be looked for afterwards.
    fn for_an_item(self) -> Result<Self, Error> {
        match &self.correlation {
            None => Ok(self.complete()),
            Some(field) => Err(Error::new(
                Kind::InvalidInput,
                format!("a creation that is looked for by its {field} goes out by itself, not in a batch"),
            )),
        }
    }

    /// With the needed fields among those that were asked for; where none were, all come.
    fn complete(self) -> Self {
        let asked = if self.needed.is_empty() { None } else { self.params.get("sysparm_fields") };
        let Some(asked) = asked else { return self };
        let asked: Vec<&str> = asked.split(',').filter(|field| !field.is_empty()).collect();
        let further = self.needed.iter().map(String::as_str).filter(|field| !asked.contains(field));
        let params = self.params.clone().fields(asked.iter().copied().chain(further));
        Self { params, ..self }
    }
}

impl<T> Call<T> {
    pub(crate) fn new(
        target: Arc<Target>,
        request: Result<Prepared, Error>,
        read: impl Fn(&Answer, &Prepared) -> Result<T, Error> + Send + Sync + 'static,
    ) -> Self {
        Self { target, request, read: Box::new(read) }
    }

    parameters!();

    /// The same request, its answer read as something else.
    pub(crate) fn read_as<U>(
        self,
        read: impl Fn(&Answer, &Prepared) -> Result<U, Error> + Send + Sync + 'static,
    ) -> Call<U> {
        Call::new(self.target, self.request, read)
    }

    /// Changes what is sent, unless it is refused already.
    pub(crate) fn change(self, change: impl FnOnce(Prepared) -> Result<Prepared, Error>) -> Self {
        Self { request: self.request.and_then(change), ..self }
    }

    pub(crate) fn target(&self) -> Arc<Target> {
        self.target.clone()
    }

    /// What is sent and where to, and how its answer is read: for whoever sends it in another way.
    pub(crate) fn into_parts(self) -> (Arc<Target>, Result<Prepared, Error>, Box<Reader<T>>) {
        (self.target, self.request.and_then(Prepared::for_an_item), self.read)
    }

    /// The fields to answer with; dot-walks such as `caller_id.name` are allowed. Those that do not exist or may not be read
    /// are missing in the record.
    pub fn fields<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Self {
        self.params(|params| params.fields(fields))
    }

    /// Stored values (the default), what a person sees, or both. With what a person sees alone, whatever reads a stored value
    /// fails, `sys_id` excepted: of a write, after it was carried out.
    pub fn display_value(self, values: DisplayValue) -> Self {
        self.params(|params| params.display_value(values))
    }

    /// Of a write: whether the values sent are what a person sees, times in the user's zone, in place of stored values and UTC.
    /// Encrypted fields need it (facts 1.2).
    pub fn input_display_value(self, display: bool) -> Self {
        self.params(|params| params.input_display_value(display))
    }

    /// Of a write: whether it brings `sys_id`, `sys_created_on` and their like itself (facts 1.2).
    pub fn suppress_auto_sys_field(self, suppress: bool) -> Self {
        self.params(|params| params.suppress_auto_sys_field(suppress))
    }

    /// Whether the call may be sent again when it is not known whether it was carried out. By default reads and deletions may;
    /// updates may not, because they append to journal fields, and creations may not at all (facts 3.3).
    pub fn idempotent(self, idempotent: bool) -> Self {
        self.operation(|operation| operation.idempotent(idempotent))
    }

    /// The answer's headers beside its value.
    ///
    /// ```
    /// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
    /// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
    /// let incident = client.table("incident").list().first().await?.sys_id()?;
    /// let (incident, headers) = client.table("incident").get(incident).with_headers().await?;
    /// assert!(headers.contains_key("x-transaction-id"));
    /// # let _ = incident;
    /// # Ok(()) }
    /// ```
    pub fn with_headers(self) -> Call<(T, HeaderMap)>
    where
        T: 'static,
    {
        self.then(|value, answer, _| Ok((value, answer.headers().clone())))
    }

    /// The same call, read further.
    pub(crate) fn then<U>(
        self,
        further: impl Fn(T, &Answer, &Prepared) -> Result<U, Error> + Send + Sync + 'static,
    ) -> Call<U>
    where
        T: 'static,
    {
        let Self { target, request, read } = self;
        Call::new(target, request, move |answer, request| further(read(answer, request)?, answer, request))
    }

    fn operation(self, set: impl FnOnce(Operation) -> Operation) -> Self {
        self.change(|request| Ok(request.operation(set)))
    }

    pub(crate) fn params(mut self, set: impl FnOnce(Params) -> Params) -> Self {
        self.request = self.request.map(|request| Prepared { params: set(request.params), ..request });
        self
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = CallFuture<T>;

    fn into_future(self) -> CallFuture<T> {
        CallFuture::new(async move {
            let request = self.request?.complete();
            if request.correlation.is_some() {
                return Box::pin(correlation::decided(&self.target, &request, &*self.read)).await;
            }
            exchange(&self.target, &request, &*self.read).await
        })
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.request {
            Ok(request) => write!(f, "Call({} {} {:?})", request.method, request.path, request.params),
            Err(error) => write!(f, "Call({error:?})"),
        }
    }
}

/// The future of a [`Call`].
#[must_use = "futures do nothing unless awaited"]
pub struct CallFuture<T>(Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>);

impl<T> CallFuture<T> {
    pub(crate) fn new(call: impl Future<Output = Result<T, Error>> + Send + 'static) -> Self {
        Self(Box::pin(call))
    }
}

impl<T> Future for CallFuture<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<T> fmt::Debug for CallFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CallFuture")
    }
}
