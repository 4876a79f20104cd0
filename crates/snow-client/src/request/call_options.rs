//! What a caller may say about any one request.

/// The methods of a request that has `params` and `operation` to change.
macro_rules! parameters {
    () => {
        /// Whether references come without their links.
        pub fn exclude_reference_link(self, exclude: bool) -> Self {
            self.params(|params| params.exclude_reference_link(exclude))
        }

        /// The fields of this view, unless [`fields`](Self::fields) says which.
        pub fn view(self, name: &str) -> Self {
            self.params(|params| params.view(name))
        }

        /// Whether to read across domains, for those who may (facts 1.2).
        pub fn query_no_domain(self, across: bool) -> Self {
            self.params(|params| params.query_no_domain(across))
        }

        /// Sets a parameter that has no method of its own.
        ///
        /// # Errors
        /// When the call is awaited, and before anything is sent, with [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a
        /// name that has a method of its own, and for one that does not begin with `sysparm_`: on a list, the service takes the
        /// name of a field as a filter and ignores a misspelt one (facts 1.2). A call of [`Client::api`](crate::Client::api)
        /// takes any name.
        pub fn param(self, name: &str, value: &str) -> Self {
            self.params(|params| params.param(name, value))
        }

        /// How long this call may take, everything included, in place of the client's own limit.
        pub fn deadline(self, limit: std::time::Duration) -> Self {
            self.options(|options| options.deadline(limit))
        }
    };
}

pub(crate) use parameters;
