//! Tables that are not part of a fresh instance.

use crate::BuildError;
use crate::data::{Column, ColumnType, Database};

/// A table of one's own, with the columns that every table has and those added here.
///
/// ```
/// use snow_sim::{ColumnType, Simulator, Table};
///
/// let orders = Table::new("u_order", "Order").extends("task").column("u_amount", ColumnType::Decimal);
/// let simulator = Simulator::builder().table(orders).row("u_order", [("u_amount", "9.50")]).build()?;
/// # Ok::<_, snow_sim::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Table {
    name: String,
    label: String,
    parent: Option<String>,
    prefix: String,
    display: String,
    columns: Vec<Column>,
}

impl Table {
    /// Creates a table that extends none.
    pub fn new(name: &str, label: &str) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            parent: None,
            prefix: String::new(),
            display: String::new(),
            columns: Vec::new(),
        }
    }

    /// Adds the columns of another table.
    #[must_use]
    pub fn extends(mut self, parent: &str) -> Self {
        self.parent = Some(parent.into());
        self
    }

    /// Gives records a number with this prefix, if there is a column `number`.
    #[must_use]
    pub fn number_prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// Sets the column that a person knows a record by.
    #[must_use]
    pub fn display(mut self, column: &str) -> Self {
        self.display = column.into();
        self
    }

    /// Adds a string column of at most `max_length` characters. Up to 255, what is longer is cut when it is stored, without an
    /// error ([facts 1.7]); a longer column keeps any text, whatever the dictionary says.
    ///
    /// ```
    /// use snow_sim::{Simulator, Table};
    ///
    /// let orders = Table::new("u_order", "Order").text_column("u_key", 10);
    /// let simulator = Simulator::builder().table(orders).build()?;
    /// # Ok::<_, snow_sim::BuildError>(())
    /// ```
    ///
    /// [facts 1.7]: https://github.com/snow-rs/snow/blob/main/docs/servicenow-behaviour.md#17-writing
    #[must_use]
    pub fn text_column(self, name: &str, max_length: usize) -> Self {
        self.add(name, name, ColumnType::Text, "", Vec::new(), Some(max_length))
    }

    /// Adds a column of decimal numbers with so many digits in all, and after the point, as attributes in the dictionary. What is
    /// stored is not rounded.
    ///
    /// ```
    /// use snow_sim::{Simulator, Table};
    ///
    /// let orders = Table::new("u_order", "Order").decimal_column("u_amount", 15, 2);
    /// let simulator = Simulator::builder().table(orders).build()?;
    /// # Ok::<_, snow_sim::BuildError>(())
    /// ```
    #[must_use]
    pub fn decimal_column(self, name: &str, precision: u8, scale: u8) -> Self {
        let mut table = self.column(name, ColumnType::Decimal);
        if let Some(column) = table.columns.last_mut() {
            column.attributes = format!("precision={precision},scale={scale}");
        }
        table
    }

    /// Adds a column.
    #[must_use]
    pub fn column(self, name: &str, kind: ColumnType) -> Self {
        self.choice_column(name, kind, "", [])
    }

    /// Adds a column with a default, and with the values and labels that it may have.
    #[must_use]
    pub fn choice_column<const N: usize>(
        self,
        name: &str,
        kind: ColumnType,
        default: &str,
        choices: [(&str, &str); N],
    ) -> Self {
        let choices = choices.into_iter().map(|(value, label)| (value.into(), label.into())).collect();
        self.add(name, name, kind, default, choices, None)
    }

    /// Adds a column with everything that can be said of it.
    pub(crate) fn add(
        mut self,
        name: &str,
        label: &str,
        kind: ColumnType,
        default: &str,
        choices: Vec<(String, String)>,
        max_length: Option<usize>,
    ) -> Self {
        let (name, label, default) = (name.into(), label.into(), default.into());
        self.columns.push(Column { name, label, kind, default, choices, max_length, ..Column::default() });
        self
    }

    /// Adds the table and its columns to a dictionary.
    pub(crate) fn define(&self, database: &mut Database) -> Result<(), BuildError> {
        let Self { name, label, parent, prefix, display, columns } = self;
        let id = database.dictionary.add_table(name, label, parent.as_deref(), prefix, display)?;
        columns.iter().try_for_each(|column| database.dictionary.add_column(id, column.clone()).map(drop))
    }
}
