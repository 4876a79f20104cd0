//! What all operations have in common.

/// Implements what every operation has whose field `call` is a [`Call`]: settings of any request, `send`, `IntoFuture` and `Debug`.
macro_rules! sendable {
    ($name:ident<O>) => {
        $crate::request::sendable::sendable!({<O>} {<O: 'static>} {<O: Send + 'static>} $name {$name<O>} {O});

        impl<O: 'static> $name<O> {
            /// Returns the headers of the response in addition to its value.
            ///
            /// Headers that hold a secret, such as `set-cookie`, are marked as sensitive.
            pub fn with_headers(self) -> $name<(O, http::HeaderMap)> {
                let Self { call } = self;
                $name { call: call.with_headers() }
            }
        }
    };
    ($name:ident -> $output:ty) => {
        $crate::request::sendable::sendable!({} {} {} $name {$name} {$output});
    };
    ({$($any:tt)*} {$($fixed:tt)*} {$($sent:tt)*} $name:ident {$type:ty} {$output:ty}) => {
        impl $($any)* $type {
            $crate::request::call_options::request_options!();

            fn change(
                self,
                change: impl FnOnce(
                    $crate::request::api_request::ApiRequest,
                ) -> Result<$crate::request::api_request::ApiRequest, $crate::Error>,
            ) -> Self {
                Self { call: self.call.change(change) }
            }
        }

        impl $($sent)* $type {
            /// Returns a future that sends the call and returns its result.
            ///
            /// The call can also be awaited directly. Use `send` with functions that take a future: `tokio::spawn`, `join_all`,
            /// `block_on`.
            pub fn send(self) -> $crate::request::call::CallFuture<$output> {
                self.call.send()
            }
        }

        impl $($sent)* std::future::IntoFuture for $type {
            type Output = Result<$output, $crate::Error>;
            type IntoFuture = $crate::request::call::CallFuture<$output>;

            fn into_future(self) -> Self::IntoFuture {
                self.call.send()
            }
        }

        impl $($any)* std::fmt::Debug for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.call.fmt(stringify!($name), f)
            }
        }
    };
}

pub(crate) use sendable;
