//! A table with every type of column, with values that are empty, differ by case alone, or lie at an edge.

use crate::dice::Dice;
use snow_arrow::{Columns, References};
use snow_client::Client;
use snow_sim::{ColumnType, Rule, Simulator, Table, User};

pub(crate) const NAME: &str = "u_sample";

pub(crate) const FIELDS: [&str; 11] = [
    "sys_id", "u_text", "u_count", "u_flag", "u_when", "u_day", "u_amount", "u_span", "u_owner", "u_note",
    "u_secret",
];

pub(crate) const OWNERS: [&str; 3] = [
    "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a",
    "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0b",
    "ffffffffffffffffffffffffffffffff",
];

const TEXTS: [&str; 14] = [
    "",
    "Alpha",
    "alpha",
    "ALPHA",
    "beta",
    "Beta Max",
    "50% off",
    "50 x off",
    "under_score",
    "underXscore",
    "ünï",
    "ÜNÏ",
    "null",
    "it's",
];
const COUNTS: [&str; 9] = ["", "-3", "0", "1", "2", "3", "10", "9007199254740993", "-9223372036854775808"];
const TIMES: [&str; 7] = [
    "",
    "2026-06-26 09:30:00",
    "2026-06-26 09:30:01",
    "2026-06-26 09:30:02",
    "1969-12-31 23:59:59",
    "0001-01-01 00:00:00",
    "9999-12-30 21:59:59",
];
const DAYS: [&str; 5] = ["", "2026-06-26", "2026-06-27", "1969-12-31", "9999-12-30"];
const AMOUNTS: [&str; 8] = ["", "0", "1.5", "1.50", "-0.25", "12345678901234.1234567", "100", "99.99"];
const SPANS: [&str; 4] = ["", "1970-01-01 00:00:00", "1970-01-02 03:04:05", "1969-12-31 23:00:00"];

pub(crate) fn id(at: usize) -> String {
    let spread = (at as u128).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
    format!("{spread:032x}")
}

/// The administrator sees everything; the reader sees some of the records, and in none of them `u_secret`.
pub(crate) fn simulator(records: usize) -> Simulator {
    let table = Table::new(NAME, "Sample")
        .column("u_text", ColumnType::Text)
        .column("u_count", ColumnType::Integer)
        .column("u_flag", ColumnType::Boolean)
        .column("u_when", ColumnType::DateTime)
        .column("u_day", ColumnType::Date)
        .column("u_amount", ColumnType::Decimal)
        .column("u_span", ColumnType::Duration)
        .column("u_owner", ColumnType::Reference("sys_user".into()))
        .column("u_note", ColumnType::Text)
        .column("u_secret", ColumnType::Integer);
    let hidden = |query: &str| Rule::HideRows { table: NAME.into(), query: query.into() };
    let mut builder = Simulator::builder()
        .without_demo_data()
        .user("admin", "secret")
        .user_with(User::new("reader", "secret"))
        .table(table)
        .rule(hidden("u_count=3^ORu_textSTARTSWITHbeta"))
        .rule(Rule::HideField { table: NAME.into(), field: "u_secret".into() });
    let mut dice = Dice::new(7);
    for at in 0..records {
        let id = id(at);
        let fields = [
            ("sys_id", id.as_str()),
            ("u_text", dice.pick(&TEXTS)),
            ("u_count", dice.pick(&COUNTS)),
            ("u_flag", dice.pick(&["", "true", "false"])),
            ("u_when", dice.pick(&TIMES)),
            ("u_day", dice.pick(&DAYS)),
            ("u_amount", dice.pick(&AMOUNTS)),
            ("u_span", dice.pick(&SPANS)),
            ("u_owner", dice.pick(&["", OWNERS[0], OWNERS[1], OWNERS[2]])),
            ("u_note", dice.pick(&TEXTS)),
            ("u_secret", dice.pick(&COUNTS)),
        ];
        builder = builder.row(NAME, fields);
    }
    builder.build().unwrap()
}

/// The columns, by the dictionary, which the administrator may read.
pub(crate) async fn columns(admin: &Client) -> Columns {
    let schema = admin.schema().table(NAME).await.unwrap();
    Columns::new(&schema, FIELDS, References::Id).unwrap()
}
