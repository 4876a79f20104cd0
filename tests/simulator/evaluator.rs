//! The query evaluator agrees with an independent, naive one.

use crate::{builder, get};
use proptest::prelude::*;
use snow_sim::{ColumnType, Simulator, Table};

const NAMES: [&str; 6] = ["", "a", "B", "ab", "b a", "10"];
const SIZES: [&str; 5] = ["", "0", "2", "10", "-3"];

/// One row: a name and a size.
type Row = (usize, usize);

#[derive(Clone, Debug)]
enum Condition {
    Name(&'static str, &'static str),
    Size(&'static str, i64),
    Names(&'static str, Vec<&'static str>),
    Empty(&'static str, bool),
}

impl Condition {
    fn text(&self) -> String {
        match self {
            Self::Name(operator, value) => format!("u_name{operator}{value}"),
            Self::Size(operator, value) => format!("u_size{operator}{value}"),
            Self::Names(operator, values) => format!("u_name{operator}{}", values.join(",")),
            Self::Empty(field, empty) => format!("{field}{}", if *empty { "ISEMPTY" } else { "ISNOTEMPTY" }),
        }
    }

    /// What the facts say, in the plainest words.
    fn holds(&self, row: Row) -> bool {
        let (name, size) = (NAMES[row.0].to_lowercase(), SIZES[row.1]);
        match self {
            Self::Name("=", value) => name == value.to_lowercase(),
            Self::Name("!=", value) => !name.is_empty() && name != value.to_lowercase(),
            Self::Name("LIKE", value) => name.contains(&value.to_lowercase()),
            Self::Name("NOT LIKE", value) => !name.is_empty() && !name.contains(&value.to_lowercase()),
            Self::Name("STARTSWITH", value) => name.starts_with(&value.to_lowercase()),
            Self::Name(_, value) => name.ends_with(&value.to_lowercase()),
            Self::Names("IN", values) => values.iter().any(|value| value.to_lowercase() == name),
            Self::Names(_, values) => {
                !name.is_empty() && values.iter().all(|value| value.to_lowercase() != name)
            }
            Self::Empty("u_name", empty) => name.is_empty() == *empty,
            Self::Empty(_, empty) => size.is_empty() == *empty,
            Self::Size(operator, value) => {
                let Ok(size) = size.parse::<i64>() else { return false };
                match *operator {
                    "<" => size < *value,
                    "<=" => size <= *value,
                    ">" => size > *value,
                    _ => size >= *value,
                }
            }
        }
    }
}

fn condition() -> impl Strategy<Value = Condition> {
    let name = prop::sample::select(&NAMES[1..]);
    let operator = prop::sample::select(&["=", "!=", "LIKE", "NOT LIKE", "STARTSWITH", "ENDSWITH"][..]);
    prop_oneof![
        (operator, name.clone()).prop_map(|(operator, value)| Condition::Name(operator, value)),
        (prop::sample::select(&["<", "<=", ">", ">="][..]), -4..12_i64)
            .prop_map(|(operator, value)| Condition::Size(operator, value)),
        (prop::sample::select(&["IN", "NOT IN"][..]), prop::collection::vec(name, 1..3))
            .prop_map(|(o, values)| Condition::Names(o, values)),
        (prop::sample::select(&["u_name", "u_size"][..]), any::<bool>())
            .prop_map(|(field, empty)| Condition::Empty(field, empty)),
    ]
}

/// Groups of conjunctions of alternatives.
fn query() -> impl Strategy<Value = Vec<Vec<Vec<Condition>>>> {
    let alternatives = prop::collection::vec(condition(), 1..4);
    prop::collection::vec(prop::collection::vec(alternatives, 1..4), 1..4)
}

fn text(query: &[Vec<Vec<Condition>>]) -> String {
    let any = |any: &Vec<Condition>| any.iter().map(Condition::text).collect::<Vec<_>>().join("^OR");
    let group = |group: &Vec<Vec<Condition>>| group.iter().map(any).collect::<Vec<_>>().join("^");
    query.iter().map(group).collect::<Vec<_>>().join("^NQ")
}

fn simulator(rows: &[Row]) -> Simulator {
    let table = Table::new("u_thing", "Thing")
        .column("u_name", ColumnType::Text)
        .column("u_size", ColumnType::Integer);
    let builder = builder().without_demo_data().table(table);
    let add = |builder: snow_sim::Builder, (at, row): (usize, &Row)| {
        builder.row(
            "u_thing",
            [("sys_id", format!("{at:032}").as_str()), ("u_name", NAMES[row.0]), ("u_size", SIZES[row.1])],
        )
    };
    rows.iter().enumerate().fold(builder, add).build().unwrap()
}

#[test]
fn selects_the_rows_that_a_naive_evaluator_selects() {
    let rows: Vec<Row> =
        (0..NAMES.len()).flat_map(|name| (0..SIZES.len()).map(move |size| (name, size))).collect();
    let (simulator, runtime) =
        (simulator(&rows), tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());
    let config = ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(query in query())| {
        let naive = |row: &Row| query.iter().any(|group| group.iter().all(|any| any.iter().any(|one| one.holds(*row))));
        let expected: Vec<String> = rows.iter().enumerate().filter(|(_, row)| naive(row)).map(|(at, _)| format!("{at:032}")).collect();
        let path = format!("/api/now/table/u_thing?sysparm_fields=sys_id&sysparm_query={}", text(&query));
        let got = runtime.block_on(get(&simulator, &path));
        prop_assert_eq!(got.column("sys_id"), expected, "{}", text(&query));
    });
}
