//! Tables and columns: what each holds, and who inherits from whom (facts 1.6).

use super::column_override::{Choices, Override};
use crate::BuildError;
use std::collections::HashMap;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ColumnId(pub(crate) u16);

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct TableId(pub(crate) u16);

/// What a column holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnType {
    /// Text.
    #[default]
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Decimal,
    /// `true` or `false`; empty shows as `false`.
    Boolean,
    /// `2026-01-31 12:00:00`, UTC.
    DateTime,
    /// `2026-01-31`.
    Date,
    /// An offset from 1970: `1970-01-01 00:00:06` is six seconds.
    Duration,
    /// The sys_id of a record of this table.
    Reference(String),
    /// The name of a record of this table, in place of its sys_id: `sys_dictionary` points to types and tables like this.
    ReferenceByName(String),
    /// sys_ids of records of this table, with commas between.
    List(String),
    /// Entries that are appended to; the stored form is empty.
    Journal,
    /// Shown as stars; writing it is ignored.
    Password,
}

impl ColumnType {
    /// The name that the dictionary of an instance has for it.
    pub(crate) fn internal_type(&self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Integer => "integer",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::DateTime => "glide_date_time",
            Self::Date => "glide_date",
            Self::Duration => "glide_duration",
            Self::Reference(_) | Self::ReferenceByName(_) => "reference",
            Self::List(_) => "glide_list",
            Self::Journal => "journal_input",
            Self::Password => "password",
        }
    }

    /// The names that [`named`](Self::named) knows.
    #[cfg(feature = "config")]
    pub(crate) const NAMES: [&str; 11] = [
        "string",
        "integer",
        "decimal",
        "boolean",
        "glide_date_time",
        "glide_date",
        "glide_duration",
        "reference",
        "glide_list",
        "journal_input",
        "password",
    ];

    /// Returns the type of a name in the dictionary of an instance. Only a reference and a list point to a table, and they have to.
    #[cfg(feature = "config")]
    pub(crate) fn named(name: &str, reference: Option<&str>) -> Option<Self> {
        match (name, reference) {
            ("string", None) => Some(Self::Text),
            ("integer", None) => Some(Self::Integer),
            ("decimal", None) => Some(Self::Decimal),
            ("boolean", None) => Some(Self::Boolean),
            ("glide_date_time", None) => Some(Self::DateTime),
            ("glide_date", None) => Some(Self::Date),
            ("glide_duration", None) => Some(Self::Duration),
            ("reference", Some(table)) => Some(Self::Reference(table.into())),
            ("glide_list", Some(table)) => Some(Self::List(table.into())),
            ("journal_input", None) => Some(Self::Journal),
            ("password", None) => Some(Self::Password),
            _ => None,
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Some(match word.split_once(':') {
            Some(("ref", table)) => Self::Reference(table.into()),
            Some(("name", table)) => Self::ReferenceByName(table.into()),
            Some(("list", table)) => Self::List(table.into()),
            Some(_) => return None,
            None => match word {
                "text" => Self::Text,
                "int" => Self::Integer,
                "decimal" => Self::Decimal,
                "bool" => Self::Boolean,
                "time" => Self::DateTime,
                "date" => Self::Date,
                "duration" => Self::Duration,
                "journal" => Self::Journal,
                "password" => Self::Password,
                _ => return None,
            },
        })
    }
}

/// A column, and what it is when nobody sets it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Column {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) kind: ColumnType,
    pub(crate) default: String,
    /// Stored value and label, in order; empty where anything goes.
    pub(crate) choices: Choices,
    /// How many characters the dictionary says that it has, where a test says so.
    pub(crate) max_length: Option<usize>,
    /// What the dictionary says in addition, `name=value` with commas between.
    pub(crate) attributes: String,
}

impl Column {
    /// The longest length for which the database column is a `varchar` of that length; longer ones take any text (facts 1.7).
    const LONGEST_VARCHAR: usize = 255;

    /// Returns as much of a value as the database column holds.
    pub(crate) fn kept<'v>(&self, value: &'v str) -> &'v str {
        let held = self.max_length.filter(|length| *length <= Self::LONGEST_VARCHAR);
        let end = held.and_then(|length| Some(value.char_indices().nth(length)?.0));
        &value[..end.unwrap_or(value.len())]
    }
}

