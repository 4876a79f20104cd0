//! Names of a dictionary as names in Rust.

use std::collections::{BTreeMap, BTreeSet};

/// Keywords, which cannot be names. Most can be written with `r#`; the last four cannot.
const WORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro",
    "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "static", "struct", "trait",
    "true", "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
    "crate", "self", "super",
];

/// `u_type` as it is, `type` as `type_`, `2nd` as `x_2nd`.
pub(super) fn field(name: &str) -> String {
    let mut text: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        text.insert_str(0, "x_");
    }
    if WORDS.contains(&text.as_str()) {
        text.push('_');
    }
    text
}

/// `In Progress` as `InProgress`, `1 - Critical` as `N1Critical`; nothing as `Empty`.
pub(super) fn kind(text: &str) -> String {
    let mut name = String::new();
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()) {
        let (first, rest) = word.split_at(1);
        name.push_str(&first.to_ascii_uppercase());
        name.push_str(rest);
    }
    match name.chars().next() {
        None => "Empty".to_owned(),
        Some(first) if first.is_ascii_digit() => format!("N{name}"),
        Some(_) if name == "Self" => "SelfChoice".to_owned(),
        Some(_) => name,
    }
}

/// Names that the generated code and its derives use themselves, and names from the prelude.
const NAMED: [&str; 24] = [
    "Option",
    "Some",
    "None",
    "Result",
    "Ok",
    "Err",
    "String",
    "Vec",
    "Box",
    "From",
    "Into",
    "TryFrom",
    "TryInto",
    "Clone",
    "Copy",
    "Debug",
    "Default",
    "PartialEq",
    "Eq",
    "Hash",
    "Ord",
    "Iterator",
    "Drop",
    "ToOwned",
];

/// The names of a module's structs and enums, each once.
pub(super) struct Names {
    tables: BTreeMap<String, String>,
    columns: BTreeMap<(String, String), String>,
}

impl Names {
    /// Gives names to tables first, and then to columns (a table and a column of it). The order in which they come does not matter.
    pub(super) fn new(
        tables: impl Iterator<Item = String>,
        columns: impl Iterator<Item = (String, String)>,
    ) -> Self {
        let mut taken: BTreeSet<String> = NAMED.map(str::to_owned).into();
        let tables: BTreeSet<String> = tables.collect();
        let named = tables.into_iter().map(|table| {
            let name = unused(kind(&table), &mut taken);
            (table, name)
        });
        let tables = named.collect();
        let mut names = Self { tables, columns: BTreeMap::new() };
        let columns: BTreeSet<(String, String)> = columns.collect();
        for (table, column) in columns {
            let name = unused(names.column(&table, &column), &mut taken);
            names.columns.insert((table, column), name);
        }
        names
    }

    /// The name of a table's struct.
    pub(super) fn table(&self, table: &str) -> String {
        self.tables.get(table).map_or_else(|| kind(table), Clone::clone)
    }

    /// The name of the enum of a column's choices.
    pub(super) fn column(&self, table: &str, column: &str) -> String {
        let known = self.columns.get(&(table.to_owned(), column.to_owned()));
        known.map_or_else(|| format!("{}{}", self.table(table), kind(column)), Clone::clone)
    }
}

/// The same names, each with a number if it was there before or is among those that are reserved.
pub(super) fn distinct<const N: usize>(
    names: impl Iterator<Item = String>,
    reserved: [&str; N],
) -> Vec<String> {
    let mut taken: BTreeSet<String> = reserved.map(str::to_owned).into();
    names.map(|name| unused(name, &mut taken)).collect()
}

/// A name that is not among those that are taken.
fn unused(name: String, taken: &mut BTreeSet<String>) -> String {
    let mut tried = name.clone();
    let mut count = 2;
    while !taken.insert(tried.clone()) {
        tried = format!("{name}{count}");
        count += 1;
    }
    tried
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_in_rust() {
        for (text, name) in
            [("number", "number"), ("type", "type_"), ("2nd", "x_2nd"), ("u-A.b", "u_a_b"), ("self", "self_")]
        {
            assert_eq!(field(text), name);
        }
        for (text, name) in [
            ("In Progress", "InProgress"),
            ("1 - Critical", "N1Critical"),
            ("", "Empty"),
            ("größe", "GrE"),
            ("self", "SelfChoice"),
            ("sys_user", "SysUser"),
        ] {
            assert_eq!(kind(text), name);
        }
        assert_eq!(distinct(["A", "A"].map(str::to_owned).into_iter(), ["A"]), ["A2", "A3"]);
    }
}
