//! Rust out of the dictionary: a struct a table, an enum a list of choices, a typed field a column.

use super::{Choice, Column, Schema, TableSchema, names};
use crate::Error;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

/// The mark of a line that says what the code was made from.
const MADE_FROM: &str = "//~ ";

impl Schema {
    /// A module of Rust for these tables: structs that [`Record::to`](crate::Record::to) gives, enums of choices, and a
    /// [`TypedField`](crate::TypedField) for each column. Write it into a file of your crate; it names `snow_client` and `serde`.
    ///
    /// Every field is an `Option`: what is empty, hidden or was not asked for is `None`. A choice that is not in the list is kept as
    /// the text that it is.
    ///
    /// The example `codegen` is a program around it, and [`drift`] tells what has changed since.
    ///
    /// # Errors
    /// As [`table`](Self::table).
    pub async fn generate<T: AsRef<str>>(
        &self,
        tables: impl IntoIterator<Item = T>,
    ) -> Result<String, Error> {
        let mut all = Vec::new();
        for name in tables {
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
        let mut code = Code::default();
        code.head(&all);
        for (table, columns) in &all {
            code.table(table, columns);
        }
        Ok(code.text)
    }
}

type Columns = Vec<(Column, Arc<[Choice]>)>;

/// What has changed between two modules that were generated, one line a column or choice; nothing if they are made from the same.
///
/// ```
/// use snow_client::drift;
///
/// let (old, new) = ("//~ incident.u_size integer\n", "//~ incident.u_size string\n//~ incident.u_color string\n");
/// assert_eq!(drift(old, new), [
///     "gone: incident.u_size integer",
///     "new: incident.u_color string",
///     "new: incident.u_size string",
/// ]);
/// ```
pub fn drift(old: &str, new: &str) -> Vec<String> {
    let lines = |text: &str| -> BTreeSet<String> {
        text.lines().filter_map(|line| line.strip_prefix(MADE_FROM)).map(str::to_owned).collect()
    };
    let (old, new) = (lines(old), lines(new));
    let gone = old.difference(&new).map(|line| format!("gone: {line}"));
    let come = new.difference(&old).map(|line| format!("new: {line}"));
    gone.chain(come).collect()
}

#[derive(Default)]
struct Code {
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
                self.line(&format!("{MADE_FROM}{}.{} {}{to}", table.name, column.name, column.kind));
                for choice in choices.iter() {
                    let label = one_line(&choice.label);
                    self.line(&format!(
                        "{MADE_FROM}{}.{}={:?} {label}",
                        table.name, column.name, choice.value
                    ));
                }
            }
        }
        self.line("");
    }

    fn table(&mut self, table: &TableSchema, columns: &Columns) {
        let name = names::kind(&table.name);
        let mut taken = Vec::new();
        let fields: Vec<_> = columns
            .iter()
            .map(|(column, choices)| {
                let field = names::unused(names::field(&column.name), &mut taken);
                let kind = Kind::of(&name, column, choices);
                (column, field, kind)
            })
            .collect();
        let parents = table.parents().join(" and ");
        let extends = if parents.is_empty() { String::new() } else { format!(", which extends {parents}") };
        self.line(&format!("/// {} (`{}`){extends}.", one_line(&table.label), table.name));
        self.line("#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]");
        self.line("#[serde(default)]");
        self.line(&format!("pub struct {name} {{"));
        for (column, field, kind) in &fields {
            self.line(&format!("    /// {}: {}.", one_line(&column.label), column.kind));
            if field != &column.name {
                self.line(&format!("    #[serde(rename = {:?})]", column.name));
            }
            self.line(&format!("    pub {field}: Option<{}>,", kind.read));
        }
        self.line("}\n");
        self.line(&format!("/// The columns of `{}`, for queries.", table.name));
        self.line(&format!("impl {name} {{"));
        self.line("    /// The table's name.");
        self.line(&format!("    pub const TABLE: &'static str = {:?};", table.name));
        let mut taken = vec!["TABLE".to_owned()];
        for (column, field, kind) in &fields {
            let constant = names::unused(field.to_ascii_uppercase(), &mut taken);
            self.line(&format!("    /// {}.", one_line(&column.label)));
            self.line(&format!(
                "    pub const {constant}: snow_client::TypedField<{}> = snow_client::TypedField::new({:?});",
                kind.queried, column.name
            ));
        }
        self.line("}\n");
        for ((column, choices), (_, _, kind)) in columns.iter().zip(&fields) {
            if kind.is_choice {
                self.choices(&kind.read, table, column, choices);
            }
        }
    }

    fn choices(&mut self, name: &str, table: &TableSchema, column: &Column, choices: &[Choice]) {
        let (mut taken, mut values) = (vec!["Unlisted".to_owned()], BTreeSet::new());
        let once = choices.iter().filter(|choice| values.insert(choice.value.clone()));
        let variants: Vec<_> =
            once.map(|choice| (names::unused(names::kind(&choice.label), &mut taken), choice)).collect();
        self.line(&format!("/// {} of `{}`.", one_line(&column.label), table.name));
        self.line("#[derive(Clone, Debug, PartialEq, Eq, Hash, serde::Deserialize, serde::Serialize)]");
        self.line("#[serde(from = \"String\", into = \"String\")]");
        self.line(&format!("pub enum {name} {{"));
        for (variant, choice) in &variants {
            self.line(&format!("    /// {}: `{}`.", one_line(&choice.label), one_line(&choice.value)));
            self.line(&format!("    {variant},"));
        }
        self.line("    /// A value that is not in the list.");
        self.line("    Unlisted(String),");
        self.line("}\n");
        self.line(&format!("impl {name} {{"));
        self.line("    /// What is stored.");
        self.line("    pub fn value(&self) -> &str {");
        self.line("        match self {");
        for (variant, choice) in &variants {
            self.line(&format!("            Self::{variant} => {:?},", choice.value));
        }
        self.line("            Self::Unlisted(value) => value,");
        self.line("        }");
        self.line("    }");
        self.line("}\n");
        self.line(&format!("impl From<String> for {name} {{"));
        self.line("    fn from(value: String) -> Self {");
        self.line("        match value.as_str() {");
        for (variant, choice) in &variants {
            self.line(&format!("            {:?} => Self::{variant},", choice.value));
        }
        self.line("            _ => Self::Unlisted(value),");
        self.line("        }");
        self.line("    }");
        self.line("}\n");
        let into = [("String", "to_owned()"), ("snow_client::query::Value<'static>", "to_owned().into()")];
        for (into, how) in into {
            self.line(&format!("impl From<{name}> for {into} {{"));
            self.line(&format!("    fn from(choice: {name}) -> Self {{"));
            self.line(&format!("        choice.value().{how}"));
            self.line("    }");
            self.line("}\n");
        }
    }
}

