//! The methods of every layer's service that give access to the service below.

/// Defines `get_ref`, `get_mut` and `into_inner` for a service that keeps the service below in a field named `inner`.
macro_rules! inner_service_accessors {
    () => {
        /// Returns a reference to the inner service.
        pub fn get_ref(&self) -> &S {
            &self.inner
        }

        /// Returns a mutable reference to the inner service.
        pub fn get_mut(&mut self) -> &mut S {
            &mut self.inner
        }

        /// Consumes this service and returns the inner one.
        pub fn into_inner(self) -> S {
            self.inner
        }
    };
}

pub(super) use inner_service_accessors;
