//! The settings of calls, as macros: rustdoc shows them on the page of each operation that has them. They take a `change` method.

/// Settings of any request.
macro_rules! request_options {
    () => {
        /// Sets a parameter that has no method of its own.
        ///
        /// # Errors
        ///
        /// The call fails before anything is sent, with [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), for a name
        /// that has a method of its own, and for one that does not begin with `sysparm_`: on a list, the service takes any other
        /// name as a filter on a field, and ignores a misspelled one ([facts 1.2]). Calls of [`Client::api`](crate::Client::api)
        /// accept any name.
        ///
        /// [facts 1.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#12-parameters
        pub fn param(self, name: &str, value: &str) -> Self {
            self.change(|request| Ok(request.params(|params| params.param(name, value))))
        }

        /// Sets a header of the request. Setting the same header again replaces its value.
        ///
        /// # Errors
        ///
        /// The call fails before anything is sent, with [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), for text that
        /// is not a valid header, and for headers that the client sets itself, such as `host` and `content-length`. The client also
        /// adds the headers of the login.
        pub fn header(self, name: &str, value: &str) -> Self {
            self.change(|request| request.header(name, value))
        }

        /// Sets how long this call may take in total, instead of the client's own limit.
        #[doc(alias = "timeout")]
        pub fn deadline(self, limit: std::time::Duration) -> Self {
            self.change(|request| Ok(request.options(|options| options.deadline(limit))))
        }

        /// Sets whether the call may be sent again when it is not known whether it was executed.
        ///
        /// By default reads and deletions may be sent again. Updates may not, because they append to journal fields, and neither
        /// may creations ([facts 3.3]).
        ///
        /// [facts 3.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#33-refused-although-done
        pub fn idempotent(self, idempotent: bool) -> Self {
            self.change(|request| Ok(request.options(|options| options.idempotent(idempotent))))
        }
    };
}

/// Settings of a call that returns records.
macro_rules! record_options {
    () => {
        /// Sets the fields to return. Dot-walks such as `caller_id.name` are allowed.
        ///
        /// Fields that do not exist, or that this user may not read, are missing in the record.
        #[doc(alias("sysparm_fields", "select", "dot_walk"))]
        pub fn fields<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Self {
            self.change(|request| Ok(request.params(|params| params.fields(fields))))
        }

        /// Sets which values the response contains: stored values (the default), display values, or both.
        ///
        /// With [`DisplayValue::Display`](crate::DisplayValue::Display) the response contains no stored values, so reading one
        /// returns an error (except `sys_id`). For writes, that error is returned after the write has happened.
        #[doc(alias = "sysparm_display_value")]
        pub fn display_value(self, values: crate::DisplayValue) -> Self {
            self.change(|request| Ok(request.params(|params| params.display_value(values))))
        }

        /// Sets whether references are returned without their links; `false` by default.
        #[doc(alias = "sysparm_exclude_reference_link")]
        pub fn exclude_reference_link(self, exclude: bool) -> Self {
            self.change(|request| Ok(request.params(|params| params.exclude_reference_link(exclude))))
        }

        /// Sets the view whose fields are returned. [`fields`](Self::fields) takes precedence.
        #[doc(alias = "sysparm_view")]
        pub fn view(self, name: &str) -> Self {
            self.change(|request| Ok(request.params(|params| params.view(name))))
        }
    };
}

/// The setting of calls that look for records in a domain.
macro_rules! domain_options {
    () => {
        /// Sets whether the call works across domains, if the user is allowed to ([facts 1.2]); `false` by default.
        ///
        /// [facts 1.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#12-parameters
        #[doc(alias = "sysparm_query_no_domain")]
        pub fn query_no_domain(self, across: bool) -> Self {
            self.change(|request| Ok(request.params(|params| params.query_no_domain(across))))
        }
    };
}

/// Settings of a call that sends fields.
macro_rules! write_options {
    () => {
        /// Sets whether the values that are sent are display values, with times in the user's time zone, instead of stored values
        /// and UTC; `false` by default.
        ///
        /// Encrypted fields need it ([facts 1.2]).
        ///
        /// [facts 1.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#12-parameters
        #[doc(alias = "sysparm_input_display_value")]
        pub fn input_display_value(self, display: bool) -> Self {
            self.change(|request| Ok(request.params(|params| params.input_display_value(display))))
        }

        /// Sets whether the call provides `sys_id`, `sys_created_on` and similar fields itself ([facts 1.2]); `false` by default.
        ///
        /// [facts 1.2]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#12-parameters
        #[doc(alias = "sysparm_suppress_auto_sys_field")]
        pub fn suppress_auto_sys_field(self, suppress: bool) -> Self {
            self.change(|request| Ok(request.params(|params| params.suppress_auto_sys_field(suppress))))
        }

        /// Sets whether the call fails if the service ignored or changed any field that was sent, as far as the response
        /// [shows](Self::verified); `false` by default.
        ///
        /// # Errors
        ///
        /// [`ErrorKind::FieldsNotApplied`](crate::ErrorKind::FieldsNotApplied), which names the fields. **The write has happened
        /// nevertheless.**
        pub fn require_applied(self, require: bool) -> Self {
            self.change(|request| request.require_applied(require))
        }
    };
}

/// Settings of a call that selects records.
macro_rules! selection_options {
    () => {
        /// Sets which records to select, and their order: a query built from [`field`](crate::field)s, or the text that the
        /// instance's list view copies, [parsed](crate::Query::parse) or [raw](crate::Query::raw). Setting it again replaces the
        /// first query.
        #[doc(alias("sysparm_query", "where", "find", "filter"))]
        pub fn query<'q>(self, query: impl std::borrow::Borrow<crate::Query<'q>>) -> Self {
            self.change(|request| Ok(request.params(|params| params.query(query))))
        }
    };
}

/// Settings of a call that returns a part of the records that it selects.
macro_rules! window_options {
    () => {
        /// Sets the maximum number of records to return.
        #[doc(alias("sysparm_limit", "take"))]
        pub fn limit(self, records: u32) -> Self {
            self.change(|request| Ok(request.params(|params| params.limit(records))))
        }

        /// Sets how many records to skip.
        ///
        /// Without an order that is unique for every record, records may be repeated or missed between pages.
        #[doc(alias("sysparm_offset", "skip"))]
        pub fn offset(self, records: u32) -> Self {
            self.change(|request| Ok(request.params(|params| params.offset(records))))
        }
    };
}

pub(crate) use {
    domain_options, record_options, request_options, selection_options, window_options, write_options,
};
