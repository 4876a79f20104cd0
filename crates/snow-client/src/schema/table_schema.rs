//! A table and its columns, as values that can be made and stored without an instance.

use crate::{Error, ErrorKind};
use serde::{Deserialize, Serialize};

/// A table, with the columns that it inherits.
///
/// [`Schema::table`](super::Schema::table) reads it from the dictionary, which takes an administrator. Other users make one with
/// [`new`](Self::new), or read one that an administrator has stored: it is serializable, in a form with a version.
///
/// ```
/// use snow_client::schema::{Column, TableSchema};
///
/// let mut amount = Column::new("u_amount", "decimal");
/// amount.scale = Some(2);
/// let orders = TableSchema::new("u_order", "Order")
///     .with_column(Column::new("sys_id", "GUID"))?
///     .with_column(amount)?
///     .with_column(Column::new("u_customer.name", "string"))?;
///
/// let stored = serde_json::to_string(&orders)?;
/// let read: TableSchema = serde_json::from_str(&stored)?;
/// assert_eq!(read.column("u_amount").and_then(|column| column.scale), Some(2));
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TableSchema {
    /// The name.
    pub name: String,
    /// The label that users see.
    pub label: String,
    pub(super) parents: Vec<String>,
    /// Sorted by name, each name once.
    pub(super) columns: Vec<Column>,
}

/// More than any table has columns.
pub(super) const MAX_COLUMNS: usize = 10_000;
/// The most bytes of the name of a column, or of a dot-walk.
const MAX_NAME: usize = 1_000;

impl TableSchema {
    /// Creates a table without columns.
    pub fn new(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self { name: name.into(), label: label.into(), parents: Vec::new(), columns: Vec::new() }
    }

    /// Sets the tables that this table extends, the nearest first.
    #[must_use]
    pub fn with_parents(self, parents: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self { parents: parents.into_iter().map(Into::into).collect(), ..self }
    }

    /// Adds a column, in place of the one with the same name. Its name may be a dot-walk, such as `caller_id.name`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`] for a name that no field can have, for a column without a [`kind`](Column::kind) or whose
    /// [`scale`](Column::scale) is greater than its [`precision`](Column::precision), and beyond 10,000 columns.
    pub fn with_column(mut self, column: Column) -> Result<Self, Error> {
        column.check()?;
        match self.columns.binary_search_by(|known| known.name.cmp(&column.name)) {
            Ok(at) => self.columns[at] = column,
            Err(_) if self.columns.len() >= MAX_COLUMNS => {
                let why = format!("the table {} cannot have more than {MAX_COLUMNS} columns", self.name);
                return Err(Error::new(ErrorKind::InvalidInput, why));
            }
            Err(at) => self.columns.insert(at, column),
        }
        Ok(self)
    }

    /// Returns the tables that this table extends, the nearest first.
    pub fn parents(&self) -> Vec<&str> {
        self.parents.iter().map(String::as_str).collect()
    }

    /// Returns all columns, including inherited ones, sorted by name.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Returns the column with this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        let at = self.columns.binary_search_by(|column| column.name.as_str().cmp(name));
        at.ok().and_then(|at| self.columns.get(at))
    }
}

impl<'a> IntoIterator for &'a TableSchema {
    type Item = &'a Column;
    type IntoIter = std::slice::Iter<'a, Column>;

    fn into_iter(self) -> Self::IntoIter {
        self.columns.iter()
    }
}

/// A column of a table.
///
/// [`Column::new`] creates one, and its fields can be set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Column {
    /// The name; a dot-walk such as `caller_id.name` for a column of another table.
    pub name: String,
    /// The label that users see.
    pub label: String,
    /// The type in the dictionary: `string`, `boolean`, `glide_date_time`, `reference` and so on.
    pub kind: String,
    /// The table that a reference points to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// The table that declares the column.
    pub declared_in: String,
    /// The maximum length in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_length: Option<u32>,
    /// The number of digits of a decimal number, if the column's attributes set a `precision`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub precision: Option<u8>,
    /// The number of digits after the point of a decimal number, if the column's attributes set a `scale`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scale: Option<u8>,
    /// The default value of new records.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_value: Option<String>,
    /// Whether the column has a list of choices: see [`Schema::choices`](super::Schema::choices).
    #[serde(skip_serializing_if = "is_false")]
    pub has_choices: bool,
    /// Whether the column is mandatory.
    #[serde(skip_serializing_if = "is_false")]
    pub is_mandatory: bool,
    /// Whether the column is read-only.
    #[serde(skip_serializing_if = "is_false")]
    pub is_read_only: bool,
    /// Whether the column is the display value of references to the record.
    #[serde(skip_serializing_if = "is_false")]
    pub is_display: bool,
}

impl Column {
    /// Creates a column with a name and a type of the dictionary. It has no label, no choices and no limits.
    pub fn new(name: impl Into<String>, kind: impl Into<String>) -> Self {
        Self { name: name.into(), kind: kind.into(), ..Self::default() }
    }

    /// Refuses what no dictionary contains.
    pub(super) fn check(&self) -> Result<(), Error> {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'$');
        let is_name = |part: &str| !part.is_empty() && part.bytes().all(is_letter);
        if self.name.len() > MAX_NAME || !self.name.split('.').all(is_name) {
            let why = format!("{:.100?} is not the name of a column", self.name);
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        if self.kind.is_empty() {
            let why = format!(
                "the column {:?} has no kind, which is the type that the dictionary has: \"string\", for example",
                self.name
            );
            return Err(Error::new(ErrorKind::InvalidInput, why));
        }
        match (self.precision, self.scale) {
            (Some(precision), Some(scale)) if scale > precision => {
                let why = format!(
                    "the column {:?} has {scale} digits after the point, and only {precision} in all",
                    self.name
                );
                Err(Error::new(ErrorKind::InvalidInput, why))
            }
            _ => Ok(()),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}