/// What a column is in Rust.
struct Kind {
    read: String,
    queried: String,
    is_choice: bool,
}

impl Kind {
    fn of(table: &str, column: &Column, choices: &[Choice]) -> Self {
        let same = |kind: &str| Self { read: kind.to_owned(), queried: kind.to_owned(), is_choice: false };
        if !choices.is_empty() && column.kind != "boolean" {
            return Self { is_choice: true, ..same(&format!("{table}{}", names::kind(&column.name))) };
        }
        match column.kind.as_str() {
            "boolean" => same("bool"),
            "integer" | "longint" | "percent_complete" => same("i64"),
            "decimal" | "float" => same("f64"),
            "glide_date_time" | "due_date" => same("snow_client::DateTime"),
            "glide_date" => same("snow_client::Date"),
            "GUID" => same("snow_client::SysId"),
            "reference" | "domain_id" if column.reference.is_some() => Self {
                read: "snow_client::Reference".to_owned(),
                queried: "snow_client::SysId".to_owned(),
                is_choice: false,
            },
            "glide_list" => Self { read: "Vec<String>".to_owned(), ..same("String") },
            _ => same("String"),
        }
    }
}

fn one_line(text: &str) -> String {
    text.split(char::is_control).collect::<Vec<_>>().join(" ")
}