#[derive(Debug)]
pub(crate) struct TableDef {
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) parent: Option<TableId>,
    /// The table at the top of its line: rows of a whole line are kept together.
    pub(crate) root: TableId,
    /// What comes before the number of a record, where there is one.
    pub(crate) prefix: String,
    /// The column that a person knows a record by.
    pub(crate) display: String,
    /// Inherited ones first, then its own.
    pub(crate) columns: Vec<ColumnId>,
    /// Whether this table itself says what the column is.
    own: Vec<ColumnId>,
    by_name: HashMap<String, ColumnId>,
    /// What a table says otherwise of columns that it inherits.
    pub(super) overrides: HashMap<ColumnId, Override>,
}

#[derive(Debug, Default)]
pub(crate) struct Dictionary {
    pub(super) tables: Vec<TableDef>,
    pub(super) columns: Vec<Column>,
    by_name: HashMap<String, TableId>,
}

/// The columns that every table has.
const SYSTEM: &str = "
sys_id          text - Sys ID
sys_mod_count   int 0 Updates
sys_created_by  text - Created by
sys_created_on  time - Created
sys_updated_by  text - Updated by
sys_updated_on  time - Updated
sys_tags        text - Tags
";

impl Dictionary {
    /// The tables of `stock.txt`, which says how it is written, and of `stock_services.txt`.
    pub(crate) fn stock() -> Result<Self, BuildError> {
        let mut dictionary = Self::default();
        let mut table = None;
        for line in [include_str!("stock.txt"), include_str!("stock_services.txt")]
            .into_iter()
            .flat_map(str::lines)
            .map(str::trim)
            .filter(|line| !line.is_empty() && !line.starts_with('#'))
        {
            match line.strip_prefix("table ") {
                Some(header) => table = Some(dictionary.header(header)?),
                None => {
                    let table =
                        table.ok_or_else(|| BuildError::new(format!("{line:?} belongs to no table")))?;
                    match line.split_once(" choices |") {
                        Some((column, choices)) => dictionary.override_column(table, column, choices)?,
                        None => drop(dictionary.add_column(table, parse_column(line)?)?),
                    }
                }
            }
        }
        Ok(dictionary)
    }

    /// `name Label_with_underscores [extends=parent] [prefix=INC] [display=column]`
    fn header(&mut self, text: &str) -> Result<TableId, BuildError> {
        let mut words = text.split_whitespace();
        let (name, label) =
            (words.next().unwrap_or_default(), words.next().unwrap_or_default().replace('_', " "));
        let (mut parent, mut prefix, mut display) = (None, "", "");
        for (key, value) in words.filter_map(|word| word.split_once('=')) {
            match key {
                "extends" => parent = Some(value),
                "prefix" => prefix = value,
                _ => display = value,
            }
        }
        self.add_table(name, &label, parent, prefix, display)
    }

    /// Adds a table with the columns of its parent, or those that every table has.
    pub(crate) fn add_table(
        &mut self,
        name: &str,
        label: &str,
        parent: Option<&str>,
        prefix: &str,
        display: &str,
    ) -> Result<TableId, BuildError> {
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        {
            return Err(BuildError::new(format!(
                "the table name {name:?} is not made of lower case letters, digits and '_'"
            )));
        }
        if self.by_name.contains_key(name) {
            return Err(BuildError::new(format!("the table {name:?} is there already")));
        }
        let parent = match parent {
            None => None,
            Some(parent) => Some(self.table(parent).ok_or_else(|| {
                BuildError::new(format!("the table {name:?} extends {parent:?}, which does not exist"))
            })?),
        };
        if let Some(parent) = parent {
            self.classify(parent)?;
        }
        let id = TableId(
            u16::try_from(self.tables.len()).map_err(|_| BuildError::new("there are too many tables"))?,
        );
        let above = parent.map(|parent| &self.tables[usize::from(parent.0)]);
        self.tables.push(TableDef {
            name: name.to_owned(),
            label: label.to_owned(),
            parent,
            root: above.map_or(id, |above| above.root),
            prefix: if prefix.is_empty() {
                above.map(|a| a.prefix.clone()).unwrap_or_default()
            } else {
                prefix.to_owned()
            },
            display: if display.is_empty() {
                above.map(|a| a.display.clone()).unwrap_or_default()
            } else {
                display.to_owned()
            },
            columns: above.map(|above| above.columns.clone()).unwrap_or_default(),
            by_name: above.map(|above| above.by_name.clone()).unwrap_or_default(),
            own: Vec::new(),
            overrides: HashMap::new(),
        });
        self.by_name.insert(name.to_owned(), id);
        if parent.is_none() {
            for line in SYSTEM.lines().filter(|line| !line.is_empty()) {
                self.add_column(id, parse_column(line)?)?;
            }
        }
        Ok(id)
    }

