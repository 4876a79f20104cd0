//! Calls of one request: what can be sent, awaited, or added to a batch.

use crate::request::call::{Call, CallFuture};
use snow_core::Error;
use std::future::IntoFuture;

/// A call of the API that is one request, such as [`GetRecord`](crate::table::GetRecord).
///
/// A call is sent when it is awaited, or when the future returned by [`send`](Self::send) is polled. It can also be added to a
/// [`Batch`](crate::batch::Batch). A call with invalid input is not sent: it fails with
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput).
///
/// This trait is sealed: only the calls of this crate implement it.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// use futures_util::future::try_join_all;
///
/// let incidents = client.table("incident");
/// let ids = [incidents.list().first().await?.sys_id()?];
/// // A call is not a future by itself, but `send()` returns one: for `join_all`, `tokio::spawn`, `block_on`.
/// let records = try_join_all(ids.iter().map(|id| incidents.get(id).send())).await?;
/// let count = tokio::spawn(incidents.list().count().send()).await??;
/// assert!(count >= records.len() as u64);
/// # Ok(()) }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a call of one request",
    note = "`first()`, `one()`, `all()`, `stream()`, `upsert()` and `confirm_by()` take more than one request; a list with `limit(1)` \
            is one"
)]
pub trait ApiCall:
    IntoCall<Value = Self::Response>
    + IntoFuture<Output = Result<Self::Response, Error>, IntoFuture = CallFuture<Self::Response>>
    + Send
    + 'static
{
    /// The value that the call returns.
    type Response: Send + 'static;

    /// Returns a future that sends the call and returns its result.
    fn send(self) -> CallFuture<Self::Response> {
        self.into_future()
    }
}

/// What only this crate has, so that only this crate calls [`IntoCall::into_call`].
#[derive(Debug)]
pub struct Token(pub(crate) ());

/// Seals [`ApiCall`], and gives batches what they need.
pub trait IntoCall: Sized {
    type Value;

    #[doc(hidden)]
    fn into_call(self, token: Token) -> Call<Self::Value>;
}

/// Implements [`ApiCall`] for an operation that is sendable, with what can be done with any of them.
macro_rules! api_call {
    ($name:ident<O>) => {
        $crate::request::sendable::sendable!($name<O>);
        $crate::batch::api_call::api_call!({<O>} {<O: 'static>} {<O: Send + 'static>} {$name<O>} {O});
    };
    ($name:ident -> $output:ty) => {
        $crate::request::sendable::sendable!($name -> $output);
        $crate::batch::api_call::api_call!({} {} {} {$name} {$output});
    };
    ({$($any:tt)*} {$($fixed:tt)*} {$($sent:tt)*} {$type:ty} {$output:ty}) => {
        impl $($fixed)* $type {
            /// Sends this call in a batch of its own. Use it for a query that is too long for a URL.
            ///
            /// The instance allows 30 seconds for it instead of 60, and the response must fit into 10 MB.
            ///
            /// # Errors
            ///
            /// Those of the call, and [`ErrorKind::Unserviced`](crate::ErrorKind::Unserviced) if the response is too large for a
            /// batch.
            pub async fn through_batch(self) -> Result<$output, $crate::Error> {
                $crate::batch::send_alone(self.call).await
            }
        }

        impl $($any)* $crate::batch::api_call::IntoCall for $type {
            type Value = $output;

            fn into_call(self, _: $crate::batch::api_call::Token) -> $crate::request::call::Call<$output> {
                self.call
            }
        }

        impl $($sent)* $crate::batch::api_call::ApiCall for $type {
            type Response = $output;
        }
    };
}

pub(crate) use api_call;
