//! Generates Rust from the dictionary: a struct for each table, an enum for each list of choices, and a typed field for each
//! column.

use super::names::{Names, distinct};
use super::rust_text::{comment, literal, markdown};
use super::{Choice, Column, Schema, TableSchema, names};
use crate::Error;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

/// The mark of a line that says what the code was made from.
const MADE_FROM: &str = "//~ ";

impl Schema {
    /// Generates a Rust module for these tables: structs to which [`Record::to`](crate::Record::to) converts, enums of choices, and
    /// a
    /// [`TypedField`](super::TypedField) for each column. Write it to a file of your crate; it uses `serde`, and `snow_client` with
    /// its feature `derive`.
    ///
    /// Every field is an `Option`: a value that is empty, hidden or was not requested is `None`. A choice that is not in the list
    /// is kept as text.
    ///
    /// The content of the dictionary is treated as data: it becomes string literals and one-line comments, with all characters
    /// escaped that could end or reorder them. If two names would be the same in Rust, or if the code needs a name itself, a number
    /// is added. The same tables, in any order, get the same names.
    ///
    /// The example `codegen` is a program that calls this method. [`diff`] returns what has changed since a module was generated.
    ///
    /// # Errors
    ///
    /// As [`table`](Self::table).
    pub async fn generate<T: AsRef<str>>(
        &self,
        tables: impl IntoIterator<Item = T>,
    ) -> Result<String, Error> {
        let (mut all, mut known) = (Vec::new(), BTreeSet::new());
        for name in tables {
            if !known.insert(name.as_ref().to_owned()) {
                continue;
            }
            let table = self.table(name.as_ref()).await?;
            let mut columns = Vec::new();
            for column in table.columns() {
                let choices = match column.has_choices {
                    true => self.choices(&table.name, &column.name).await?,
                    false => Arc::from([]),
                };
                columns.push((column.clone(), choices));
            }
            all.push((table, columns));
        }
        let mut code = Code { names: names_of(&all), text: String::new() };
        code.head(&all);
        for (table, columns) in &all {
            code.table(table, columns);
        }
        Ok(code.text)
    }
}

type Columns = Vec<(Column, Arc<[Choice]>)>;

/// The names of the structs and enums: those of tables first, so that no column changes the name of a table.
fn names_of(all: &[(Arc<TableSchema>, Columns)]) -> Names {
    let columns = |(table, columns): &(Arc<TableSchema>, Columns)| {
        let choices = columns.iter().filter(|(column, choices)| has_enum(column, choices));
        choices.map(|(column, _)| (table.name.clone(), column.name.clone())).collect::<Vec<_>>()
    };
    Names::new(all.iter().map(|(table, _)| table.name.clone()), all.iter().flat_map(columns))
}

fn has_enum(column: &Column, choices: &[Choice]) -> bool {
    !choices.is_empty() && column.kind != "boolean"
}

/// Returns the differences between two generated modules, one line for each column or choice. The result is empty if both were
/// generated from the same dictionary.
///
/// ```
/// use snow_client::schema::diff;
///
/// let (old, new) = ("//~ incident.u_size integer\n", "//~ incident.u_size string\n//~ incident.u_color string\n");
/// assert_eq!(diff(old, new), [
///     "gone: incident.u_size integer",
///     "new: incident.u_color string",
///     "new: incident.u_size string",
/// ]);
/// ```
pub fn diff(old: &str, new: &str) -> Vec<String> {
    let lines = |text: &str| -> BTreeSet<String> {
        text.lines().filter_map(|line| line.strip_prefix(MADE_FROM)).map(str::to_owned).collect()
    };
    let (old, new) = (lines(old), lines(new));
    let gone = old.difference(&new).map(|line| format!("gone: {line}"));
    let come = new.difference(&old).map(|line| format!("new: {line}"));
    gone.chain(come).collect()
}

struct Code {
    names: Names,
    text: String,
}

impl Code {
    fn line(&mut self, line: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{line}");
    }

    fn head(&mut self, tables: &[(Arc<TableSchema>, Columns)]) {
        self.line("// Generated from an instance's dictionary: do not edit, generate again.");
        for (table, columns) in tables {
            for (column, choices) in columns {
                let to = column.reference.as_ref().map(|table| format!(" to {table}")).unwrap_or_default();
                let made_from = format!("{}.{} {}{to}", table.name, column.name, column.kind);
                self.line(&format!("{MADE_FROM}{}", comment(&made_from)));
                for choice in choices.iter() {
                    let (value, label) = (literal(&choice.value), &choice.label);
                    let made_from = format!("{}.{}={value} {label}", table.name, column.name);
                    self.line(&format!("{MADE_FROM}{}", comment(&made_from)));
                }
            }
        }
        self.line("");
    }

