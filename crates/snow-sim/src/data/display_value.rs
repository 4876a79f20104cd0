//! What a person sees of a value (facts 1.6).

use super::render::STARS;
use super::{Column, ColumnType, Database, Locale, Row, TableId, time};

impl Database {
    pub(super) fn display_value(
        &self,
        column: &Column,
        choices: &[(String, String)],
        stored: &str,
        locale: &Locale,
    ) -> String {
        if let Some((_, label)) = choices.iter().find(|(value, _)| value == stored) {
            return label.clone();
        }
        match &column.kind {
            ColumnType::Boolean if stored.is_empty() => "false".into(),
            _ if stored.is_empty() => String::new(),
            ColumnType::DateTime => locale.show(stored),
            ColumnType::Date => locale.show_date(stored),
            ColumnType::Duration => time::duration_words(stored),
            ColumnType::Password => STARS.into(),
            // A class shows the label of its table.
            _ if column.name == "sys_class_name" => {
                let class = self.dictionary.table(stored).map(|table| &*self.dictionary.def(table).label);
                class.unwrap_or(stored).to_owned()
            }
            ColumnType::List(target) => {
                let names = stored.split(',').map(|id| self.display_name(target, id).unwrap_or(id));
                names.collect::<Vec<_>>().join(", ")
            }
            _ => stored.to_owned(),
        }
    }

    /// The whole log in one text, newest first (facts 1.6).
    pub(super) fn journal(&self, table: TableId, row: &Row, column: &Column, locale: &Locale) -> String {
        let Some(entries) = self.dictionary.table("sys_journal_field") else { return String::new() };
        let id = self.field(table, row, "sys_id");
        let both = column.name == "comments_and_work_notes";
        let wanted = |element: &str| {
            if both { matches!(element, "comments" | "work_notes") } else { element == column.name }
        };
        let mut found: Vec<&Row> = self
            .rows(entries)
            .map(|(_, entry)| entry)
            .filter(|entry| {
                self.field(entries, entry, "element_id") == id
                    && wanted(self.field(entries, entry, "element"))
            })
            .collect();
        found.sort_by_key(|entry| std::cmp::Reverse(self.field(entries, entry, "sys_created_on")));
        let text = found.into_iter().map(|entry| {
            let field = |name: &str| self.field(entries, entry, name);
            let element = self.dictionary.find(table, field("element"));
            let label = element.map_or("", |element| &*self.dictionary.column(element).label);
            let who = self
                .display_name("sys_user", &self.user_id(field("sys_created_by")))
                .unwrap_or(field("sys_created_by"));
            format!("{} - {who} ({label})\n{}\n\n", locale.show(field("sys_created_on")), field("value"))
        });
        text.collect()
    }
}
