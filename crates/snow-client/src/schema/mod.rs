//! The tables and columns of an instance, from its own dictionary ([facts 1.9], [facts 7.3]).
//!
//! Start with [`Client::schema`](crate::Client::schema), which returns a [`Schema`]: [`table`](Schema::table) returns the columns
//! of a table, [`choices`](Schema::choices) the choices of a column, and [`generate`](Schema::generate) Rust code for tables.
//! [`diff`] compares two generated modules.
//!
//! [facts 1.9]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#19-access-control
//! [facts 7.3]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#73-scripted-rest-and-the-dictionary

mod typed_field;

mod cache;
mod descendants;
mod dot_walk;
mod field_validation;
mod generate;
mod load;
mod names;
mod rust_text;
mod stored_schema;
mod table_schema;

use crate::request::client_inner::ClientInner;
use crate::{Error, ErrorKind};
use std::any::Any;
use std::fmt;
use std::sync::Arc;

pub(crate) use cache::SchemaCache;
pub(crate) use descendants::{descendants, unaudited};
pub use generate::diff;
pub use table_schema::{Column, TableSchema};
pub use typed_field::TypedField;

/// The dictionary of an instance: its tables and columns. Create it with [`Client::schema`](crate::Client::schema).
///
/// What has been read is cached for all clones of the client, until [`clear_cache`](Self::clear_cache) is called.
///
/// Administrators can read the dictionary ([facts 1.9]). The instance silently hides some or all of its records from other users. If
/// a part is hidden, the methods here return an error that says how many records this user may read. Overrides of a column in a
/// table that extends the one that declares it (`sys_dictionary_override`) are not considered.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let url = simulator.listen().await?;
/// # let client = snow_client::Client::builder().instance(url.url()).user("admin").password("secret").build()?;
/// let incident = client.schema().table("incident").await?;
/// assert_eq!(incident.parents(), ["task"]);
/// let caller = incident.column("caller_id").ok_or("no such column")?;
/// assert_eq!((&*caller.kind, caller.reference.as_deref()), ("reference", Some("sys_user")));
/// for choice in client.schema().choices("incident", "state").await?.iter() {
///     println!("{} is {}", choice.value, choice.label);
/// }
/// # Ok(()) }
/// ```
///
/// [facts 1.9]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#19-access-control
#[derive(Clone)]
pub struct Schema {
    client: Arc<ClientInner>,
}

/// A choice of a column: one of the values in its list.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Choice {
    /// The stored value.
    pub value: String,
    /// The label that users see.
    pub label: String,
    /// The language of the label, if the instance returns it.
    pub language: Option<String>,
    /// Whether the choice is inactive and no longer offered to users.
    pub is_inactive: bool,
}

impl Schema {
    pub(crate) fn new(client: Arc<ClientInner>) -> Self {
        Self { client }
    }

    /// What the clones of the client know.
    fn cache(&self) -> Result<&SchemaCache, Error> {
        let dictionary: &dyn Any = &*self.client.dictionary;
        dictionary.downcast_ref().ok_or_else(|| Error::internal("the dictionary of a client is not a cache"))
    }

    /// Returns a table by its name.
    ///
    /// # Errors
    ///
    /// - [`ErrorKind::UnknownTable`] if the table does not exist.
    /// - [`ErrorKind::Forbidden`] if the user may not read all of its columns in the dictionary.
    /// - [`ErrorKind::Incomplete`] if the instance does not return how many there are.
    pub async fn table(&self, name: &str) -> Result<Arc<TableSchema>, Error> {
        self.cache()?.table(&self.client, name).await.map_err(Error::of_read)
    }

    /// Returns the choices of a column, in the order in which they are offered. They are those of the nearest table that has any.
    ///
    /// # Errors
    ///
    /// As [`table`](Self::table), and [`ErrorKind::InvalidInput`] if the table has no such column.
    pub async fn choices(&self, table: &str, column: &str) -> Result<Arc<[Choice]>, Error> {
        let key = (table.to_owned(), column.to_owned());
        if let Some(known) = self.cache()?.choices(&key) {
            return Ok(known);
        }
        let schema = self.table(table).await?;
        if schema.column(column).is_none() {
            return Err(unknown_column(&schema, column).of_read());
        }
        let choices: Arc<[Choice]> =
            load::choices(&self.client, &schema, column).await.map_err(Error::of_read)?.into();
        self.cache()?.remember_choices(key, choices.clone());
        Ok(choices)
    }

    /// Clears the cache, so that tables are read again, for example after one was changed.
    pub fn clear_cache(&self) {
        // Without a cache, every read fails, and there is nothing to clear.
        let _ = self.cache().map(SchemaCache::clear);
    }
}

fn unknown_column(table: &TableSchema, column: &str) -> Error {
    let why = format!("the table {} has no column {column:?}", table.name);
    let near =
        table.columns().iter().map(|known| known.name.as_str()).min_by_key(|known| distance(known, column));
    let hint =
        near.filter(|near| distance(near, column) <= 2).map(|near| format!(": did you mean {near:?}?"));
    Error::new(ErrorKind::InvalidInput, why + &hint.unwrap_or_default())
}

/// How many letters have to be changed, left out or added to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (line, left) in a.bytes().enumerate() {
        let mut corner = line;
        let mut before = line + 1;
        for (place, right) in row.iter_mut().skip(1).zip(b.bytes()) {
            let cost = corner + usize::from(left != right);
            corner = *place;
            *place = cost.min(before + 1).min(*place + 1);
            before = *place;
        }
        if let Some(first) = row.first_mut() {
            *first = line + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({:?})", self.client.dictionary)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_as_far_apart_as_letters_have_to_change() {
        for (a, b, apart) in [
            ("", "", 0),
            ("abc", "", 3),
            ("", "ab", 2),
            ("state", "sate", 1),
            ("state", "statte", 1),
            ("ab", "ba", 2),
        ] {
            assert_eq!((distance(a, b), distance(b, a)), (apart, apart), "{a} {b}");
        }
    }
}
