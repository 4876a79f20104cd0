//! The dictionary as rows, as an instance has it: `sys_db_object`, `sys_dictionary`, `sys_choice` and `sys_glide_object`.
//!
//! A table's rows are those of its own columns: inherited ones are rows of the tables above. The facts name the tables (7.3); the
//! types of system columns and the lengths are those that public recordings of instances show.

use super::fields::fields;
use super::{Author, Column, ColumnId, ColumnType, Database, Fields, TableId};
use std::collections::HashMap;

/// Every type that a column of a stock table has, with its label.
const TYPES: [(&str, &str); 18] = [
    ("string", "String"),
    ("integer", "Integer"),
    ("decimal", "Decimal"),
    ("boolean", "True/False"),
    ("glide_date_time", "Date/Time"),
    ("glide_date", "Date"),
    ("glide_duration", "Duration"),
    ("reference", "Reference"),
    ("glide_list", "List"),
    ("journal_input", "Journal Input"),
    ("journal_list", "Journal List"),
    ("password", "Password (1 Way Encrypted)"),
    ("GUID", "Sys ID (GUID)"),
    ("collection", "Collection"),
    ("sys_class_name", "System Class Name"),
    ("domain_id", "Domain ID"),
    ("domain_path", "Domain Path"),
    ("related_tags", "Related Tags"),
];

/// The properties that tell an instance's release. The values are made up, in the form that instances have.
const PROPERTIES: [(&str, &str); 2] = [
    ("glide.war", "glide-australia-11-24-2025__patch3-05-13-2026_05-20-2026_1430.zip"),
    ("glide.buildtag.last", "glide-australia-11-24-2025__patch3-05-13-2026"),
];

impl Database {
    /// Adds the rows. Tables that come later are not among them.
    pub(crate) fn describe_itself(&mut self, stamp: &str) {
        let author = Author::new("glide.maint", stamp);
        let given = self.chosen_columns();
        for (name, value) in PROPERTIES {
            self.add("sys_properties", &fields([("name", name), ("value", value)]), author);
        }
        for (name, label) in TYPES {
            self.add("sys_glide_object", &fields([("name", name), ("label", label)]), author);
        }
        let mut objects: HashMap<TableId, String> = HashMap::new();
        for table in self.dictionary.tables() {
            let def = self.dictionary.def(table);
            let above = def.parent.and_then(|parent| objects.get(&parent).cloned()).unwrap_or_default();
            let object = fields([("name", &def.name), ("label", &def.label), ("super_class", &above)]);
            let name = def.name.clone();
            objects.insert(table, self.add("sys_db_object", &object, author));
            self.add("sys_dictionary", &fields([("name", &name), ("internal_type", "collection")]), author);
            let own = self.dictionary.own(table).to_vec();
            for id in own.into_iter().chain(self.dictionary.overridden(table)) {
                self.describe_column(table, id, author);
            }
        }
        self.described = true;
        given.iter().for_each(|column| self.read_choices(column));
    }

    fn describe_column(&mut self, table: TableId, id: ColumnId, author: Author<'_>) {
        let (column, def) = (self.dictionary.column(id).clone(), self.dictionary.def(table));
        let (name, is_display) = (def.name.clone(), def.display == column.name);
        let choices = self.dictionary.choices(table, id).to_vec();
        let reference = match &column.kind {
            ColumnType::Reference(to) | ColumnType::ReferenceByName(to) | ColumnType::List(to) => to.as_str(),
            _ => "",
        };
        let unique = super::unique::is_unique(&name, &column.name);
        let is_id = if column.name == "sys_id" { "true" } else { "false" };
        let entry = fields([
            ("name", name.as_str()),
            ("element", &column.name),
            ("column_label", &column.label),
            ("internal_type", internal_type(&column)),
            ("reference", reference),
            ("max_length", max_length(&column).as_str()),
            ("default_value", self.dictionary.default_of(table, id)),
            ("attributes", &column.attributes),
            ("choice", if choices.is_empty() { "" } else { "1" }),
            ("display", if is_display { "true" } else { "false" }),
            ("primary", is_id),
            ("unique", if unique { "true" } else { is_id }),
        ]);
        self.add("sys_dictionary", &entry, author);
        let there = self.values_chosen(&name, &column.name);
        for (at, (value, label)) in
            choices.iter().enumerate().filter(|(_, (value, _))| !there.contains(value))
        {
            let sequence = at.to_string();
            let choice = [
                ("name", name.as_str()),
                ("element", &column.name),
                ("value", value),
                ("label", label),
                ("sequence", &sequence),
            ];
            self.add("sys_choice", &fields(choice), author);
        }
    }

    fn add(&mut self, table: &str, given: &Fields, author: Author<'_>) -> String {
        let table = self.dictionary.table(table);
        table.map(|table| self.insert(table, given, author).to_string()).unwrap_or_default()
    }
}

/// The type of a column in the words of an instance.
pub(crate) fn internal_type(column: &Column) -> &'static str {
    match column.name.as_str() {
        "sys_id" => "GUID",
        "sys_class_name" => "sys_class_name",
        "sys_domain" => "domain_id",
        "sys_domain_path" => "domain_path",
        "sys_tags" => "related_tags",
        "comments_and_work_notes" => "journal_list",
        _ => column.kind.internal_type(),
    }
}

/// How long a column says that it is.
pub(crate) fn max_length(column: &Column) -> String {
    if let Some(length) = column.max_length {
        return length.to_string();
    }
    let length = match (&column.kind, column.name.as_str()) {
        (_, "sys_id") | (ColumnType::Reference(_), _) => "32",
        (ColumnType::Journal, _) | (_, "description" | "close_notes") => "4000",
        (ColumnType::List(_), _) => "1024",
        (_, "short_description") => "160",
        _ => "40",
    };
    length.to_owned()
}
