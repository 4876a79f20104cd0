//! The settings that both calls of the Aggregate API have.

/// The records that are aggregated, and the aggregates.
macro_rules! aggregate_options {
    () => {
        crate::request::call_options::selection_options!();
        crate::request::call_options::domain_options!();

        /// Sets whether the values that records are grouped by are stored values (the default), display values, or both.
        #[doc(alias = "sysparm_display_value")]
        pub fn display_value(self, values: crate::DisplayValue) -> Self {
            self.change(|request| Ok(request.params(|params| params.display_value(values))))
        }

        /// Counts the records.
        #[doc(alias = "sysparm_count")]
        pub fn count(self) -> Self {
            self.change(|request| Ok(request.params(|params| params.own(super::COUNT, "true"))))
        }

        /// Computes the sums of these fields. Calling it again replaces the list.
        #[doc(alias = "sysparm_sum_fields")]
        pub fn sum<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Self {
            self.change(
                |request| Ok(request.params(|params| params.field_list("sysparm_sum_fields", fields))),
            )
        }

        /// Computes the averages of these fields. Calling it again replaces the list.
        #[doc(alias = "sysparm_avg_fields")]
        pub fn avg<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Self {
            self.change(
                |request| Ok(request.params(|params| params.field_list("sysparm_avg_fields", fields))),
            )
        }

        /// Computes the smallest values of these fields. Calling it again replaces the list.
        #[doc(alias = "sysparm_min_fields")]
        pub fn min<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Self {
            self.change(
                |request| Ok(request.params(|params| params.field_list("sysparm_min_fields", fields))),
            )
        }

        /// Computes the greatest values of these fields. Calling it again replaces the list.
        #[doc(alias = "sysparm_max_fields")]
        pub fn max<F: AsRef<str>>(self, fields: impl IntoIterator<Item = F>) -> Self {
            self.change(
                |request| Ok(request.params(|params| params.field_list("sysparm_max_fields", fields))),
            )
        }
    };
}

pub(super) use aggregate_options;
