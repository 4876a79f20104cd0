//! What calls end with.

use snow_core::Error;

/// What a future has to return so that a thread can [wait](super::Wait) for it: a `Result` with this crate's [`Error`], or what the
/// calls return that have a result for each of many records.
///
/// This trait is sealed: only this crate implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a thread can wait for with `wait()`",
    note = "`wait()` is for calls of snow-client, and for futures that return `Result<_, snow_client::Error>`"
)]
pub trait WaitOutput: Sized + SealedOutput {
    /// What [`wait`](super::Wait::wait) returns, unless it returns an error: the value of a `Result`, and what the others are.
    type Value;

    #[doc(hidden)]
    fn into_result(self) -> Result<Self::Value, Error>;
}

/// Seals [`WaitOutput`].
pub trait SealedOutput {}

impl<T> SealedOutput for Result<T, Error> {}

impl<T> WaitOutput for Result<T, Error> {
    type Value = T;

    fn into_result(self) -> Self {
        self
    }
}

/// Implements [`WaitOutput`] for what a call returns that has a result for each of many records.
macro_rules! wait_output {
    ({$($any:tt)*} $type:ty) => {
        impl $($any)* $crate::blocking::SealedOutput for $type {}

        /// The call itself does not fail, so what `wait` returns for it is this, or an error before anything is sent.
        impl $($any)* $crate::blocking::WaitOutput for $type {
            type Value = Self;

            fn into_result(self) -> Result<Self, $crate::Error> {
                Ok(self)
            }
        }
    };
}

pub(crate) use wait_output;

wait_output!({<T>} Vec<Result<T, Error>>);
