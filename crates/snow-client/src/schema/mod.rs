//! What tables are made of, from the instance's own dictionary (facts 1.9, 7.3).

mod check;
mod generate;
mod load;
mod names;

use crate::target::Target;
use crate::{Error, Kind};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) use check::check;
pub use generate::drift;

/// The tables and columns of an instance, as its dictionary has them. What was read once is kept for all clones of the client,
/// until [`forget`](Self::forget). Get it by [`Client::schema`](crate::Client::schema).
///
/// The dictionary is open to administrators (facts 1.9): for others a table has no columns to be seen, which is an error here.
/// Overrides of a column by a class below the one that declares it (`sys_dictionary_override`) are not looked at.
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
#[derive(Clone)]
pub struct Schema {
    target: Arc<Target>,
}

/// A table, with the columns that it inherits.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableSchema {
    /// Its name.
    pub name: String,
    /// What a person sees.
    pub label: String,
    parents: Vec<String>,
    columns: Vec<Column>,
}

impl TableSchema {
    /// The tables that it extends, the nearest first.
    pub fn parents(&self) -> Vec<&str> {
        self.parents.iter().map(String::as_str).collect()
    }

    /// All columns, those of the tables above too, by their names.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The column with this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        let at = self.columns.binary_search_by(|column| column.name.as_str().cmp(name));
        at.ok().and_then(|at| self.columns.get(at))
    }
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What a person sees.
    pub label: String,
    /// Its type, as the dictionary has it: `string`, `boolean`, `glide_date_time`, `reference` and so on.
    pub kind: String,
    /// The table that it points into.
    pub reference: Option<String>,
    /// The table that declares it.
    pub declared_in: String,
    /// The most characters.
    pub max_length: Option<u32>,
    /// What new records have in it.
    pub default_value: Option<String>,
    /// Whether its values are out of a list: see [`Schema::choices`].
    pub has_choices: bool,
    /// Whether it has to be filled in.
    pub is_mandatory: bool,
    /// Whether it cannot be written.
    pub is_read_only: bool,
    /// Whether it stands for the record where a person sees a reference to it.
    pub is_display: bool,
}

/// A value of a column that has a list of them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// What a person sees.
    pub label: String,
    /// The language of the label, where it is told.
    pub language: Option<String>,
    /// Whether it is no longer offered.
    pub is_inactive: bool,
}

type TableAndColumn = (String, String);

/// What was read.
#[derive(Default)]
pub(crate) struct Cache {
    tables: Mutex<HashMap<String, Arc<TableSchema>>>,
    choices: Mutex<HashMap<TableAndColumn, Arc<[Choice]>>>,
}

impl Schema {
    pub(crate) fn new(target: Arc<Target>) -> Self {
        Self { target }
    }

    /// A table, by its name.
    ///
    /// # Errors
    /// [`Kind::UnknownTable`] if there is none, [`Kind::Forbidden`] if the user may not read the dictionary.
    pub async fn table(&self, name: &str) -> Result<Arc<TableSchema>, Error> {
        table(&self.target, name).await
    }

    /// The values that a column may have, in the order in which they are offered: those of the nearest table that has any.
    ///
    /// # Errors
    /// As [`table`](Self::table); [`Kind::InvalidInput`] if the table has no such column.
    pub async fn choices(&self, table: &str, column: &str) -> Result<Arc<[Choice]>, Error> {
        let key = (table.to_owned(), column.to_owned());
        if let Some(known) = lock(&self.target.schema.choices).get(&key) {
            return Ok(known.clone());
        }
        let schema = self.table(table).await?;
        if schema.column(column).is_none() {
            return Err(unknown(&schema, column));
        }
        let choices: Arc<[Choice]> = load::choices(&self.target, &schema, column).await?.into();
        lock(&self.target.schema.choices).insert(key, choices.clone());
        Ok(choices)
    }

    /// Forgets what was read, so that it is read again: after a table was changed.
    pub fn forget(&self) {
        lock(&self.target.schema.tables).clear();
        lock(&self.target.schema.choices).clear();
    }
}

async fn table(target: &Target, name: &str) -> Result<Arc<TableSchema>, Error> {
    if let Some(known) = lock(&target.schema.tables).get(name) {
        return Ok(known.clone());
    }
    let table = Arc::new(load::table(target, name).await?);
    lock(&target.schema.tables).insert(name.to_owned(), table.clone());
    Ok(table)
}

fn unknown(table: &TableSchema, column: &str) -> Error {
    let why = format!("the table {} has no column {column:?}", table.name);
    let near =
        table.columns.iter().map(|known| known.name.as_str()).min_by_key(|known| distance(known, column));
    let hint =
        near.filter(|near| distance(near, column) <= 2).map(|near| format!(": did you mean {near:?}?"));
    Error::new(Kind::InvalidInput, why + &hint.unwrap_or_default())
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

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cache({} tables)", lock(&self.tables).len())
    }
}

impl fmt::Debug for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schema({:?})", self.target.schema)
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
