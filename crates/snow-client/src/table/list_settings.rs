//! What a list asks for, for those who read it into something else.

use crate::table::ListRecords;
use snow_core::{DisplayValue, Error};

impl<T> ListRecords<T> {
    /// Returns the name of the table.
    ///
    /// # Errors
    ///
    /// The error of a list that is refused, for example because the name of its table is not valid.
    pub fn table_name(&self) -> Result<&str, Error> {
        self.request.table_name()
    }

    /// Returns the fields that are requested, in the order in which they were set; `None` for all fields. Those of a typed list are the
    /// fields of its type.
    ///
    /// # Errors
    ///
    /// As [`table_name`](Self::table_name).
    pub fn requested_fields(&self) -> Result<Option<&[String]>, Error> {
        Ok(self.request.refused_or()?.params.shape.fields.as_deref())
    }

    /// Returns in which form values are requested.
    ///
    /// # Errors
    ///
    /// As [`table_name`](Self::table_name).
    pub fn requested_values(&self) -> Result<DisplayValue, Error> {
        Ok(self.request.refused_or()?.params.shape.display())
    }

    /// Returns the encoded query, and an empty text if there is none.
    ///
    /// # Errors
    ///
    /// As [`table_name`](Self::table_name), and [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a query that cannot be
    /// encoded and for a list with a [`filter`](Self::filter).
    pub fn encoded_query(&self) -> Result<String, Error> {
        self.request.refused_or()?.params.selection.query()?.encode()
    }

    /// Returns the [`limit`](Self::limit) of the list.
    ///
    /// # Errors
    ///
    /// As [`table_name`](Self::table_name).
    pub fn requested_limit(&self) -> Result<Option<u32>, Error> {
        Ok(self.request.refused_or()?.params.selection.window().limit)
    }
}