    fn table(&mut self, table: &TableSchema, columns: &Columns) {
        let name = self.names.table(&table.name);
        let fields = distinct(columns.iter().map(|(column, _)| names::field(&column.name)), []);
        let constants = distinct(fields.iter().map(|field| field.to_ascii_uppercase()), ["TABLE"]);
        let kinds = columns.iter().map(|(column, choices)| match has_enum(column, choices) {
            true => Kind::choice(self.names.column(&table.name, &column.name)),
            false => Kind::of(column),
        });
        let kinds: Vec<_> = kinds.collect();
        let all = || columns.iter().zip(&fields).zip(&constants).zip(&kinds);
        let parents = markdown(&table.parents().join(" and "));
        let extends = if parents.is_empty() { String::new() } else { format!(", which extends {parents}") };
        let about = format!("{} (`{}`){extends}.", markdown(&table.label), markdown(&table.name));
        self.line(&format!("/// {about}"));
        self.line("#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]");
        self.line("#[serde(default)]");
        self.line(&format!("pub struct {name} {{"));
        for ((((column, _), field), _), kind) in all() {
            self.line(&format!("    /// {}: {}.", markdown(&column.label), markdown(&column.kind)));
            if field != &column.name {
                self.line(&format!("    #[serde(rename = {})]", literal(&column.name)));
            }
            self.line(&format!("    pub {field}: Option<{}>,", kind.read));
        }
        self.line("}\n");
        self.line(&format!("/// The columns of `{}`, for queries.", markdown(&table.name)));
        self.line(&format!("impl {name} {{"));
        self.line("    /// The table's name.");
        self.line(&format!("    pub const TABLE: &'static str = {};", literal(&table.name)));
        for ((((column, _), _), constant), kind) in all() {
            self.line(&format!("    /// {}.", markdown(&column.label)));
            self.line(&format!(
                "    pub const {constant}: snow_client::schema::TypedField<{}> = snow_client::schema::TypedField::new({});",
                kind.queried,
                literal(&column.name)
            ));
        }
        self.line("}\n");
        for ((column, choices), kind) in columns.iter().zip(&kinds) {
            if kind.is_choice {
                self.choices(&kind.read, table, column, choices);
            }
        }
    }

    fn choices(&mut self, name: &str, table: &TableSchema, column: &Column, choices: &[Choice]) {
        let mut values = BTreeSet::new();
        let once: Vec<_> = choices.iter().filter(|choice| values.insert(&choice.value)).collect();
        let labels = distinct(once.iter().map(|choice| names::kind(&choice.label)), ["Unlisted"]);
        let variants: Vec<_> = labels.into_iter().zip(once).collect();
        self.line(&format!("/// {} of `{}`.", markdown(&column.label), markdown(&table.name)));
        self.line("#[derive(Clone, Debug, PartialEq, Eq, Hash, snow_client::ChoiceEnum)]");
        self.line(&format!("pub enum {name} {{"));
        for (variant, choice) in &variants {
            self.line(&format!("    /// {}: `{}`.", markdown(&choice.label), markdown(&choice.value)));
            self.line(&format!("    #[choice({})]", literal(&choice.value)));
            self.line(&format!("    {variant},"));
        }
        self.line("    /// A value that is not in the list.");
        self.line("    #[choice(other)]");
        self.line("    Unlisted(String),");
        self.line("}\n");
    }
}

/// What a column is in Rust.
struct Kind {
    read: String,
    queried: String,
    is_choice: bool,
}

impl Kind {
    fn choice(name: String) -> Self {
        Self { read: name.clone(), queried: name, is_choice: true }
    }

    fn of(column: &Column) -> Self {
        let same = |kind: &str| Self { read: kind.to_owned(), queried: kind.to_owned(), is_choice: false };
        match column.kind.as_str() {
            "boolean" => same("bool"),
            "integer" | "longint" => same("i64"),
            // A percentage is stored with two decimals.
            "decimal" | "float" | "percent_complete" => same("f64"),
            "glide_date_time" | "due_date" => same("snow_client::DateTime"),
            "glide_date" => same("snow_client::Date"),
            "GUID" => same("snow_client::SysId"),
            "reference" | "domain_id" if column.reference.is_some() => Self {
                read: "snow_client::record::Reference".to_owned(),
                queried: "snow_client::SysId".to_owned(),
                is_choice: false,
            },
            "glide_list" => Self { read: "Vec<String>".to_owned(), ..same("String") },
            _ => same("String"),
        }
    }
}
