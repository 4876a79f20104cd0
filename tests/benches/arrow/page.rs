//! Records of twelve fields with the types that a table has: texts, numbers, a boolean, times, references and a duration.

use snow_client::schema::{Column, TableSchema};

pub(crate) const FIELDS: [(&str, &str); 12] = [
    ("sys_id", "GUID"),
    ("number", "string"),
    ("short_description", "string"),
    ("state", "integer"),
    ("priority", "integer"),
    ("active", "boolean"),
    ("opened_at", "glide_date_time"),
    ("sys_updated_on", "glide_date_time"),
    ("caller_id", "reference"),
    ("assignment_group", "reference"),
    ("category", "string"),
    ("calendar_duration", "glide_duration"),
];

/// A record whose `sys_id` the server sets.
pub(crate) fn record(row: usize) -> String {
    format!(
        "{{\"sys_id\":\"{row:08x}dc611227601168{:010x}\",\"number\":\"INC{row:07}\",\
         \"short_description\":\"Unable to connect to the wireless network on floor {}\",\"state\":\"{}\",\"priority\":\"{}\",\
         \"active\":\"{}\",\"opened_at\":\"2026-06-{:02} 09:{:02}:00\",\"sys_updated_on\":\"2026-07-{:02} 10:{:02}:{:02}\",\
         \"caller_id\":\"{row:08x}dc6112276011688e4be7bcc7\",\"assignment_group\":\"{}\",\"category\":\"{}\",\
         \"calendar_duration\":\"{}\"}}",
        row * 7,
        row % 40,
        row % 8 + 1,
        row % 5 + 1,
        row.is_multiple_of(3),
        row % 28 + 1,
        row % 60,
        row % 28 + 1,
        row % 60,
        row % 59,
        if row.is_multiple_of(4) {
            String::new()
        } else {
            format!("{:08x}dc6112276011688e4be7bcc7", row % 30)
        },
        ["software", "hardware", "network", "inquiry"][row % 4],
        if row.is_multiple_of(2) {
            String::new()
        } else {
            format!("1970-01-0{} 05:00:0{}", row % 8 + 1, row % 10)
        },
    )
}

/// The table as an administrator may have stored it.
pub(crate) fn schema(name: &str) -> TableSchema {
    let columns = FIELDS.map(|(name, kind)| {
        let mut column = Column::new(name, kind);
        column.reference = (kind == "reference").then(|| "sys_user".to_owned());
        column
    });
    let schema = columns.into_iter().try_fold(TableSchema::new(name, name), TableSchema::with_column);
    schema.expect("good columns")
}
