//! How random values of records are made: those that fit the type of a field, and those that do not.

use super::dictionary::{Column, Kind, Table};
use super::world::{CITIES, COUNTRIES};
use super::writing::{Draft, Form, Input};
use proptest::prelude::*;
use proptest::sample::select;

pub(crate) const TEXTS: &[&str] = &[
    "alpha",
    "ALPHA",
    "Beta",
    "gamma ray",
    "delta^x",
    "a",
    "k-1",
    "é & 100%",
    "x=1+2",
    "Rex",
    "open",
    "one",
];
pub(crate) const TIMES: &[&str] =
    &["2026-01-01 00:00:00", "2026-06-26 20:00:00", "2026-06-26 19:40:00", "2031-12-31 23:59:59"];
pub(crate) const DAYS: &[&str] = &["2026-01-01", "2026-06-26", "2026-06-27"];

pub(crate) fn drafts(of: &'static Table) -> BoxedStrategy<Draft> {
    // A sys_id counts in a POST, and is given on purpose there (`Own`).
    let columns = of.columns().into_iter().filter(|column| column.name != "sys_id");
    let values: Vec<_> =
        columns.map(|column| inputs(column).prop_map(|input| (column.name, input))).collect();
    let unknown = select(TEXTS).prop_map(|text| ("nope", Input::Text(text)));
    let value = prop_oneof![12 => prop::strategy::Union::new(values), 1 => unknown];
    let form = prop_oneof![
        12 => Just(Form::Object),
        1 => Just(Form::Several),
        1 => Just(Form::SingleQuotes),
        1 => Just(Form::Nothing),
        1 => Just(Form::Broken),
    ];
    (prop::collection::vec(value, 0..6), form)
        .prop_map(|(mut values, form)| {
            // Which of the two states rules if both are given is not known.
            if values.iter().any(|(name, _)| *name == "state") {
                values.retain(|(name, _)| *name != "incident_state");
            }
            Draft { values, form }
        })
        .boxed()
}

fn inputs(column: &'static Column) -> BoxedStrategy<Input> {
    let text = |texts: &'static [&'static str]| select(texts).prop_map(Input::Text);
    let meant = |values: &'static [&'static str]| select(values).prop_map(Input::Meant);
    let empty = || select(vec![Input::Text(""), Input::Null]);
    match column.kind {
        Kind::Text => prop_oneof![
            6 => text(TEXTS),
            1 => (-50..50_i64).prop_map(Input::Number),
            1 => any::<bool>().prop_map(Input::Flag),
            1 => select(&["{\"a\":[1,null]}", "[\"x\"]"][..]).prop_map(Input::Nested),
            1 => empty(),
        ]
        .boxed(),
        Kind::Cut(_) => prop_oneof![text(&["k-1", "éäöüß", "longer than five", "éäöüßé"]), empty()].boxed(),
        Kind::Integer => {
            prop_oneof![6 => (-50..50_i64).prop_map(Input::Number), 3 => text(&["3", "10", "many", "4 dogs"]), 1 => empty()].boxed()
        }
        Kind::Decimal => prop_oneof![6 => text(&["3", "10.5", "-0.25", "free"]), 1 => empty()].boxed(),
        Kind::Boolean => {
            prop_oneof![4 => any::<bool>().prop_map(Input::Flag), 2 => text(&["true", "false", "maybe", "1", "0"]), 1 => empty()].boxed()
        }
        Kind::DateTime => {
            let loose = select(vec![
                Input::Loose("2024-12-31", "2024-12-31 00:00:00"),
                Input::Loose("2024-12-31T10:11:12", "2024-12-31 10:11:12"),
            ]);
            prop_oneof![6 => meant(TIMES), 3 => loose, 1 => empty()].boxed()
        }
        Kind::Date => prop_oneof![6 => meant(DAYS), 1 => empty()].boxed(),
        Kind::Duration => {
            prop_oneof![3 => text(&["1970-01-01 00:00:06", "1970-01-03 02:00:21", "1970-01-01 00:05:00"]), 1 => empty()].boxed()
        }
        Kind::Journal => prop_oneof![3 => text(&["looked at it", "mended"]), 1 => Just(Input::Text(""))].boxed(),
        Kind::Reference("u_country") => {
            prop_oneof![6 => meant(&[COUNTRIES[0].0, COUNTRIES[1].0]), 1 => empty()].boxed()
        }
        Kind::Reference(_) => {
            prop_oneof![6 => meant(&[CITIES[0].0, CITIES[1].0, CITIES[2].0]), 1 => empty()].boxed()
        }
        Kind::List(_) => prop_oneof![
            3 => meant(&["d0000000000000000000000000000001", "d0000000000000000000000000000002,someone@example.com"]),
            1 => empty()
        ]
        .boxed(),
        Kind::Choice(_, choices) => {
            let values: Vec<&'static str> = choices.iter().map(|(value, _)| *value).collect();
            let odd = select(vec![Input::Text("no such choice"), Input::Text("")]);
            prop_oneof![6 => select(values).prop_map(Input::Meant), 2 => odd].boxed()
        }
        // Ignored, whatever is given.
        Kind::Id | Kind::Class => text(TEXTS).boxed(),
    }
}