    /// A line of tables tells its rows apart by their class: the first table that extends another brings the column.
    fn classify(&mut self, parent: TableId) -> Result<(), BuildError> {
        let root = self.def(parent).root;
        if self.find(root, "sys_class_name").is_some() {
            return Ok(());
        }
        let default = self.def(root).name.clone();
        let (name, label) = ("sys_class_name".to_owned(), "Class".to_owned());
        let column = Column { name, label, kind: ColumnType::Text, default, ..Column::default() };
        self.add_column(root, column).map(drop)
    }

    /// Adds a column to a table and to those that extend it already.
    pub(crate) fn add_column(&mut self, table: TableId, column: Column) -> Result<ColumnId, BuildError> {
        let name = column.name.clone();
        let def = &self.tables[usize::from(table.0)];
        if def.by_name.contains_key(&name) {
            return Err(BuildError::new(format!("the table {:?} has a column {name:?} already", def.name)));
        }
        if name.is_empty() || !name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        {
            return Err(BuildError::new(format!(
                "the column name {name:?} is not made of lower case letters, digits and '_'"
            )));
        }
        let id = ColumnId(
            u16::try_from(self.columns.len()).map_err(|_| BuildError::new("there are too many columns"))?,
        );
        self.columns.push(column);
        self.tables[usize::from(table.0)].own.push(id);
        for below in (0..self.tables.len()).filter(|below| self.extends(*below, table)).collect::<Vec<_>>() {
            let def = &mut self.tables[below];
            if def.by_name.insert(name.clone(), id).is_none() {
                def.columns.push(id);
            }
        }
        Ok(id)
    }

    /// Gives a string column its length.
    pub(crate) fn set_max_length(
        &mut self,
        table: &str,
        name: &str,
        length: usize,
    ) -> Result<(), BuildError> {
        let column = self.table(table).and_then(|table| self.find(table, name));
        let column = column.map(|id| &mut self.columns[usize::from(id.0)]);
        let wrong = |why: &str| {
            Err(BuildError::new(format!("the length of {table:?}.{name:?} cannot be set: {why}")))
        };
        match column {
            None => wrong("there is no such column"),
            Some(column) if column.kind != ColumnType::Text => wrong("only string columns have one"),
            Some(_) if length == 0 => wrong("it has to be at least 1"),
            Some(column) => {
                column.max_length = Some(length);
                Ok(())
            }
        }
    }

    fn extends(&self, below: usize, above: TableId) -> bool {
        u16::try_from(below).is_ok_and(|below| self.is_a(TableId(below), above))
    }

    /// Whether a table is another one or extends it.
    pub(crate) fn is_a(&self, table: TableId, above: TableId) -> bool {
        std::iter::successors(Some(table), |table| self.def(*table).parent).any(|table| table == above)
    }

    pub(crate) fn table(&self, name: &str) -> Option<TableId> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn def(&self, table: TableId) -> &TableDef {
        &self.tables[usize::from(table.0)]
    }

    pub(crate) fn column(&self, column: ColumnId) -> &Column {
        &self.columns[usize::from(column.0)]
    }

    pub(crate) fn find(&self, table: TableId, column: &str) -> Option<ColumnId> {
        self.def(table).by_name.get(column).copied()
    }

    pub(crate) fn tables(&self) -> impl Iterator<Item = TableId> + use<> {
        (0..u16::try_from(self.tables.len()).unwrap_or(u16::MAX)).map(TableId)
    }

    /// The columns that a table itself says.
    pub(crate) fn own(&self, table: TableId) -> &[ColumnId] {
        &self.def(table).own
    }
}

/// `name type default Label [| value Label]…`; `-` is no default, `_` in a value or default is a space.
fn parse_column(line: &str) -> Result<Column, BuildError> {
    let wrong = || BuildError::new(format!("the column {line:?} is not written as stock.txt says"));
    let mut parts = line.split('|').map(str::trim);
    let words: Vec<&str> = parts.next().ok_or_else(wrong)?.split_whitespace().collect();
    let [name, kind, default, label @ ..] = &words[..] else { return Err(wrong()) };
    Ok(Column {
        name: (*name).to_owned(),
        label: label.join(" "),
        kind: ColumnType::parse(kind).ok_or_else(wrong)?,
        default: if *default == "-" { String::new() } else { default.replace('_', " ") },
        choices: parts.map(super::column_override::parse_choice).collect::<Result<_, _>>()?,
        ..Column::default()
    })
}
