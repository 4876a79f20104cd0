//! A table with a column of every type, and records with the values at the edges of each.

use snow_sim::{ColumnType, Simulator, Table};

pub(crate) const TABLE: &str = "u_edge";

/// The columns of the table.
pub(crate) const FIELDS: [&str; 12] = [
    "u_flag", "u_count", "u_rate", "u_plain", "u_at", "u_day", "u_span", "u_text", "u_state", "u_owner",
    "u_list", "sys_id",
];

/// The values of one record, in the order of the first eleven columns.
pub(crate) type Row = [String; 11];

fn table() -> Table {
    let choices = [("new", "New"), ("in progress", "In Progress"), ("NULL", "Nothing")];
    Table::new(TABLE, "Edge")
        .column("u_flag", ColumnType::Boolean)
        .column("u_count", ColumnType::Integer)
        .decimal_column("u_rate", 21, 7)
        .column("u_plain", ColumnType::Decimal)
        .column("u_at", ColumnType::DateTime)
        .column("u_day", ColumnType::Date)
        .column("u_span", ColumnType::Duration)
        .text_column("u_text", 4_000)
        .choice_column("u_state", ColumnType::Text, "", choices)
        .column("u_owner", ColumnType::Reference("sys_user".into()))
        .column("u_list", ColumnType::List("sys_user".into()))
}

pub(crate) fn instance(rows: &[Row]) -> Simulator {
    let builder = Simulator::builder().user("admin", "secret").table(table());
    let builder =
        builder.row("sys_user", [("sys_id", OWNER), ("name", "Ann Owner"), ("user_name", "ann.owner")]);
    let builder = rows.iter().fold(builder, |builder, row| {
        let fields = FIELDS.iter().zip(row).map(|(name, value)| (*name, value.as_str()));
        builder.row(TABLE, fields.collect::<Vec<_>>())
    });
    builder.build().unwrap()
}

/// The id of the user that owns records, so that references have names.
pub(crate) const OWNER: &str = "6816f79cc0a8016401c5a33be04be441";

/// Empties, extremes, and texts that look like something else.
pub(crate) fn edge_rows() -> Vec<Row> {
    let row = |values: [&str; 11]| values.map(str::to_owned);
    vec![
        row([""; 11]),
        row([
            "true",
            "9007199254740993",
            "-12345678901234.1234567",
            "0.5",
            "0001-01-01 00:00:00",
            "0001-01-01",
            "1969-12-31 23:59:59",
            "NULL",
            "new",
            OWNER,
            OWNER,
        ]),
        row([
            "false",
            "-9223372036854775808",
            "0.0000001",
            "-0.1",
            "9999-12-31 23:59:59",
            "9999-12-31",
            "1970-01-03 00:00:06",
            "\"quoted\" \\ back / slash \n line \t tab \u{1} {\"value\":\"\"}",
            "in progress",
            "",
            "a@example.com,b@example.com",
        ]),
        row([
            "true",
            "9223372036854775807",
            "99999999999999.9999999",
            "12",
            "1969-12-31 23:59:59",
            "1969-12-31",
            "1969-12-29 22:00:00",
            "\u{1f600} e\u{301} \u{4e2d}\u{6587} \u{202e}right to left",
            "NULL",
            "",
            "",
        ]),
        row([
            "",
            "0",
            "0",
            "",
            "1970-01-01 00:00:00",
            "1970-01-01",
            "1970-01-01 00:00:00",
            "null",
            "",
            "",
            "",
        ]),
        row(["", "-1", "-0.0000001", "", "2024-02-29 12:00:00", "2024-02-29", "", "  ", "other", "", ""]),
    ]
}
